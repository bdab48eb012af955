"""The queries of the previous release, run against the current schema."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from quantumtask.shared.database.base import Row
from quantumtask.shared.database.connect import connect_database
from quantumtask.shared.settings import Settings

RELEASED = Path(__file__).parents[1] / "store" / "released"


class PreviousRelease:
    """The statements of the previous release, run against the current schema."""

    def __init__(self, settings: Settings) -> None:
        version = max(int(folder.name) for folder in RELEASED.iterdir())
        self._database = connect_database(settings)
        names = ("queries.sql", "postgresql.sql")[: 2 if settings.database else 1]
        texts: dict[str, str] = {}
        for name in names:
            text = (RELEASED / str(version) / name).read_text()
            _, *parts = re.split(r"^-- name: (\S+)\n", text, flags=re.MULTILINE)
            texts |= zip(parts[::2], parts[1::2], strict=True)
        self._texts = {name: self._database.translate(text) for name, text in texts.items()}
        self.unused = set(texts)

    def rows(self, name: str, /, **values: Any) -> list[Row]:
        self.unused.discard(name)
        return self._database.rows(self._texts[name], values)

    def each(self, name: str, *values: Mapping[str, Any]) -> list[Row]:
        self.unused.discard(name)
        return self._database.rows_of_each(self._texts[name], values)

    def record(self, move: str, rows: Sequence[Row], worker: str | None = None) -> None:
        for sequence, state, attempt, *_ in rows:
            line = {"sequence": sequence, "state": state, "attempt": attempt}
            self.each("record", {**line, "move": move, "worker": worker})

    def submit(self, *ids: str) -> None:
        for task_id in ids:
            task = {"id": task_id, "shots": 1, "seed": None, "memory": 0, "timeout_s": 600.0}
            options = {"engine": None, "method": None, "name": "old", "tags": '["a"]'}
            with self._database.transaction():
                rows = self.each("insert", {**task, **options, "cost_ms": 1.0})
                self.record("submit", rows)
                [[sequence, *_]] = rows
                self.each("insert_circuit", {"sequence": sequence, "circuit": b"x"})
                self.each("insert_parameters", {"sequence": sequence, "parameters": "{}"})
                self.each("insert_tag", {"sequence": sequence, "tag": "a"})

    def claim(self, budget_ms: float = 50, lease_s: float = 30) -> dict[str, int]:
        """Ids of what it took, with their attempts."""
        with self._database.transaction():
            rows = self.rows("claim", worker="before", lease_s=lease_s, budget_ms=budget_ms)
            self.record("claim", rows, "before")
            texts = self.rows("read_circuits", sequences=[row[0] for row in rows])
        assert len(texts) == len(rows)
        return {row[3]: row[2] for row in rows}

    def move(self, name: str, /, **values: Any) -> list[Row]:
        with self._database.transaction():
            rows = self.rows(name, **values)
            self.record(name.partition(".")[0], rows)
        return rows

    def complete(self, task_id: str, attempt: int) -> list[Row]:
        done = {"id": task_id, "attempt": attempt, "result": '{"0": 1}', "report": REPORT}
        with self._database.transaction():
            rows = self.each("complete", {**done, "result_memory": None, "result_outputs": None})
            self.record("complete", rows, "before")
        return rows

    def close(self) -> None:
        self._database.close()


REPORT = (
    '{"seed": 7, "engine": "aer", "engine_version": "1", "method": "x", "run_ms": 1.5, '
    '"warnings": [], "precision": null, "reason": null}'
)
