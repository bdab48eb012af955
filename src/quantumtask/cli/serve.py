"""`quantumtask api` and `quantumtask worker`: one service in this process, until told to stop.

Reads its options with argparse: typer alone would cost the API a tenth of the second it may take
to start.
"""

import argparse
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.processes import kill_on_parent_death
from quantumtask.shared.settings import SUPERVISOR, Settings, SettingsError, load_settings

ABOUT = {
    "api": "Runs the API alone: takes circuits over HTTP and answers how they went.",
    "worker": "Runs one Worker alone: takes circuits from the database and runs them.",
}
MORE = "Every setting can also be given as an environment variable: see docs/reference/settings.md."


def run(service: str, arguments: list[str]) -> None:
    """Serves until SIGTERM or SIGINT; exit status 2 for wrong options, 1 if it cannot run."""
    options = vars(_parser(service).parse_args(arguments))
    _end_with_supervisor()
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
    if service == "worker":
        option("--slots", "slots", int, "circuits that run at once; 0: one for each core")
    return parser


def _api(settings: Settings) -> None:
    from quantumtask.api.main import serve

    serve(settings)


def _worker(settings: Settings) -> None:
    from quantumtask.worker.main import serve

    serve(settings)


SERVE = {"api": _api, "worker": _worker}


def _end_with_supervisor() -> None:
    """If `quantumtask up` started this process, ends it when that one is gone, however it went."""
    supervisor = os.environ.pop(SUPERVISOR, "")
    if supervisor.isdecimal():
        kill_on_parent_death(signal.SIGTERM, parent=int(supervisor))


def _refuse(sentence: str, status: int) -> NoReturn:
    print(f"quantumtask: {sentence}", file=sys.stderr)
    sys.exit(status)
