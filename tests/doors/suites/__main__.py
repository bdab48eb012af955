"""The clients' own tests through the doors of a service: `make test-doors`.

Arguments select suites; all others go to pytest. Packages and sources are fetched first. Then the
service and all tests run in a network namespace with loopback alone: no client reaches a vendor.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from quantumtask.cli.client_variables import CLIENT_VARIABLES
from tests.doors.suites.catalogue import SUITES
from tests.doors.suites.client_environment import create_environment
from tests.doors.suites.report import (
    HEADER,
    Outcome,
    details,
    read_outcome,
    read_reasons,
    table_row,
)
from tests.doors.suites.suite import PLUGINS, MissingSourcesError, Suite
from tests.support.loopback import isolation_command, start_loopback
from tests.support.services import Service

ALONE = "--alone"
"""Argument of the process that is in a network namespace of its own."""

MAX_ADDRESSES = 16 << 30
"""Address space of a client in bytes: a test of it that needs more fails alone."""


def main(arguments: list[str]) -> int:
    names = [each for each in arguments if each in SUITES]
    others = [each for each in arguments if each not in SUITES and each != ALONE]
    suites = [SUITES[name] for name in names or SUITES]
    if ALONE not in arguments:
        for suite in suites:
            create_environment(suite)
            _missing(suite)
        command = [*isolation_command(), sys.executable, "-m", "tests.doors.suites", ALONE]
        os.execvp(command[0], [*command, *arguments])
    start_loopback()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # stops the service
    return run_suites(suites, others, is_selection=bool(names))


def run_suites(suites: list[Suite], arguments: list[str], *, is_selection: bool) -> int:
    """Run the suites on one service, print the table, and return the exit status."""
    rows, status = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        service = Service(Path(scratch), slots=2).start()
        try:
            for suite in suites:
                if problem := _missing(suite):
                    rows.append(f"{suite.name:14} {suite.client:34} not run: {problem}")
                    status |= is_selection
                    continue
                outcome = run(suite, service.url, Path(scratch) / suite.name, arguments)
                rows.append(table_row(suite.name, suite.client, outcome))
                print(rows[-1], *details(outcome), sep="\n", flush=True)
                status |= not outcome.is_good
        finally:
            service.stop()
    print("", HEADER, *rows, sep="\n")
    return status


def run(suite: Suite, url: str, folder: Path, arguments: list[str]) -> Outcome:
    """Run a suite in a folder of its own, which is the home folder of the client, too."""
    programs = create_environment(suite)
    report = folder / "report.xml"
    _copy_sources(suite, folder)
    for name, text in suite.files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    limit = ["prlimit", f"--as={MAX_ADDRESSES}"]
    command = [*limit, str(programs / suite.command), *suite.arguments, *arguments]
    options = ["-p", "no:cacheprovider", "-W", "ignore", "-q", "--tb=short", "--timeout=600"]
    done = subprocess.run(
        [*command, *options, f"--junitxml={report}"],
        cwd=folder, env=_variables(suite, url, programs, folder), check=False,
    )  # fmt: skip
    if not report.is_file():
        return Outcome(failed={"all tests": f"pytest ended with {done.returncode}, and no report"})
    return read_outcome(report, read_reasons(suite.name))


def _missing(suite: Suite) -> str:
    """Return what a suite lacks, or an empty text."""
    try:
        if suite.sources:
            suite.sources.folder()
    except MissingSourcesError as error:
        return str(error)
    return ""


def _copy_sources(suite: Suite, folder: Path) -> None:
    """Copy the plugins and the tests, which are changed in the copy.

    Raises:
        SystemExit: a file does not have the text that a change replaces.
    """
    shutil.copytree(PLUGINS, folder / "plugins")
    if suite.sources:
        for part in suite.folders:
            shutil.copytree(suite.sources.folder() / part, folder / part)
    for change in suite.changes:
        file = folder / change.file
        text = file.read_text()
        if change.old not in text:
            raise SystemExit(f"{suite.name}: {change.file} has no text {change.old!r}")
        file.write_text(text.replace(change.old, change.new))


def _variables(suite: Suite, url: str, programs: Path, home: Path) -> dict[str, str]:
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    own = {"PATH": path, "PYTHONPATH": str(home / "plugins"), "HOME": str(home)}
    to_door = CLIENT_VARIABLES[suite.door].of_service(url, "local")
    return {**os.environ, **own, **to_door, **suite.variables}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
