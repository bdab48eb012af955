"""The same HTTP contract with FastAPI, Celery and Redis, as a peer of the benchmarks.

The tasks are acknowledged late and return to the queue when their process is lost. A process of
the worker reads texts with `qasm3.loads` and keeps one `AerSimulator`. The applications are `api`
(for uvicorn) and `queue` (for `celery worker`); the variable CELERY_REDIS is the URL of the server,
CELERY_VISIBILITY_S the seconds after which Redis returns the tasks of a worker that died.
"""

import os
import uuid
from typing import Annotated, Any

from celery import Celery
from celery.signals import worker_process_init
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, StringConstraints
from redis import Redis

URL = os.environ["CELERY_REDIS"]
VISIBILITY_S = int(os.environ.get("CELERY_VISIBILITY_S", "3600"))
EXPIRES_S = 86_400

api = FastAPI()
queue = Celery("circuits", broker=f"{URL}/0", backend=f"{URL}/1")
queue.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_concurrency=2,
    worker_prefetch_multiplier=1,
    broker_transport_options={"visibility_timeout": VISIBILITY_S, "unacked_restore_throttle": 1},
    result_expires=EXPIRES_S,
)
known = Redis.from_url(f"{URL}/2")
"""Ids of all tasks: for Celery, an unknown id is a waiting task."""

simulator: Any = None


class Submission(BaseModel):
    circuit: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


@api.post("/tasks")
def submit(body: Submission) -> dict[str, str]:
    task_id = str(uuid.uuid4())
    known.set(task_id, b"", ex=EXPIRES_S)
    run.apply_async((body.circuit,), task_id=task_id)
    return {"task_id": task_id, "status": "submitted"}


@api.get("/tasks/{task_id}")
def get(task_id: str) -> dict[str, Any]:
    meta = queue.backend.get_task_meta(task_id)
    answer: dict[str, Any] = {"task_id": task_id}
    if meta["status"] == "SUCCESS":
        return {**answer, "status": "completed", "result": meta["result"]}
    if meta["status"] == "FAILURE":
        return {**answer, "status": "failed", "error": str(meta["result"])}
    if not known.exists(task_id):
        raise HTTPException(404, "task not found")
    return {**answer, "status": "pending"}


@worker_process_init.connect
def prepare(**_: object) -> None:
    """Import what a task needs, and make the simulator of this process."""
    global simulator
    from qiskit import qasm3  # noqa: F401
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(max_parallel_threads=1)


@queue.task(name="run")
def run(circuit: str) -> dict[str, int]:
    from qiskit import qasm3

    counts: dict[str, int] = simulator.run(qasm3.loads(circuit), shots=1024).result().get_counts()
    return counts
