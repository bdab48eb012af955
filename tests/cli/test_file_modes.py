"""Modes of files: what services create is private, and the doctor reports what is not."""

import os
from collections.abc import Callable
from pathlib import Path

from quantumtask.cli.doctor import file_modes
from quantumtask.cli.doctor.check_result import Level
from quantumtask.shared.settings import Settings
from tests.support.services import Service


def test_files_of_a_service_are_for_its_user_alone(start: Callable[..., Service]) -> None:
    service = start(slots=1)
    service.run()
    data = service.folder / "data"
    modes = {each.name: each.stat().st_mode & 0o777 for each in (data, *data.iterdir())}
    assert {"data", "quantumtask.db", "quantumtask.db-wal"} <= set(modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
    [result] = file_modes.check(service.settings)
    assert result.level is Level.OK


def test_the_doctor_reports_files_that_others_may_read(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    modes = {"": 0o755, "quantumtask.db": 0o644, "quantumtask.db-wal": 0o600, "logs/api.log": 0o640}
    for name, mode in modes.items():
        file = tmp_path / name
        if name:
            file.touch()
        file.chmod(mode)
    results = list(file_modes.check(Settings(data_dir=tmp_path)))
    assert [result.level for result in results] == [Level.WARNING] * 3
    assert [result.advice for result in results] == [
        f"Run chmod 700 {tmp_path}",
        f"Run chmod 600 {tmp_path / 'quantumtask.db'}",
        f"Run chmod 600 {tmp_path / 'logs/api.log'}",
    ]
    for result in results:
        os.system(result.advice.removeprefix("Run "))
    assert [each.level for each in file_modes.check(Settings(data_dir=tmp_path))] == [Level.OK]


def test_a_folder_that_does_not_exist_has_no_modes(tmp_path: Path) -> None:
    assert list(file_modes.check(Settings(data_dir=tmp_path / "data"))) == []
