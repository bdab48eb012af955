"""Databases as former releases wrote them."""

from importlib import resources

import apsw
import psycopg

from quantumtask.shared.database import postgresql, sqlite
from quantumtask.shared.settings import Settings


def read_script(name: str) -> str:
    return resources.files("quantumtask.shared.database").joinpath("sql", name).read_text()


def create_old_database(settings: Settings, version: int) -> None:
    """Create a schema of a former version, with a waiting, a completed and a failed task."""
    if settings.database:
        with psycopg.connect(settings.database) as server:
            for number, name in postgresql.MIGRATIONS.items():
                if number <= version:
                    server.execute(read_script(name).encode())
            server.execute(f"UPDATE schema_version SET version = {version}".encode())
            server.execute(OLD_TASKS.format(circuit="convert_to('qubit q;', 'UTF8')").encode())
    else:
        file = apsw.Connection(str(settings.database_file))
        for name in sqlite.MIGRATIONS[:version]:
            file.execute(read_script(name)).fetchall()
        file.execute(OLD_TASKS.format(circuit="CAST('qubit q;' AS BLOB)")).fetchall()
        file.pragma("user_version", version)
        file.close()


OLD_TASKS = """
INSERT INTO tasks (id, shots, memory, timeout_s, cost_ms, submitted_at)
VALUES ('waiting', 1, 0, 600, 1, 1000);
INSERT INTO tasks (id, state, shots, memory, timeout_s, cost_ms, submitted_at, finished_at, attempt,
                   result, report)
VALUES ('completed', 'completed', 1, 0, 600, 1, 1000, 1001, 1, '{{"0": 1}}',
        '{{"seed": 7, "engine": "aer", "engine_version": "1", "method": "x", "run_ms": 1.5,
          "warnings": []}}');
INSERT INTO tasks (id, state, shots, memory, timeout_s, cost_ms, submitted_at, finished_at, attempt,
                   failure_code, failure, problems)
VALUES ('failed', 'failed', 1, 0, 600, 1, 1000, 1001, 1, 'unknown_gate', 'unknown gate `x`',
        '[{{"code": "unknown_gate", "message": "unknown gate `x`", "line": 5, "column": 1,
           "token": "x", "hint": null}}]');
INSERT INTO circuits (sequence, circuit) SELECT sequence, {circuit} FROM tasks;
INSERT INTO changes (sequence, at, move, state, attempt)
SELECT sequence, 1000, 'submit', 'submitted', 0 FROM tasks;
"""
