"""`quantumtask up`: starts API and Worker as two processes, shows that they work, keeps them up."""

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
from quantumtask.cli.supervisor.addresses import reachable, why_not
from quantumtask.cli.supervisor.child_process import Service, Stop
from quantumtask.client import DEFAULT_URL, Client, ClientError, Json
from quantumtask.shared.settings import SUPERVISOR, Settings, environment_variable
from quantumtask.version import __version__

START_S = 60.0
"""How long the services may take until they are healthy and ready."""
BELL_S = 30.0
"""How long the first circuit may take; it may have to queue behind tasks of an earlier day."""
API_GRACE_S = 8.0
EXTRA_GRACE_S = 5.0
"""What the Worker gets to end, on top of the time it lets running tasks finish."""

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""


class CannotRun(Exception):
    """Why there is no service to be had; the message is for people."""


class Stopped(Exception):
    """Somebody asked us to stop while we were starting."""


class Supervisor:
    """Owns the two services from their start to their end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = replace(settings, data_dir=settings.data_dir.absolute())
        self.logs = self.settings.data_dir / "logs"
        environment = _environment(self.settings)
        worker_grace = settings.drain_s + EXTRA_GRACE_S
        self.api = Service("api", environment, self.logs, API_GRACE_S)
        self.worker = Service("worker", environment, self.logs, worker_grace)
        self.services = (self.api, self.worker)
        self.stop = Stop(again=self._kill)
        self.console = style.console()

    def run(self) -> int:
        """Runs both services until we are told to stop; returns the exit status."""
        try:
            self._prepare()
            self._start()
            self._greet()
            self._keep_up()
        except Stopped:
            pass
        except CannotRun as error:
            print(f"quantumtask: {error}", file=sys.stderr, flush=True)
            return 1
        finally:
            self._end()
        return 0

    @property
    def url(self) -> str:
        return f"http://{reachable(self.settings.host)}:{self.settings.port}"

    def _prepare(self) -> None:
        """Finds out what would keep the services from starting, before anything is started."""
        settings = self.settings
        _claim_port(settings.host, settings.port, "quantumtask up --port")
        _claim_port(settings.worker_host, settings.worker_port, "quantumtask up --worker-port")
        if settings.port == settings.worker_port:
            raise CannotRun("API and Worker need a port each: choose another --port.")
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotRun(f"{self.logs} cannot be made: {error.strerror}.") from None

    def _start(self) -> None:
        self._say(f"QuantumTask {__version__}: starting API and Worker, logs in {self.logs}")
        for service in self.services:
            service.start()
        worker_url = f"http://{reachable(self.settings.worker_host)}:{self.settings.worker_port}"
        with self._busy("Starting"), Client(self.url) as api, Client(worker_url) as worker:
            end = time.monotonic() + START_S
            for sign in (api.health, worker.health, api.ready):
                if not self._await(sign, end):
                    raise CannotRun(f"Not healthy after {START_S:g} s. See {self.logs}.")

    def _greet(self) -> None:
        """Sends a Bell circuit the way every circuit goes, and says how to send the next one."""
        with Client(self.url) as client:
            task = self._bell(client)
        if task["status"] in ("failed", "cancelled"):
            self.console.print(task_view.task(task))
            raise CannotRun("The services run, but a Bell circuit does not.")
        self._say("\nA Bell circuit, sent over HTTP:")
        self.console.print(task_view.task(task))
        self._say(_instructions(self.url))
        if reachable(self.settings.host) != self.settings.host:
            self._say("Everyone who can reach this machine can use it: there are no accounts.")

    def _bell(self, client: Client) -> Json:
        """The Bell task once it ended, or as it is after BELL_S."""
        task: Json = {}

        def ended() -> bool:
            task.update(bell.info(wait=0.5))
            return bool(task["status"] != "pending")

        with self._busy("Running a Bell circuit"):
            try:
                bell = client.submit(BELL, name="bell")
                self._await(ended, time.monotonic() + BELL_S)
            except (ClientError, TimeoutError) as error:
                raise CannotRun(f"A Bell circuit could not be run: {error}") from None
        return task

    def _await(self, sign: Callable[[], bool], end: float) -> bool:
        """Waits for a sign until `end`; CannotRun if a service ends before it comes."""
        while not sign():
            for service in self.services:
                if not service.alive:
                    raise CannotRun(_obituary(service))
            if self.stop.wait(0.05):
                raise Stopped
            if time.monotonic() > end:
                return False
        return True

    def _keep_up(self) -> None:
        while not self.stop.wait(0.2):
            for service in self.services:
                service.tend(self._say)

    def _end(self) -> None:
        """Ends the API first: nothing new comes in while the Worker finishes what it runs."""
        if any(service.alive for service in self.services):
            drain = self.settings.drain_s
            self._say(
                f"\nStopping; running circuits get up to {drain:g} s. Ctrl-C again ends them."
            )
        for service in self.services:
            service.terminate()
            service.end()

    def _kill(self) -> None:
        for service in self.services:
            service.kill()

    def _busy(self, what: str) -> AbstractContextManager[object]:
        return self.console.status(what) if self.console.is_terminal else nullcontext()

    def _say(self, text: str) -> None:
        # Whoever read our output may be gone; the services go on.
        with suppress(OSError):
            print(text, flush=True)


def _environment(settings: Settings) -> dict[str, str]:
    """The environment that gives a child exactly these settings and ties its life to ours."""
    ours = {
        environment_variable(field): str(getattr(settings, field.name))
        for field in fields(settings)
    }
    return {**os.environ, **ours, SUPERVISOR: str(os.getpid())}


def _claim_port(host: str, port: int, option: str) -> None:
    """Says now, and clearly, what would make listening on a port fail."""
    error = why_not(host, port)
    if error is None:
        return
    if isinstance(error, socket.gaierror):
        raise CannotRun(f"There is no address {host!r} to listen on.")
    if error.errno != errno.EADDRINUSE:
        raise CannotRun(f"Cannot listen on {host}:{port}: {error.strerror}.")
    sentence = f"Port {port} of {host} is in use, by another QuantumTask perhaps."
    raise CannotRun(f"{sentence} Choose another one: {option} {port + 10}")


def _obituary(service: Service) -> str:
    lines = [f"The {service.name} did not start ({service.how_it_ended()})."]
    if words := service.last_words():
        lines += [f"The end of {service.log}:", *(f"  {style.plain(word)}" for word in words)]
    return "\n".join(lines)


def _command() -> str:
    """What to type for `quantumtask`: it may be in an environment that is not activated."""
    if shutil.which("quantumtask"):
        return "quantumtask"
    ours = Path(sys.executable).with_name("quantumtask")
    if not ours.exists():
        return f"{sys.executable} -m quantumtask"
    return str(ours.relative_to(Path.cwd()) if ours.is_relative_to(Path.cwd()) else ours)


def _instructions(url: str) -> str:
    at = "" if url == DEFAULT_URL else f" --url {url}"
    return f"""
Documentation  {url}/docs
Submit one     {_command()} submit FILE --wait{at}
... with curl  curl -s {url}/tasks -H 'content-type: application/json' \\
                 -d '{{"circuit": "OPENQASM 3.0; qubit q; bit c; c = measure q;"}}'
               curl -s '{url}/tasks/TASK_ID?wait=10'
Ctrl-C ends it."""
