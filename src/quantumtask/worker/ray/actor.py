"""The actor of a slot on a Ray node; this file does not import Ray.

Circuits run in a child process of the actor, as on a machine without Ray. So the limits are those
of the child, and a killed child leaves the actor warm.
"""

import json
import os
import pickle
import sys
from dataclasses import replace
from multiprocessing import forkserver

from quantumtask.shared.processes import limit_library_threads
from quantumtask.shared.settings import MIB, PREFIX, Settings
from quantumtask.shared.task import Assignment, Failure, FailureCode
from quantumtask.version import __version__
from quantumtask.worker.analysis.messages import AnalysisKind, AnalysisRequest
from quantumtask.worker.analysis.process import AnalysisProcess
from quantumtask.worker.outcome import AttemptOutcome
from quantumtask.worker.progress import encode_progress
from quantumtask.worker.ray.messages import MemoryEstimate, RunReply, encode_outcome_list
from quantumtask.worker.slots.slot import Slot


class SlotActor:
    """A slot on a node. While one thread is in `run`, another may call `kill` and `progress`."""

    def __init__(self, settings: Settings, threads: int) -> None:
        self._settings = settings
        self._slot = Slot(settings, threads)
        _isolate_environment(threads)
        # In the main thread: the fork server dies with the thread that started it.
        forkserver.ensure_running()

    def ready(self) -> str:
        """Start the child of the slot; return the version of this package on the node."""
        self._slot.warm()
        return __version__

    def run(self, chunk: bytes) -> RunReply:
        """Run a pickled list of assignments."""
        self._slot.assign(pickle.loads(chunk))
        arrays: list[bytes] = []
        out_of_memory: AttemptOutcome | None = None
        for message in self._slot.run():
            failure = next(filter(_is_out_of_memory, message.outcomes), None)
            if failure and not out_of_memory:
                out_of_memory = failure
                others = [each for each in message.outcomes if each is not failure]
                arrays.append(encode_outcome_list(others))
            else:
                arrays.append(message.data or encode_outcome_list(message.outcomes))
        return RunReply(arrays, encode_outcome_list([out_of_memory]) if out_of_memory else b"")

    def progress(self) -> bytes:
        """Return the progress of the task that runs, as a JSON object; empty if it is not known."""
        progress = self._slot.progress
        return encode_progress(progress) if progress else b""

    def kill(self, task_id: str, attempt: int, reason: str) -> None:
        """Kill the child if it has this attempt at a task."""
        self._slot.kill(task_id, attempt, reason)

    def estimate_memory(self, task: Assignment, failure: bytes, max_bytes: int) -> MemoryEstimate:
        """Return the memory that a slot needs for a task that ran out of memory here.

        Args:
            task: The task.
            failure: A JSON array with the failure of the task.
            max_bytes: The largest memory of a node.
        """
        # Imported here: the driver does not need the engines.
        from quantumtask.engines.limits import RESERVED_BYTES, format_bytes

        analysis = AnalysisProcess(replace(self._settings, slot_memory_mb=max_bytes // MIB))
        try:
            response = analysis.analyze(AnalysisRequest(AnalysisKind.ESTIMATE, task.spec))
        finally:
            analysis.close()
        if response.ok:
            mebibytes = -(-(response.body["memory_bytes"] + RESERVED_BYTES) // MIB)
            return MemoryEstimate(mebibytes * MIB, failure)
        [[_, _, _, fields]] = json.loads(failure)
        limit = format_bytes(max_bytes)
        message = (
            f"{fields['message'].rstrip('.')}. No node of the cluster has more than {limit} for it"
        )
        too_large = Failure(FailureCode.OUT_OF_MEMORY, message)
        return MemoryEstimate(0, encode_outcome_list([AttemptOutcome(task, too_large)]))


def _is_out_of_memory(outcome: AttemptOutcome) -> bool:
    return isinstance(outcome.value, Failure) and outcome.value.is_out_of_memory


def _isolate_environment(threads: int) -> None:
    """Remove our settings and the path of the main module, so that no child gets them.

    A child would import the main module, and with it all of Ray.
    """
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    limit_library_threads(threads)
    vars(sys.modules["__main__"]).pop("__file__", None)
