"""Runs the programs for other clouds that users are shown, where nothing but loopback is up.

`python -m tests.doors.journey` starts services and prints the output of each program of the pages
of the documentation, and then of the page Try. In a network namespace of its own (`unshare -n`), no
client can reach a vendor. The user has keys and addresses of the vendors already; the service takes
none of those keys.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quantumtask.shared.token_store import TokenStore
from tests.support.door_programs import (
    PAGES,
    documented_programs,
    shown_command,
    shown_programs,
)
from tests.support.loopback import start_loopback
from tests.support.secured_service import PRINCIPALS
from tests.support.services import Service
from tests.support.shell_command import command_folder

OF_VENDORS = {
    "CIRQ_IONQ_REMOTE_HOST": "https://api.ionq.co",
    "CIRQ_IONQ_API_KEY": "of-a-vendor",
    "QISKIT_IONQ_API_URL": "https://api.ionq.co/v0.4",
    "QISKIT_IONQ_API_TOKEN": "of-a-vendor",
    "IONQ_API_KEY": "of-a-vendor",
    "QBRAID_API_KEY": "of-a-vendor",
    "QBRAID_ACCESS_TOKEN": "of-a-vendor",
    "AWS_ACCESS_KEY_ID": "of-a-vendor",
    "AWS_SESSION_TOKEN": "of-a-vendor",
    "AWS_REGION": "eu-west-2",
    "AWS_ENDPOINT_URL_S3": "https://s3.eu-west-2.amazonaws.com",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "BRAKET_ENDPOINT": "https://braket.eu-west-2.amazonaws.com",
    "QISKIT_IBM_TOKEN": "of-a-vendor",
    "QISKIT_IBM_URL": "https://cloud.ibm.com",
    "QISKIT_IBM_INSTANCE": "of-a-vendor",
    "GLOBAL_SEARCH_URL": "https://api.global-search-tagging.cloud.ibm.com",
    "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
}
"""Variables of a user of the other clouds."""
QBRAIDRC = "[default]\napi-key = of-a-vendor\naccess-token = of-a-vendor\n"
IBM_CREDENTIALS = "GLOBAL_SEARCH_URL=https://api.global-search-tagging.cloud.ibm.com\n"


def user_environment(home: Path) -> dict[str, str]:
    """Return the variables of a user of other clouds."""
    (home / ".qbraid").mkdir()
    (home / ".qbraid" / "qbraidrc").write_text(QBRAIDRC)
    (home / "ibm-credentials.env").write_text(IBM_CREDENTIALS)
    return {**os.environ, **OF_VENDORS, "HOME": str(home)}


def run_documented(folder: Path, environment: dict[str, str]) -> None:
    """Run the programs of the pages with a token of a service that requires one."""
    service = Service(folder, slots=1, auth="required")
    store = TokenStore(service.settings)
    token, _ = store.create_token(PRINCIPALS["ada"])
    store.close()
    with running(service):
        for door in PAGES:
            for program in documented_programs(door):
                variables = {**environment, "QUANTUMTASK_TOKEN": token}
                print(door, run_program(door, service.url, program, variables), flush=True)


def run_shown(folder: Path, environment: dict[str, str]) -> None:
    """Run the programs of Try without a token."""
    with running(Service(folder, slots=1)) as service:
        for door, shown in shown_programs().items():
            output = run_program(door, service.url, shown.text, environment)
            print("Try,", door, output, flush=True)


@contextmanager
def running(service: Service) -> Iterator[Service]:
    try:
        yield service.start()
    finally:
        service.stop()


def run_program(door: str, url: str, program: str, environment: dict[str, str]) -> str:
    """Return the output of a program that runs by the command of the page Try."""
    home = Path(environment["HOME"])
    (home / "script.py").write_text(program)
    done = subprocess.run(
        ["bash", "-c", shown_command(door, url)],
        cwd=home, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def main() -> None:
    if "--alone" in sys.argv:
        start_loopback()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with command_folder(folder, "client", ("quantumtask", "python")) as front:
            environment = user_environment(folder)
            environment["PATH"] = f"{front}:{environment['PATH']}"
            for number, run in enumerate((run_documented, run_shown)):
                (folder / str(number)).mkdir()
                run(folder / str(number), environment)


if __name__ == "__main__":
    main()
