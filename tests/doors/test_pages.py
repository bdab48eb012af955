"""The programs for other clouds that users are shown run here, without a network."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from quantumtask.cli.client_variables import CLIENT_VARIABLES
from quantumtask.shared.door_names import DOOR_NAMES
from tests.support.command_line import quantumtask
from tests.support.door_programs import PAGES, shown_programs

NO_DOOR = "'azure' is not a door; doors are ionq, qbraid, braket, ibm."
ROOT = Path(__file__).parents[2]


def may_isolate() -> bool:
    """Return True if this process may make network namespaces."""
    if os.geteuid() or not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", "-n", "true"], check=False).returncode == 0


@pytest.mark.slow_first
def test_every_program_that_is_shown_runs_where_no_vendor_can_be_reached() -> None:
    journey = [sys.executable, "-m", "tests.doors.journey"]
    alone = ["unshare", "-n", *journey, "--alone"]
    done = subprocess.run(
        alone if may_isolate() else journey,
        cwd=ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    qiskit, cirq, qbraid, braket, ibm, *shown = done.stdout.strip().split("\n\n")
    assert qiskit.startswith("ionq {'00': 0.49999"), done.stdout
    assert cirq.startswith("ionq Counter({"), done.stdout
    assert qbraid.startswith("qbraid {'00': "), done.stdout
    assert braket.startswith("braket Counter({"), done.stdout
    assert "1.0000 0.7071" in braket, done.stdout
    assert re.match(r"ibm 127 \{'[01]{2}': \d+", ibm), done.stdout
    assert [text.split()[:2] for text in shown] == [["Try,", door] for door in shown_programs()]
    assert all("'00': " in text for text in shown), done.stdout


def test_every_door_has_a_page_and_variables() -> None:
    assert tuple(CLIENT_VARIABLES) == tuple(PAGES) == DOOR_NAMES
    assert set(shown_programs()) == set(DOOR_NAMES)


def test_the_variables_of_a_door_are_printed_for_a_shell() -> None:
    done = quantumtask("env", "ionq", "--url", "lab.example.org:9000", QUANTUMTASK_TOKEN="it's")
    assert done.returncode == 0, done.stderr
    host, token = "http://lab.example.org:9000", "'it'\"'\"'s'"
    assert done.stdout.splitlines() == [
        f"export IONQ_API_URL={host}/v0.4",
        f"export QISKIT_IONQ_API_URL={host}/v0.4",
        f"export IONQ_REMOTE_HOST={host}",
        f"export CIRQ_IONQ_REMOTE_HOST={host}",
        f"export IONQ_API_KEY={token}",
        f"export QISKIT_IONQ_API_TOKEN={token}",
        f"export CIRQ_IONQ_API_KEY={token}",
    ]


def test_a_command_has_the_variables_of_its_door_and_its_own_options() -> None:
    code = "import os, sys; print(os.environ['QBRAID_API_URL'], sys.argv[1:])"
    command = ("run", "--door", "qbraid", sys.executable, "-c", code, "--url", "x")
    done = quantumtask(*command, QUANTUMTASK_URL="http://127.0.0.1:9")
    assert done.stdout == "http://127.0.0.1:9/qbraid/api/v1 ['--url', 'x']\n", done.stderr


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("env", "azure"), NO_DOOR),
        (
            ("run", "--door", "azure", "true"),
            NO_DOOR,
        ),
        (("run", "--door", "ionq"), "name the command to run"),
        (("run", "--door", "ionq", "no-such-command"), "no-such-command: there is no such command"),
    ],
)
def test_a_wrong_door_or_command_is_refused_with_a_remedy(
    command: tuple[str, ...], sentence: str
) -> None:
    done = quantumtask(*command)
    assert done.returncode == 2
    assert sentence in done.stderr
