"""Simple implementation of the same HTTP contract, as the baseline of the benchmarks.

The worker has a thread pool and runs `qasm3.loads` and a new `AerSimulator` for every task. Every
call opens a database connection, and the API posts the whole submission to the worker. The
applications are `api` and `worker`; the variables PLAIN_DB and PLAIN_WORKER name the
database and the URL of the worker.
"""

import asyncio
import json
import os
import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

DATABASE = os.environ["PLAIN_DB"]
WORKER = os.environ["PLAIN_WORKER"]

api, worker = FastAPI(), FastAPI()
client = httpx.AsyncClient()
pool = ThreadPoolExecutor(4)
ringing: set[asyncio.Task[None]] = set()


class Submission(BaseModel):
    circuit: str


class Ring(BaseModel):
    task_id: str


def execute(statement: str, *values: object) -> Any:
    with sqlite3.connect(DATABASE, timeout=30) as connection:
        return connection.execute(statement, values).fetchone()


def prepare() -> None:
    execute("PRAGMA journal_mode=WAL")
    execute(
        "CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, circuit, status, result, error)"
    )


@api.post("/tasks")
async def submit(body: Submission) -> dict[str, str]:
    if not body.circuit.strip():
        raise HTTPException(400, "empty circuit")
    task_id = str(uuid.uuid4())
    execute("INSERT INTO tasks VALUES (?, ?, 'submitted', NULL, NULL)", task_id, body.circuit)
    ring = asyncio.create_task(notify(task_id))
    ringing.add(ring)
    ring.add_done_callback(ringing.discard)
    return {"task_id": task_id, "status": "submitted"}


async def notify(task_id: str) -> None:
    try:
        await client.post(f"{WORKER}/execute", json={"task_id": task_id}, timeout=30)
    except httpx.HTTPError as error:
        execute("UPDATE tasks SET status='failed', error=? WHERE id=?", str(error), task_id)


@api.get("/tasks/{task_id}")
async def get(task_id: str) -> dict[str, Any]:
    row = execute("SELECT status, result, error FROM tasks WHERE id=?", task_id)
    if row is None:
        raise HTTPException(404, "task not found")
    status, result, error = row
    answer: dict[str, Any] = {"task_id": task_id, "status": status}
    if status == "completed":
        return {**answer, "result": json.loads(result)}
    if status == "failed":
        return {**answer, "error": error}
    return {**answer, "status": "pending"}


@worker.post("/execute")
async def accept(body: Ring) -> dict[str, bool]:
    pool.submit(run, body.task_id)
    return {"accepted": True}


def run(task_id: str) -> None:
    from qiskit import qasm3
    from qiskit_aer import AerSimulator

    execute("UPDATE tasks SET status='running' WHERE id=?", task_id)
    try:
        (text,) = execute("SELECT circuit FROM tasks WHERE id=?", task_id)
        counts = AerSimulator().run(qasm3.loads(text), shots=1024).result().get_counts()
    except Exception as error:
        execute("UPDATE tasks SET status='failed', error=? WHERE id=?", str(error), task_id)
    else:
        done = json.dumps(counts)
        execute("UPDATE tasks SET status='completed', result=? WHERE id=?", done, task_id)
