"""Tests of `quantumtask up`: it starts two services, and stops them completely."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quantumtask.client import Client
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

    def read_greeting(self) -> str:
        text = self.read_until("Ctrl-C ends the service")
        self.pids = children(self.popen.pid)
        return text

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


def test_up_shows_a_bell_circuit_and_ctrl_c_ends_all_processes(up: Up) -> None:
    text = up.read_greeting()
    assert re.search(r"^(00|11) █+", text, re.MULTILINE)
    assert f"http://127.0.0.1:{up.port}/docs" in text
    assert str(up.data / "logs") in text
    assert len(up.pids) > 2
    up.popen.send_signal(signal.SIGINT)
    assert "Stopping" in up.remaining_output()
    assert up.popen.wait(30) == 0
    until(up.all_processes_ended, 5)


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_killed_service_is_restarted(up: Up, name: str) -> None:
    up.read_greeting()
    os.kill(up.service_pid(name), signal.SIGKILL)
    assert f"The {name} ended (killed by SIGKILL)" in up.read_until(f"The {name} ended")
    port = up.port if name == "api" else up.worker_port
    with Client(f"http://127.0.0.1:{port}") as client:
        until(client.health, 30)
    up.pids += children(up.popen.pid)
    up.popen.send_signal(signal.SIGTERM)
    assert up.popen.wait(30) == 0


def test_a_second_ctrl_c_kills_a_service_that_does_not_answer(up: Up) -> None:
    up.read_greeting()
    os.kill(up.service_pid("api"), signal.SIGSTOP)
    up.popen.send_signal(signal.SIGINT)
    up.read_until("Stopping")
    up.popen.send_signal(signal.SIGINT)
    assert up.popen.wait(5) == 0


def test_the_services_end_when_up_is_killed(up: Up) -> None:
    up.read_greeting()
    up.popen.kill()
    up.popen.wait()
    until(up.all_processes_ended, 30)


def test_a_port_in_use_is_reported_before_any_service_starts(up: Up, tmp_path: Path) -> None:
    up.read_greeting()
    command = [sys.executable, "-m", "quantumtask", "up", "--port", str(up.port)]
    options = ["--worker-port", str(free_port()), "--data-dir", str(tmp_path / "second")]
    second = subprocess.run([*command, *options], capture_output=True, text=True)
    assert second.returncode == 1
    assert second.stderr.startswith(f"quantumtask: Port {up.port} of 127.0.0.1 is in use")
    assert "--port" in second.stderr
    assert not (tmp_path / "second").exists()


def test_a_service_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "data" / "quantumtask.db").mkdir(parents=True)
    up = Up(tmp_path)
    text = up.remaining_output()
    up.stop()
    assert up.popen.returncode == 1
    assert re.search(r"The (api|worker) did not start \(exit status \d+\)\.", text)
    assert re.search(r"The end of .*\.log:\n  \S", text)
    assert "Traceback" not in text.partition("The end of")[0]
