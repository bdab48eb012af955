"""A child that runs hostile programs as a slot of the service does, and checks their outcomes."""

from collections.abc import Sequence

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, Result, TaskSpec
from quantumtask.worker.outcome import AttemptOutcome, Value
from quantumtask.worker.slots.slot import Slot

SETTINGS = Settings(slot_memory_mb=1024)
RAN = "ran"

NEVER = frozenset({"engine_error", "worker_crashed", "compile_timeout", "timeout"})
"""Codes that say that something went wrong on our side."""

NO_LINE = frozenset({"result_too_large", "engine_refused"})
"""Codes of what is found once the whole program has been read."""


class Child:
    """One killable process with the limits of a slot."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self._slot = Slot(settings, 1)
        self._values: dict[str, Value | None] = {}

    def _record(self, outcomes: list[AttemptOutcome]) -> None:
        self._values.update({o.assignment.id: o.value for o in outcomes})

    def run(
        self, texts: Sequence[str], *, shots: int = 20, parameters: str | None = None
    ) -> list[Result | Failure]:
        """Return the value of each outcome; tasks of a broken chunk are run again alone."""
        self._values = {}
        specs = [
            TaskSpec(text, shots=shots, seed=7, parameters=parameters, timeout_s=60.0)
            for text in texts
        ]
        tasks = [Assignment(str(k), 1, "test", 0, 0.0, spec) for k, spec in enumerate(specs)]
        self._assign(tasks)
        for task in tasks:
            if self._values.get(task.id) is None:
                self._assign([task])
        outcomes = [self._values[task.id] for task in tasks]
        return [outcome for outcome in outcomes if isinstance(outcome, Result | Failure)]

    def _assign(self, tasks: list[Assignment]) -> None:
        self._slot.assign(tasks)
        for message in self._slot.run():
            self._record(message.outcomes)

    def stop(self) -> None:
        self._slot.stop()


def check(text: str, outcome: Result | Failure) -> str:
    """Return the code of an outcome, which must name a line and be no fault of the service."""
    if isinstance(outcome, Result):
        return RAN
    assert outcome.code not in NEVER, f"{outcome}\n{text[:3000]}"
    assert len(outcome.message) < 400, outcome.message
    assert outcome.code in NO_LINE or outcome.problems, outcome
    height = text.count("\n") + text.count("\r") + 1
    for problem in outcome.problems:
        assert problem.line is not None
        assert 1 <= problem.line <= height
    return outcome.code
