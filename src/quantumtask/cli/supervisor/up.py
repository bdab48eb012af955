"""`quantumtask up`: the API and the Worker as two child processes, restarted when they end."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import fields, replace

from quantumtask.cli.render import style, task_view
from quantumtask.cli.supervisor.addresses import url_host
from quantumtask.cli.supervisor.bell_token import bell_token
from quantumtask.cli.supervisor.child_process import ManagedService, StopSignal
from quantumtask.cli.supervisor.folder_lock import FolderLock, FolderOwner
from quantumtask.cli.supervisor.log_files import LOG_NAMES, log_file, log_folder, rotate
from quantumtask.cli.supervisor.preparation import (
    StartError,
    check_owner,
    check_start,
    data_option,
    prepare_folder,
)
from quantumtask.client import DEFAULT_URL, Client, ClientError, Json
from quantumtask.shared.access import OFF, check_access, is_loopback, public_host
from quantumtask.shared.installation import as_typed, command_path
from quantumtask.shared.secret_files import FILE_SUFFIX
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


class Stopped(Exception):
    """A signal to stop arrived during the start."""


class Supervisor:
    """Owner of the two child processes, from their start to their end."""

    def __init__(self, settings: Settings, detached: bool = False) -> None:
        self.settings = replace(settings, data_dir=settings.data_dir.absolute())
        self.detached = detached
        self.lock = FolderLock(self.settings.data_dir)
        self.logs = log_folder(self.settings.data_dir)
        environment = {**settings_environment(self.settings), SUPERVISOR: str(os.getpid())}
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
            self.lock.announce_ready()
            self._keep_up()
        except Stopped:
            pass
        except StartError as error:
            print(f"quantumtask: {as_typed(str(error))}", file=sys.stderr, flush=True)
            return 1
        finally:
            self._end()
            self.lock.drop()
        return 0

    @property
    def url(self) -> str:
        """Address of the API."""
        return f"http://{url_host(self.settings.host)}:{self.settings.port}"

    @property
    def worker_url(self) -> str:
        """Address of the worker."""
        return f"http://{url_host(self.settings.worker_host)}:{self.settings.worker_port}"

    def _prepare(self) -> None:
        """Check and make what the services need, and take the data folder."""
        check_start(self.settings)
        prepare_folder(self.settings)
        owner = FolderOwner(os.getpid(), self.url, self.worker_url, __version__, time.time())
        if not self.lock.take(owner):  # another one was faster
            check_owner(self.settings)
        check_access(self.settings)

    def _start(self) -> None:
        self._say(f"QuantumTask {__version__} starts.")
        self._say(f"Page           {self.url}/")
        self._say(f"Data folder    {self.settings.data_dir}")
        self._say(f"Logs           {self.logs}")
        for service in self.services:
            service.start()
        with self._progress("Starting"), Client(self.url) as api, Client(self.worker_url) as worker:
            end = time.monotonic() + START_S
            for check in (api.health, worker.health, api.ready):
                if not self._wait_for(check, end):
                    raise StartError(f"Not healthy after {START_S:g} s. See {self.logs}.")

    def _greet(self) -> None:
        """Run a Bell circuit over HTTP, and print the commands to send other circuits."""
        with bell_token(self.settings) as token, Client(self.url, token) as client:
            task = self._bell(client)
        if task["status"] in ("failed", "cancelled"):
            self.console.print(task_view.task(task))
            raise StartError("The services run, but a Bell circuit failed.")
        self._say("\nA Bell circuit, sent over HTTP:")
        self.console.print(task_view.task(task))
        self._say(_instructions(self.url))
        option = data_option(self.settings)
        if token:
            self._say(f"Requests need a token: {command_path()} token create NAME{option}")
        if self.settings.auth == OFF and not is_loopback(public_host(self.settings)):
            self._say("INSECURE: everyone who reaches this machine may do everything here.")
        stop = f"{command_path()} stop{option}" if self.detached else "Ctrl-C"
        self._say(f"{stop} ends the service.")

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
            for name in LOG_NAMES:
                rotate(log_file(self.settings.data_dir, name))

    def _end(self) -> None:
        """End the API first, so that no task arrives while the Worker finishes."""
        if any(service.alive for service in self.services):
            drain = self.settings.drain_s
            self._say(
                f"\nStopping; running circuits have {drain:g} s left."
                + ("" if self.detached else " Ctrl-C again ends them.")
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


def settings_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a child process, with all settings.

    A secret that is in a file stays there.
    """
    variables = {
        name: str(getattr(settings, field.name))
        for field in fields(settings)
        if (name := environment_variable(field)) + FILE_SUFFIX not in os.environ
    }
    return {**os.environ, **variables}


def _start_failure(service: ManagedService) -> str:
    lines = [f"The {service.name} did not start ({service.exit_message()})."]
    if tail := service.log_tail():
        lines += [f"The end of {service.log}:", *(f"  {style.printable(line)}" for line in tail)]
    return "\n".join(lines)


def _instructions(url: str) -> str:
    option = "" if url == DEFAULT_URL else f" --url {url}"
    return f"""
Page           {url}/
HTTP API       {url}/docs
Submit         {command_path()} submit FILE --wait{option}
With curl      curl -s {url}/tasks -H 'content-type: application/json' \\
                 -d '{{"circuit": "OPENQASM 3.0; qubit q; bit c; c = measure q;"}}'
               curl -s '{url}/tasks/TASK_ID?wait=10'"""
