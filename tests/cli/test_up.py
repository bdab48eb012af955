"""`quantumtask up`: two services from one command, and nothing left of them afterwards."""

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
    """A running `quantumtask up` whose lines can be read as they come."""

    def __init__(self, folder: Path) -> None:
        self.port, self.worker_port = free_port(), free_port()
        self.data = folder / "data"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("QUANTUMTASK_")}
        ports = ["--port", str(self.port), "--worker-port", str(self.worker_port)]
        rest = ["--data-dir", str(self.data), "--slots", "1"]
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "quantumtask", "up", *ports, *rest],
            env=clean,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.family: list[int] = []

    def read_until(self, pattern: str) -> str:
        """What it prints up to the line that matches; fails if it ends before."""
        text = ""
        assert self.popen.stdout
        for line in self.popen.stdout:
            text += line
            if re.search(pattern, line):
                return text
        raise AssertionError(text)

    def rest(self) -> str:
        assert self.popen.stdout
        return self.popen.stdout.read()

    def greeting(self) -> str:
        text = self.read_until("Ctrl-C ends it")
        self.family = children(self.popen.pid)
        return text

    def service(self, name: str) -> int:
        """The process id of one of the two services."""
        for pid in children(self.popen.pid):
            if (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .endswith(f"quantumtask\0{name}\0".encode())
            ):
                return pid
        raise AssertionError(f"no {name}")

    def nothing_is_left(self) -> bool:
        return not any(alive(pid) for pid in self.family)

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
    until(running.nothing_is_left, 30)


def test_it_shows_a_bell_circuit_and_ends_everything_on_ctrl_c(up: Up) -> None:
    text = up.greeting()
    assert re.search(r"^(00|11) █+", text, re.MULTILINE)
    assert f"http://127.0.0.1:{up.port}/docs" in text
    assert str(up.data / "logs") in text
    assert len(up.family) > 2
    up.popen.send_signal(signal.SIGINT)
    assert "Stopping" in up.rest()
    assert up.popen.wait(30) == 0
    until(up.nothing_is_left, 5)


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_service_that_dies_is_started_again(up: Up, name: str) -> None:
    up.greeting()
    os.kill(up.service(name), signal.SIGKILL)
    assert f"The {name} ended (killed by SIGKILL)" in up.read_until(f"The {name} ended")
    port = up.port if name == "api" else up.worker_port
    with Client(f"http://127.0.0.1:{port}") as client:
        until(client.health, 30)
    up.family += children(up.popen.pid)
    up.popen.send_signal(signal.SIGTERM)
    assert up.popen.wait(30) == 0


def test_a_service_that_does_not_answer_is_killed_by_a_second_ctrl_c(up: Up) -> None:
    up.greeting()
    os.kill(up.service("api"), signal.SIGSTOP)
    up.popen.send_signal(signal.SIGINT)
    up.read_until("Stopping")
    up.popen.send_signal(signal.SIGINT)
    assert up.popen.wait(5) == 0


def test_the_services_end_when_it_is_killed(up: Up) -> None:
    up.greeting()
    up.popen.kill()
    up.popen.wait()
    until(up.nothing_is_left, 30)


def test_a_port_in_use_is_named_before_anything_starts(up: Up, tmp_path: Path) -> None:
    up.greeting()
    command = [sys.executable, "-m", "quantumtask", "up", "--port", str(up.port)]
    others = ["--worker-port", str(free_port()), "--data-dir", str(tmp_path / "second")]
    second = subprocess.run([*command, *others], capture_output=True, text=True)
    assert second.returncode == 1
    assert second.stderr.startswith(f"quantumtask: Port {up.port} of 127.0.0.1 is in use")
    assert "--port" in second.stderr
    assert not (tmp_path / "second").exists()


def test_a_service_that_cannot_start_is_explained_by_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "data" / "quantumtask.db").mkdir(parents=True)
    up = Up(tmp_path)
    text = up.rest()
    up.stop()
    assert up.popen.returncode == 1
    assert re.search(r"The (api|worker) did not start \(exit status \d+\)\.", text)
    assert re.search(r"The end of .*\.log:\n  \S", text)
    assert "Traceback" not in text.partition("The end of")[0]
