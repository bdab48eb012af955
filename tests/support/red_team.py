"""A worker whose slots run the payload: `python -m tests.support.red_team FOLDER MUTANT...`.

Prints, as JSON, mutant -> the attempts that succeeded. The mutant "none" has the whole sandbox.
With "environment", the first one, the fork server gets the environment of the worker.
"""

import json
import os
import socket
import sys
import threading
from pathlib import Path

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, TaskSpec
from quantumtask.worker.outcome import AttemptOutcome
from quantumtask.worker.sandbox import environment as reduced
from quantumtask.worker.slots.executor import LocalExecutor
from tests.support.attacks import PAYLOAD


def run_payload(settings: Settings, target: dict[str, object], name: str) -> Failure:
    """Run the payload in a slot of its own and return its failure, which is its report."""
    outcomes: list[AttemptOutcome] = []
    ended = threading.Event()

    def report(reported: list[AttemptOutcome]) -> None:
        outcomes.extend(reported)
        ended.set()

    executor = LocalExecutor(settings, report, lambda _: ended.set())
    executor.warm()
    spec = TaskSpec(PAYLOAD + json.dumps(target), name=name)
    executor.submit([Assignment("payload", 1, "worker", 0, 1.0, spec)])
    ended.wait()
    executor.stop()
    [outcome] = outcomes
    assert isinstance(outcome.value, Failure), outcome
    return outcome.value


def main() -> None:
    folder, mutants = Path(sys.argv[1]), sys.argv[2:]
    if mutants[0] == "environment":
        reduced.child_environment = lambda environment: {**environment}
    for name in ("quantumtask.db", "bait"):
        (folder / name).write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        target = {"worker": os.getpid(), "folder": str(folder), "port": port}
        report: dict[str, object] = {}
        for mutant in mutants:
            settings = Settings(data_dir=folder, slots=1, slot_memory_mb=512, worker_url=mutant)
            failure = run_payload(settings, target, mutant)
            is_report = failure.code == "payload"
            report[mutant] = json.loads(failure.message) if is_report else failure.message
    print(json.dumps(report))


if __name__ == "__main__":
    main()
