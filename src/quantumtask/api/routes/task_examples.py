"""Example tasks of the OpenAPI document, rendered by the code of real responses."""

import json
from dataclasses import replace
from typing import Any

from quantumtask.api.serialization.task_json import (
    list_json,
    result_json,
    status_json,
    task_cancelled_json,
    task_json,
    task_submitted_json,
)
from quantumtask.shared.task import Failure, Problem, Result, StateChange, Task, TaskState
from quantumtask.shared.task_progress import TaskProgress

ID = "5f2c9f3e-8d0b-4c0e-9a4f-2f6f0b7f3c11"
WORKER = "0d3e2f7a"
SUBMITTED_AT = 1_795_378_923.123  # 2026-11-22T20:22:03.123Z


def _change(move: str, state: TaskState, after_s: float, attempt: int = 1) -> StateChange:
    worker = WORKER if attempt else None
    return StateChange(move, state, SUBMITTED_AT + after_s, attempt, worker)


_CLAIMED = (
    _change("submit", TaskState.SUBMITTED, 0.0, attempt=0),
    _change("claim", TaskState.RUNNING, 0.002),
)
_RESULT = Result(
    counts='{"00": 511, "11": 513}',
    memory=None,
    seed=1374,
    engine="lightning",
    engine_version="0.45.0",
    method="statevector",
    run_ms=1.9,
    precision="double",
    reason="the fastest state vector for 2 qubits",
)
PROBLEM = Problem(
    "unknown_gate", "unknown gate `frobnicate`", 5, 1, "frobnicate", end_line=5, end_column=11
)
RUNNING_TASK = Task(
    id=ID,
    sequence=41,
    state=TaskState.RUNNING,
    shots=1024,
    name="bell",
    tags=("demo",),
    owner="alice",
    submitted_at=SUBMITTED_AT,
    attempt=1,
    started_at=SUBMITTED_AT + 0.002,
    changes=_CLAIMED,
    progress=TaskProgress(0.42, 17.3),
)
COMPLETED_TASK = replace(
    RUNNING_TASK,
    progress=None,
    state=TaskState.COMPLETED,
    finished_at=SUBMITTED_AT + 0.006,
    changes=(*_CLAIMED, _change("complete", TaskState.COMPLETED, 0.006)),
    result=_RESULT,
)
_TASK_WITH_OUTPUTS = replace(
    COMPLETED_TASK,
    shots=4,
    parameters='{"theta": 0.3}',
    result=replace(_RESULT, counts='{"0": 3, "1": 1}', outputs='{"c": ["0", "0", "1", "0"]}'),
)
_FAILED_TASK = replace(
    COMPLETED_TASK,
    result=None,
    state=TaskState.FAILED,
    finished_at=SUBMITTED_AT + 0.006,
    changes=(*_CLAIMED, _change("fail", TaskState.FAILED, 0.006)),
    failure=Failure(PROBLEM.code, PROBLEM.sentence(), (PROBLEM,)),
)
_SWEEP_RESULT = replace(
    _RESULT,
    counts="[{}, {}, {}]",
    data=json.dumps(
        {
            "expectation_values": {
                "dtype": "float64",
                "shape": [3],
                "data": "AAAAAAAA8D8AAAAAAADgPwAAAAAAANC/",  # 1.0, 0.5, -0.25
            },
            "standard_errors": {
                "dtype": "float64",
                "shape": [3],
                "data": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            },
        }
    ),
    shape=(3,),
    registers=(("c", 2),),
)


def _task(task: Task) -> Any:
    return json.loads(task_json(task))


SUBMITTED = {
    "accepted": json.loads(task_submitted_json(ID)),
    "with wait": _task(COMPLETED_TASK),
}
TASK = {
    "completed": _task(COMPLETED_TASK),
    "completed with outputs": _task(_TASK_WITH_OUTPUTS),
    "pending": _task(RUNNING_TASK),
    "failed": _task(_FAILED_TASK),
    "with view=status": json.loads(status_json(COMPLETED_TASK)),
}
CANCELLED = {"cancelled": json.loads(task_cancelled_json(ID))}
LIST = {"page": json.loads(list_json([COMPLETED_TASK], limit=1))}
RESULT = {
    "counts": json.loads(result_json(COMPLETED_TASK, encoded=False)),
    "expectation values of a sweep": json.loads(
        result_json(replace(COMPLETED_TASK, result=_SWEEP_RESULT), encoded=False)
    ),
}
