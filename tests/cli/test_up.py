"""Tests of `quantumtask up`: it starts two services, and stops them completely."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quantumtask.client import Client
from quantumtask.version import __version__
from tests.support.command_line import quantumtask
from tests.support.services import children, free_port, until


class Up:
    """Running `quantumtask up` with its output line by line."""

    def __init__(self, folder: Path) -> None:
        self.port, self.worker_port = free_port(), free_port()
        self.data = folder / "data"
        variables = {k: v for k, v in os.environ.items() if not k.startswith("QUANTUMTASK_")}
        ports = ["--port", str(self.port), "--worker-port", str(self.worker_port)]
        rest = ["--data-dir", str(self.data), "--slots", "1"]
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "quantumtask", "up", *ports, *rest],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.pids: list[int] = []

    def read_until(self, pattern: str) -> str:
        """Return the output up to the line that matches; fail if the command ends before it."""
        text = ""
        assert self.popen.stdout
        for line in self.popen.stdout:
            text += line
            if re.search(pattern, line):
                return text
        raise AssertionError(text)

    def remaining_output(self) -> str:
        assert self.popen.stdout
        return self.popen.stdout.read()

    def read_greeting(self) -> None:
        self.greeting = self.read_until("Ctrl-C ends the service")
        self.pids = children(self.popen.pid)

    def service_pid(self, name: str) -> int:
        """Return the process id of one of the two services."""
        for pid in children(self.popen.pid):
            if (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .endswith(f"quantumtask\0{name}\0".encode())
            ):
                return pid
        raise AssertionError(f"no {name}")

    def all_processes_ended(self) -> bool:
        return not any(alive(pid) for pid in self.pids)

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        assert self.popen.stdout
        self.popen.stdout.close()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path)
    yield running
    running.stop()
    until(running.all_processes_ended, 30)


@pytest.fixture(scope="module")
def restartable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running `up` for the tests that leave it running; Ctrl-C ends it and all its processes."""
    running = Up(tmp_path_factory.mktemp("up"))
    running.read_greeting()
    yield running
    running.pids += children(running.popen.pid)
    running.popen.send_signal(signal.SIGINT)
    output, status = running.remaining_output(), running.popen.wait(30)
    running.stop()
    until(running.all_processes_ended, 30)
    assert "Stopping" in output
    assert status == 0


@pytest.mark.xdist_group("up")
def test_up_shows_a_bell_circuit(restartable: Up) -> None:
    up, text, url = restartable, restartable.greeting, f"http://127.0.0.1:{restartable.port}"
    assert re.search(r"^(00|11) █+", text, re.MULTILINE)
    assert text.startswith(f"QuantumTask {__version__} starts.\nPage           {url}/\n")
    assert f"{url}/docs" in text
    assert str(up.data / "logs") in text
    assert len(up.pids) > 2


@pytest.mark.xdist_group("up")
@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_killed_service_is_restarted(restartable: Up, name: str) -> None:
    up = restartable
    os.kill(up.service_pid(name), signal.SIGKILL)
    assert f"The {name} ended (killed by SIGKILL)" in up.read_until(f"The {name} ended")
    port = up.port if name == "api" else up.worker_port
    with Client(f"http://127.0.0.1:{port}") as client:
        until(client.health, 30)
    up.pids += children(up.popen.pid)


def test_a_second_ctrl_c_kills_a_service_that_does_not_answer(up: Up) -> None:
    up.read_greeting()
    os.kill(up.service_pid("api"), signal.SIGSTOP)
    up.popen.send_signal(signal.SIGINT)
    up.read_until("Stopping")
    up.popen.send_signal(signal.SIGINT)
    assert up.popen.wait(5) == 0  # before the 8 s after which it is killed anyway


def test_the_services_end_when_up_is_killed(up: Up) -> None:
    up.read_greeting()
    up.popen.kill()
    up.popen.wait()
    until(up.all_processes_ended, 30)


@pytest.mark.xdist_group("up")
def test_a_port_in_use_is_reported_before_any_service_starts(
    restartable: Up, tmp_path: Path
) -> None:
    port = restartable.port
    options = ["--worker-port", str(free_port()), "--data-dir", str(tmp_path / "second")]
    second = quantumtask("up", "--port", str(port), *options)
    assert second.returncode == 1
    assert second.stderr.startswith(f"quantumtask: Port {port} of 127.0.0.1 is in use")
    assert "--port" in second.stderr
    assert not (tmp_path / "second").exists()
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        other = occupied.getsockname()[1]
        options[1] = str(other)
        third = quantumtask("up", "--port", str(port), *options)
    assert third.stderr.endswith(
        f"Choose other ports: quantumtask up --port {port + 10} --worker-port {other + 10}\n"
    )


def test_a_service_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "data" / "quantumtask.db").mkdir(parents=True)
    up = Up(tmp_path)
    text = up.remaining_output()
    up.stop()
    assert up.popen.returncode == 1
    assert re.search(r"The (api|worker) did not start \(exit status \d+\)\.", text)
    assert re.search(r"The end of .*\.log:\n  \S", text)
    assert "Traceback" not in text.partition("The end of")[0]


@pytest.mark.xdist_group("up")
def test_a_second_up_on_a_folder_names_the_process_that_has_it(restartable: Up) -> None:
    ports = ["--port", str(free_port()), "--worker-port", str(free_port())]
    data = ["--data-dir", str(restartable.data)]
    for more in ([], ["--detach"]):
        second = quantumtask("up", *ports, *data, *more)
        assert second.returncode == 1
        url = f"http://127.0.0.1:{restartable.port}"
        start = f"quantumtask: Process {restartable.popen.pid} has the data folder "
        assert second.stderr.startswith(f"{start}{restartable.data} and serves {url}. Stop it: ")
        assert f"quantumtask stop --data-dir {restartable.data}." in second.stderr
    away = quantumtask("status", "--data-dir", str(restartable.data / "other")).stdout
    assert f"Start it: quantumtask up --detach --data-dir {restartable.data}/other" in away
    report = json.loads(quantumtask("status", "--json", *data).stdout)
    assert (report["pid"], report["url"]) == (restartable.popen.pid, url)


@pytest.mark.xdist_group("up")
def test_the_default_folder_follows_xdg_and_starts_in_the_background(tmp_path: Path) -> None:
    port, home = free_port(), {"XDG_DATA_HOME": str(tmp_path), "QUANTUMTASK_SLOTS": "1"}
    folder = tmp_path / "quantumtask"
    before = quantumtask("status", **home)
    assert (before.returncode, before.stdout.splitlines()[0]) == (
        3,
        f"No service runs on {folder}.",
    )
    ports = ["--port", str(port), "--worker-port", str(free_port())]
    up = quantumtask("up", "--detach", *ports, **home)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        assert f"Data folder    {folder}\nLogs           {folder}/logs\n" in up.stdout
        assert up.stdout.endswith("quantumtask stop ends the service.\n")
        status = quantumtask("status", **home)
        assert status.returncode == 0, status.stdout
        assert f"URL            http://127.0.0.1:{port}\n" in status.stdout
        logs = quantumtask("logs", "worker", "-n", "1000", **home).stdout
        assert '"ready to run tasks"' in logs
        assert re.search("^api  .*service started", quantumtask("logs", **home).stdout, re.M)
    finally:
        stopped = quantumtask("stop", **home)
    assert re.match(r"Stopped process \d+, which served http", stopped.stdout), stopped
    assert quantumtask("stop", **home).stdout == f"No service runs on {folder}.\n"
