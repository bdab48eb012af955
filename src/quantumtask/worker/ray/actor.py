"""What runs inside a Ray actor: one slot of its node. It knows nothing of Ray.

Circuits run in a child of the actor, the same as on a machine without Ray: so it is the child that
has the limits, and killing it leaves the actor warm.
"""

import json
import os
import pickle
import sys
from dataclasses import replace
from multiprocessing import forkserver
from typing import Any

from quantumtask.shared.settings import MIB, PREFIX, Settings
from quantumtask.shared.task import Assignment, Failure
from quantumtask.version import __version__
from quantumtask.worker.analysis.messages import Kind, Question
from quantumtask.worker.analysis.pool import Respondent
from quantumtask.worker.outcome import Outcome, encode
from quantumtask.worker.slots.slot import Slot

Said = tuple[str, int, str, dict[str, Any]]
"""A verdict as it travels: the task, its attempt, and what `encode` made of it."""


class Host:
    """A slot. `run` is called from one thread, `kill` meanwhile from another."""

    def __init__(self, settings: Settings, threads: int) -> None:
        self._settings = settings
        self._early: list[Outcome] = []
        self._slot = Slot(settings, threads, self._early.extend)
        _be_nobody()
        forkserver.ensure_running()  # in the main thread: it dies with the one that started it

    def ready(self) -> str:
        """Returns once the slot is warm: the version of what it runs."""
        self._slot.warm()
        return __version__

    def run(self, chunk: bytes) -> tuple[bytes, bytes]:
        """Runs a pickled list of Assignments: verdicts, and apart those that lack memory.

        Both are JSON arrays. What is in neither did not finish, through no fault of its own.
        """
        self._early.clear()
        self._slot.assign(pickle.loads(chunk))
        last = self._slot.run()
        said = [_said(outcome) for outcome in (*self._early, *last) if outcome.verdict]
        large = [one for one in said if one[3].get("code") == "out_of_memory"]
        return _json([one for one in said if one not in large]), _json(large)

    def kill(self, task_id: str, attempt: int, why: str) -> None:
        """Kills the child if it has this attempt at a task."""
        self._slot.kill(task_id, attempt, why)

    def weigh(self, task: Assignment, verdict: bytes, most: int) -> tuple[int, bytes]:
        """How many bytes a slot must have for a task that got this verdict: see `run`.

        0 if that is more than `most`, which no node has, and the verdict that tells so.
        """
        from quantumtask.engines.limits import (  # the bridge does without
            RESERVED_BYTES,
            format_bytes,
        )

        respondent = Respondent(replace(self._settings, slot_memory_mb=most // MIB))
        try:
            finding = respondent.answer(Question(Kind.ESTIMATE, task.spec))
        finally:
            respondent.close()
        if finding.good:
            return -(-(finding.content["memory_bytes"] + RESERVED_BYTES) // MIB) * MIB, verdict
        [[_, _, _, failure]] = json.loads(verdict)
        largest = format_bytes(most)
        message = f"{failure['message']}. No node of the cluster has more than {largest} for it"
        return 0, failed(task, Failure("out_of_memory", message))


def failed(assignment: Assignment, failure: Failure) -> bytes:
    """One failure as `Host.run` says it."""
    return _json([_said(Outcome(assignment, failure))])


def _said(outcome: Outcome) -> Said:
    assert outcome.verdict is not None
    return outcome.assignment.id, outcome.assignment.attempt, *encode(outcome.verdict)


def _json(said: list[Said]) -> bytes:
    return json.dumps(said).encode()


def _be_nobody() -> None:
    """Leaves the child neither our settings nor the main module of the process that we are in.

    A child would import that module, and with it all of Ray.
    """
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # see `worker.main.serve`
    vars(sys.modules["__main__"]).pop("__file__", None)
