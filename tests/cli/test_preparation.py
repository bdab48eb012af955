"""`quantumtask up` says what it lacks before it starts a process: folder, disk, ports, logs."""

import os
from pathlib import Path

import pytest

from quantumtask.cli.supervisor import log_files
from quantumtask.cli.supervisor.folder_lock import FolderLock, FolderOwner
from quantumtask.cli.supervisor.preparation import (
    StartError,
    check_start,
    data_option,
    prepare_folder,
)
from quantumtask.shared.data_folder import DATA_FOLDER, data_folder
from quantumtask.shared.settings import Settings, load_settings
from tests.reliability.chaos.outages import DiskUnavailable, small_disk
from tests.support.command_line import quantumtask
from tests.support.services import free_port


def refusal(folder: Path, **more: str) -> str:
    ports = ["--port", str(free_port()), "--worker-port", str(free_port())]
    done = quantumtask("up", *ports, "--data-dir", str(folder), **more)
    assert (done.returncode, done.stdout) == (1, ""), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Choose another folder: quantumtask up --data-dir FOLDER" in done.stderr
    return done.stderr


def test_a_full_disk_is_named_with_the_space_that_is_needed() -> None:
    try:
        with small_disk(4) as folder:
            text = refusal(folder / "data")
    except DiskUnavailable as error:
        pytest.skip(f"no small disk: {error}")
    assert text.startswith(f"quantumtask: The disk of {folder}/data is full: 4.0 MiB are free, and")


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file/below"):
        assert "is a file, or below a file" in refusal(folder)


def test_a_folder_of_another_user_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:  # root may read and write every folder
        monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path / "data")
        monkeypatch.chdir(tmp_path)
    else:
        (tmp_path / "data/logs").mkdir(parents=True)
        (tmp_path / "data").chmod(0o500)
    with pytest.raises(StartError, match=r"data cannot be read and written by this user\. Choose"):
        prepare_folder(Settings(tmp_path / "data"))


def test_a_port_of_the_system_and_two_equal_ports_are_refused(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(StartError, match="need two different ports"):
        check_start(Settings(tmp_path, port=port, worker_port=port))
    with pytest.raises(StartError, match=r"'no\.such\.host' is not an address of this machine"):
        check_start(Settings(tmp_path, host="no.such.host", worker_port=port))


def test_a_lock_has_one_owner_and_ends_with_it(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    assert second.owner() is None
    owner = FolderOwner(1, "http://a", "http://b", "1.0.0", 5.0)
    assert first.take(owner)
    assert not second.take(owner)
    assert second.owner() == owner
    first.announce_ready()
    assert (ready_owner := second.owner()) and ready_owner.ready
    assert not second.wait_until_free(0)
    first.drop()
    assert second.owner() is None
    assert second.take(owner)
    second.drop()


def test_a_large_log_is_rotated_and_its_reader_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with log.open("a") as writer:
        reader = log_files.LogReader(log)
        for number in range(8):
            print(f"line {number}", file=writer, flush=True)
            assert [*reader.lines()] == [f"line {number}"]
            log_files.rotate(log, max_bytes=3)
            assert [*reader.lines()] == []
    logs = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert logs == {
        "api.log": "",
        **{f"api.log.{age}": f"line {8 - age}\n" for age in range(1, 6)},
    }
    log_files.rotate(tmp_path / "none.log")
    assert log_files.newest_lines(tmp_path / "api.log.1", 5) == ["line 7"]


def test_the_default_folder_is_that_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    home = {"HOME": "/home/a"}
    monkeypatch.setattr("sys.platform", "linux")
    assert data_folder(DATA_FOLDER, home) == Path("/home/a/.local/share/quantumtask")
    assert data_folder(DATA_FOLDER, home | {"XDG_DATA_HOME": "/x"}) == Path("/x/quantumtask")
    assert data_folder(DATA_FOLDER, home | {"XDG_DATA_HOME": "x"}).is_relative_to("/home/a/.local")
    assert data_folder(Path("~/tasks"), home) == Path("/home/a/tasks")
    assert load_settings({"QUANTUMTASK_DATA_DIR": "data"}).data_dir == Path("data")
    monkeypatch.setattr("sys.platform", "darwin")
    assert data_folder(DATA_FOLDER, home) == Path("/home/a/Library/Application Support/quantumtask")


def test_commands_ask_which_database_where_there_is_one_of_make_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/quantumtask.db").touch()
    away = quantumtask("status", XDG_DATA_HOME=str(tmp_path))
    assert (away.returncode, "make run" in away.stdout) == (3, False)
    monkeypatch.chdir(tmp_path)
    for command in (
        ["token", "list"],
        ["project", "list"],
        ["audit"],
        ["backup", "copy.db"],
        ["worker"],
    ):
        done = quantumtask(*command, XDG_DATA_HOME=str(tmp_path))
        assert done.returncode == 2
        assert "--data-dir data, that of `make run` in this folder, or" in done.stderr
    status = quantumtask("status", XDG_DATA_HOME=str(tmp_path))
    assert "The data of `make run` is in data: --data-dir data" in status.stdout
    logs = quantumtask("logs", XDG_DATA_HOME=str(tmp_path))
    assert "The data of `make run` is in data: --data-dir data" in logs.stderr


def test_a_folder_is_named_from_the_current_one_unless_that_is_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd starts services in the root; their messages are read elsewhere."""
    settings = Settings(data_dir=tmp_path / "tasks")
    monkeypatch.chdir(tmp_path)
    assert data_option(settings) == " --data-dir tasks"
    monkeypatch.chdir("/")
    assert data_option(settings) == f" --data-dir {tmp_path / 'tasks'}"
