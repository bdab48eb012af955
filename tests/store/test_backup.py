"""Backups are made while services run, and restored as docs/how-to/backup.md describes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission, TaskSpec
from tests.support import postgres
from tests.support.command_line import quantumtask
from tests.support.pages import page_commands
from tests.support.services import BELL, ENDLESS, Service, until
from tests.support.stores import FullStore

SOON: dict[str, Any] = {"slots": 1, "lease_s": 1.5, "renew_s": 0.3}
"""Settings with a short lease: the tasks of a worker that has ended run again soon."""


def shell(lines: list[str], folder: Path, **environment: str) -> str:
    """Run commands of the page, one after the other, in a folder."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("QUANTUMTASK_")}
    path = f"{Path(sys.executable).parent}:{postgres.PROGRAMS}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "\n".join(["set -euo pipefail", *lines])],
        cwd=folder,
        env={**clean, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def page(word: str) -> list[str]:
    """Return the commands of the page for one database."""
    every = page_commands("docs/how-to/backup.md", "console")
    first = next(n for n, line in enumerate(every) if line.startswith("pg_"))
    return every[:first] if word == "sqlite" else every[first:]


def a_busy_service(service: Service) -> tuple[dict[str, object], str, list[str]]:
    """Start a service with a completed task, a running one, and some that wait."""
    done = service.run(BELL, shots=100)
    running = service.submit(ENDLESS)
    service.running(running)
    return done, running, [service.submit(shots=10) for _ in range(3)]


def holds(service: Service, done: dict[str, object], running: str, waiting: list[str]) -> None:
    """Return True if the service has all these tasks; the unfinished ones end here."""
    assert service.get(str(done["task_id"])) == done
    until(lambda: service.get(running)["attempt"] == 2, 60, service.logs)
    assert service.http.post(f"/tasks/{running}/cancel").status_code == 200
    moves = [each["move"] for each in service.finished(running)["history"]]
    assert moves == ["submit", "claim", "release", "claim", "cancel"]
    assert [service.finished(each)["status"] for each in waiting] == ["completed"] * 3


@pytest.mark.slow_first
def test_a_copy_made_while_a_service_runs_is_restored_as_the_page_says(
    start: Callable[..., Service],
) -> None:
    service = start(**SOON)
    busy = a_busy_service(service)
    steps = page("sqlite")
    assert steps[0].startswith("quantumtask backup")
    output = shell([f"{steps[0]} --data-dir data"], service.folder)
    assert "bytes, checked" in output
    after = service.submit()
    service.stop()
    shell(steps[1:], service.folder)
    assert (service.folder / "damaged" / "quantumtask.db").exists()
    restored = Service(service.folder, **SOON).start()
    try:
        holds(restored, *busy)
        assert restored.http.get(f"/tasks/{after}").status_code == 404
    finally:
        restored.stop()


def test_a_dump_made_while_a_service_runs_is_restored_as_the_page_says(
    start: Callable[..., Service], tmp_path: Path
) -> None:
    server = postgres.Server("fsync=off").start()
    try:
        service = start(**SOON, database=server.url)
        busy = a_busy_service(service)
        steps = page("postgresql")
        shell(steps[:2], tmp_path, QUANTUMTASK_DATABASE=server.url)
        service.stop()
        new = server.url.removesuffix("/postgres") + "/restored"
        shell(steps[2:], tmp_path, POSTGRES_URL=server.url, RESTORED_URL=new)
        holds(start(**SOON, database=new), *busy)
    finally:
        server.remove()


def test_a_backup_has_the_rows_of_the_wal_and_is_a_single_file(
    tmp_path: Path,
) -> None:
    store = FullStore(Settings(data_dir=tmp_path / "data"))
    store.submit([Submission("t", TaskSpec("x"), 1.0)])
    assert (tmp_path / "data" / "quantumtask.db-wal").stat().st_size > 0
    target = tmp_path / "copies" / "quantumtask.db"
    target.parent.mkdir()
    done = quantumtask("backup", str(target), QUANTUMTASK_DATA_DIR=str(tmp_path / "data"))
    assert (done.returncode, done.stderr) == (0, "")
    assert [each.name for each in target.parent.iterdir()] == ["quantumtask.db"]
    store.submit([Submission("later", TaskSpec("x"), 1.0)])
    store.close()
    copy = FullStore(Settings(data_dir=target.parent))
    assert [task.id for task in copy.list_tasks(ALL_PROJECTS)] == ["t"]
    copy.close()


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    FullStore(Settings(data_dir=tmp_path)).close()
    (tmp_path / "kept").write_text("precious")
    done = quantumtask("backup", str(tmp_path / "kept"), "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert (tmp_path / "kept").read_text() == "precious"


def test_a_failed_backup_leaves_no_file_behind(tmp_path: Path) -> None:
    data, target = tmp_path / "data", tmp_path / "copy"
    missing = quantumtask("backup", str(target), "--data-dir", str(data))
    assert (missing.returncode, "QUANTUMTASK_DATA_DIR" in missing.stderr) == (1, True)
    FullStore(Settings(data_dir=data)).close()
    nowhere = quantumtask("backup", str(tmp_path / "no" / "copy"), "--data-dir", str(data))
    assert (nowhere.returncode, "Traceback" in nowhere.stderr) == (1, False)
    with (data / "quantumtask.db").open("r+b") as file:
        file.write(b"no database" * 1000)
    damaged = quantumtask("backup", str(target), "--data-dir", str(data))
    assert (damaged.returncode, "damaged" in damaged.stderr) == (1, True)
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def test_postgresql_is_left_to_its_own_programs() -> None:
    done = quantumtask("backup", "copy", QUANTUMTASK_DATABASE="postgresql://db/tasks")
    assert done.returncode == 2
    assert "pg_dump" in done.stderr


def test_a_backup_on_standard_output_is_the_whole_copy_and_nothing_stays_beside_the_database(
    tmp_path: Path,
) -> None:
    """A container has no other folder for it: `docker compose exec -T api quantumtask backup -`."""
    data = tmp_path / "data"
    store = FullStore(Settings(data_dir=data))
    store.submit([Submission("t", TaskSpec("x"), 1.0)])
    before = {each.name for each in data.iterdir()}
    target = tmp_path / "copy" / "quantumtask.db"
    target.parent.mkdir()
    output = shell([f"quantumtask backup - --data-dir {data} > {target}"], tmp_path)
    assert output == ""
    assert {each.name for each in data.iterdir()} == before
    store.close()
    copy = FullStore(Settings(data_dir=target.parent))
    assert [task.id for task in copy.list_tasks(ALL_PROJECTS)] == ["t"]
    copy.close()
