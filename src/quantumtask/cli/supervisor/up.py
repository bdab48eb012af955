"""`quantumtask up`: the API and the Worker as two child processes, restarted when they end."""

import errno
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import fields, replace
from pathlib import Path

from quantumtask.cli.render import style, task_view
from quantumtask.cli.supervisor.addresses import listen_error, url_host
from quantumtask.cli.supervisor.child_process import ManagedService, StopSignal
from quantumtask.client import DEFAULT_URL, Client, ClientError, Json
from quantumtask.shared.settings import SUPERVISOR, Settings, environment_variable
from quantumtask.version import __version__

START_S = 60.0
"""Time limit for the services to become healthy and ready."""
BELL_S = 30.0
"""Time limit of the first circuit, which may queue behind older tasks."""
API_GRACE_S = 8.0
EXTRA_GRACE_S = 5.0
"""Grace period of the Worker beyond the time for running tasks (`drain_s`)."""

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""


class StartError(Exception):
    """The service cannot start; the message has the reason and the remedy."""


class Stopped(Exception):
    """A signal to stop arrived during the start."""


class Supervisor:
    """Owner of the two child processes, from their start to their end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = replace(settings, data_dir=settings.data_dir.absolute())
        self.logs = self.settings.data_dir / "logs"
        environment = _environment(self.settings)
        worker_grace = settings.drain_s + EXTRA_GRACE_S
        self.api = ManagedService("api", environment, self.logs, API_GRACE_S)
        self.worker = ManagedService("worker", environment, self.logs, worker_grace)
        self.services = (self.api, self.worker)
        self.stop = StopSignal(on_repeat=self._kill)
        self.console = style.console()

    def run(self) -> int:
        """Run both services until a signal to stop, and return the exit status."""
        try:
            self._prepare()
            self._start()
            self._greet()
            self._keep_up()
        except Stopped:
            pass
        except StartError as error:
            print(f"quantumtask: {error}", file=sys.stderr, flush=True)
            return 1
        finally:
            self._end()
        return 0

    @property
    def url(self) -> str:
        """Address of the API."""
        return f"http://{url_host(self.settings.host)}:{self.settings.port}"

    def _prepare(self) -> None:
        """Check ports and folders before any process starts."""
        settings = self.settings
        _check_port(settings.host, settings.port, "quantumtask up --port")
        _check_port(settings.worker_host, settings.worker_port, "quantumtask up --worker-port")
        if settings.port == settings.worker_port:
            raise StartError(
                "--port: the API and the Worker need two different ports; choose another one."
            )
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(f"{self.logs} cannot be created: {error.strerror}.") from None

    def _start(self) -> None:
        self._say(
            f"QuantumTask {__version__}: starting the API and the Worker, logs in {self.logs}"
        )
        for service in self.services:
            service.start()
        worker_url = f"http://{url_host(self.settings.worker_host)}:{self.settings.worker_port}"
        with self._progress("Starting"), Client(self.url) as api, Client(worker_url) as worker:
            end = time.monotonic() + START_S
            for check in (api.health, worker.health, api.ready):
                if not self._wait_for(check, end):
                    raise StartError(f"Not healthy after {START_S:g} s. See {self.logs}.")

    def _greet(self) -> None:
        """Run a Bell circuit over HTTP, and print the commands to send other circuits."""
        with Client(self.url) as client:
            task = self._bell(client)
        if task["status"] in ("failed", "cancelled"):
            self.console.print(task_view.task(task))
            raise StartError("The services run, but a Bell circuit failed.")
        self._say("\nA Bell circuit, sent over HTTP:")
        self.console.print(task_view.task(task))
        self._say(_instructions(self.url))
        if url_host(self.settings.host) != self.settings.host:
            self._say(
                "There are no accounts: everyone who can reach this machine can use the service."
            )

    def _bell(self, client: Client) -> Json:
        """Return the Bell task when it has ended, at the latest after BELL_S."""
        task: Json = {}

        def ended() -> bool:
            task.update(bell.info(wait=0.5))
            return bool(task["status"] != "pending")

        with self._progress("Running a Bell circuit"):
            try:
                bell = client.submit(BELL, name="bell")
                self._wait_for(ended, time.monotonic() + BELL_S)
            except (ClientError, TimeoutError) as error:
                raise StartError(f"A Bell circuit could not be run: {error}") from None
        return task

    def _wait_for(self, check: Callable[[], bool], end: float) -> bool:
        """Wait until a check succeeds or the time is over; raise StartError if a service ends."""
        while not check():
            for service in self.services:
                if not service.alive:
                    raise StartError(_start_failure(service))
            if self.stop.wait(0.05):
                raise Stopped
            if time.monotonic() > end:
                return False
        return True

    def _keep_up(self) -> None:
        while not self.stop.wait(0.2):
            for service in self.services:
                service.restart_if_ended(self._say)

    def _end(self) -> None:
        """End the API first, so that no task arrives while the Worker finishes."""
        if any(service.alive for service in self.services):
            drain = self.settings.drain_s
            self._say(
                f"\nStopping; running circuits have {drain:g} s left. Ctrl-C again ends them."
            )
        for service in self.services:
            service.terminate()
            service.end()

    def _kill(self) -> None:
        for service in self.services:
            service.kill()

    def _progress(self, text: str) -> AbstractContextManager[object]:
        return self.console.status(text) if self.console.is_terminal else nullcontext()

    def _say(self, text: str) -> None:
        # The reader of the output may be gone; the services go on.
        with suppress(OSError):
            print(text, flush=True)


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a child: these settings, and the process to end with."""
    variables = {
        environment_variable(field): str(getattr(settings, field.name))
        for field in fields(settings)
    }
    return {**os.environ, **variables, SUPERVISOR: str(os.getpid())}


def _check_port(host: str, port: int, option: str) -> None:
    """Raise StartError with a remedy if a service cannot listen on a port."""
    error = listen_error(host, port)
    if error is None:
        return
    if isinstance(error, socket.gaierror):
        raise StartError(f"{host!r} is not an address of this machine.")
    if error.errno != errno.EADDRINUSE:
        raise StartError(f"Cannot listen on {host}:{port}: {error.strerror}.")
    sentence = f"Port {port} of {host} is in use, perhaps by another QuantumTask."
    raise StartError(f"{sentence} Choose another port: {option} {port + 10}")


def _start_failure(service: ManagedService) -> str:
    lines = [f"The {service.name} did not start ({service.exit_message()})."]
    if tail := service.log_tail():
        lines += [f"The end of {service.log}:", *(f"  {style.printable(line)}" for line in tail)]
    return "\n".join(lines)


def _command() -> str:
    """Return the command `quantumtask`, with its path if the environment is not activated."""
    if shutil.which("quantumtask"):
        return "quantumtask"
    script = Path(sys.executable).with_name("quantumtask")
    if not script.exists():
        return f"{sys.executable} -m quantumtask"
    return str(script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script)


def _instructions(url: str) -> str:
    option = "" if url == DEFAULT_URL else f" --url {url}"
    return f"""
Documentation  {url}/docs
Submit         {_command()} submit FILE --wait{option}
With curl      curl -s {url}/tasks -H 'content-type: application/json' \\
                 -d '{{"circuit": "OPENQASM 3.0; qubit q; bit c; c = measure q;"}}'
               curl -s '{url}/tasks/TASK_ID?wait=10'
Ctrl-C ends the service."""
