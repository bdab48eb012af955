"""`quantumtask api` and `quantumtask worker`: one service in this process, until a signal stops it.

argparse reads the options, because importing typer takes a tenth of a second.
"""

import argparse
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from quantumtask.shared.data_folder import has_run_data, two_folders
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.installation import as_typed
from quantumtask.shared.processes import gc_paused, keep_files_private, kill_on_parent_death
from quantumtask.shared.settings import SUPERVISOR, Settings, SettingsError, load_settings

ABOUT = {
    "api": "Run the API alone: it accepts circuits over HTTP and returns their results.",
    "worker": "Run one Worker alone: it takes circuits from the database and runs them.",
}
INSECURE = "require no token, although others may reach the address: they may do everything"
MORE = "Every setting is also an environment variable: see docs/reference/settings.md."


def run_service(service: str, arguments: list[str]) -> None:
    """Serve until SIGTERM or SIGINT.

    The exit status is 2 for wrong options, and 1 if the service cannot run.
    """
    options = vars(_parser(service).parse_args(arguments))
    if options["data_dir"] is None and has_run_data(os.environ):
        _refuse(two_folders(os.environ), 2)
    _end_with_supervisor()
    keep_files_private()
    try:
        with suppress(KeyboardInterrupt):
            SERVE[service](load_settings(**options))
    except SettingsError as error:
        _refuse(str(error), 2)
    except (OSError, QuantumTaskError) as error:
        _refuse(f"The {service} cannot run: {error}", 1)


def _parser(service: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        f"quantumtask {service}", description=ABOUT[service], epilog=MORE, allow_abbrev=False
    )
    prefix = "worker_" if service == "worker" else ""

    def option(name: str, setting: str, kind: type, about: str) -> None:
        parser.add_argument(name, dest=setting, type=kind, metavar=name[2:].upper(), help=about)

    option("--host", prefix + "host", str, "address to listen on")
    option("--port", prefix + "port", int, "port to listen on")
    option("--data-dir", "data_dir", Path, "folder of the database")
    if service == "api":
        parser.add_argument(
            "--insecure", dest="auth", action="store_const", const="off", help=INSECURE
        )
    if service == "worker":
        option("--slots", "slots", int, "circuits that run at the same time; 0: one per core")
    return parser


def _api(settings: Settings) -> None:
    with gc_paused():
        from quantumtask.api.main import serve
        from quantumtask.doors.registry import open_doors

    serve(settings, open_doors(settings))


def _worker(settings: Settings) -> None:
    with gc_paused():
        from quantumtask.worker.main import serve

    serve(settings)


SERVE = {"api": _api, "worker": _worker}


def _end_with_supervisor() -> None:
    """Have the kernel end this process together with the `quantumtask up` that started it."""
    supervisor = os.environ.pop(SUPERVISOR, "")
    if supervisor.isdecimal():
        kill_on_parent_death(signal.SIGTERM, parent=int(supervisor))


def _refuse(sentence: str, status: int) -> NoReturn:
    print(f"quantumtask: {as_typed(sentence)}", file=sys.stderr)
    sys.exit(status)
