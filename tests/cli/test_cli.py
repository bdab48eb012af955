"""Tests of the command line in a terminal and in a script."""

import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quantumtask import __version__
from quantumtask.cli.render import style, task_view
from tests.support.command_line import (
    Run,
    environment,
    quantumtask,
    read_terminal,
    read_until,
    start,
)
from tests.support.fake_service import fake_service, json_reply
from tests.support.services import BELL, ENDLESS, Service, free_port

WRONG = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nhh q;\n'
FIVE_BITS = 'OPENQASM 3.0; include "stdgates.inc"; qubit[5] q; bit[5] c; h q; c = measure q;'
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def cli(service: Service) -> Callable[..., Run]:
    return lambda *arguments, **more: quantumtask(*arguments, url=service.url, **more)


def task_id(run: Run) -> str:
    match = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", run.stdout)
    assert match, run
    return match[0]


def test_counts_are_shown_as_bars_with_percentages(cli: Callable[..., Run]) -> None:
    done = cli("submit", "-", "--wait", "--shots", "1000", "--name", "pair", stdin=BELL)
    assert done.returncode == 0, done
    heading, facts, *rows = done.stdout.splitlines()
    assert re.fullmatch(r"completed  pair  [0-9a-f-]{36}", heading)
    assert facts.startswith("1000 shots · waited ")
    assert re.search(r" · \w+ [\d.]+ \(\w+\), \w+", facts)
    assert len(rows) == 2
    bars = [re.fullmatch(r"(00|11) █+\S? +(\d+) +([\d.]+)%", row) for row in rows]
    assert sum(int(row[2]) for row in bars if row) == 1000
    assert sum(float(row[3]) for row in bars if row) == pytest.approx(100)


def test_the_most_frequent_of_many_outcomes_are_shown_and_the_others_counted(
    cli: Callable[..., Run],
) -> None:
    done = cli("submit", "-", "--wait", "--shots", "10000", stdin=FIVE_BITS)
    *rows, rest = done.stdout.splitlines()[2:]
    counts = [int(row.split()[-2]) for row in rows]
    assert len(rows) == 20
    assert counts == sorted(counts, reverse=True)
    assert rest.startswith(f"… and 12 more ({10000 - sum(counts)} shots, ")


def test_json_output_is_the_answer_of_the_service(
    cli: Callable[..., Run], service: Service
) -> None:
    sent = cli("submit", "-", "--json", "--seed", "5", "--memory", "--tag", "x", stdin=BELL)
    answer = json.loads(sent.stdout)
    assert answer["status"] == "submitted"
    done = cli("result", answer["task_id"], "--wait", "--json")
    assert json.loads(done.stdout) == service.get(answer["task_id"])
    assert len(json.loads(done.stdout)["memory"]) == 1024
    assert (sent.stderr, done.stderr) == ("", "")


def test_a_failed_task_shows_lines_and_columns_and_exits_with_status_one(
    cli: Callable[..., Run],
) -> None:
    done = cli("submit", "-", "--wait", stdin=WRONG)
    assert done.returncode == 1
    assert re.match(r"failed  [0-9a-f-]{36}\n", done.stdout)
    message = re.search(r"\n  line 4, column 1: .*\n    4 \| hh q;\n      \| \^\^\n", done.stdout)
    assert message, done.stdout
    assert message[0] in cli("result", task_id(done)).stdout


def test_without_wait_the_command_to_fetch_the_result_is_printed(cli: Callable[..., Run]) -> None:
    sent = cli("submit", "-", stdin=ENDLESS)
    name = task_id(sent)
    assert sent.returncode == 0
    assert f"quantumtask result {name} --wait" in sent.stdout
    pending = cli("result", name)
    assert pending.returncode == 0
    assert f"quantumtask result {name} --wait" in pending.stdout
    assert cli("cancel", name).stdout == f"Cancelled {name}\n"
    ended = cli("result", name, "--wait")
    assert ended.returncode == 1
    assert ended.stdout.startswith("cancelled  ")


def test_cancelling_a_task_that_has_ended_exits_with_status_three(cli: Callable[..., Run]) -> None:
    name = task_id(cli("submit", "-", stdin=BELL))
    cli("result", name, "--wait")
    cancel = cli("cancel", name)
    assert cancel.returncode == 3
    assert cancel.stderr.startswith("quantumtask: the service refused the request: ")
    assert len(cancel.stderr.splitlines()) == 1


def test_a_circuit_is_printed_as_it_was_submitted_and_metadata_are_shown(
    cli: Callable[..., Run], service: Service
) -> None:
    body = {"circuit": BELL, "metadata": {"run": 17}}
    name = service.http.post("/tasks", json=body).json()["task_id"]
    assert cli("circuit", name).stdout == BELL
    assert 'metadata {"run": 17}' in cli("result", name, "--wait").stdout
    assert cli("circuit", "nothing").returncode == 3


def test_the_beginning_of_an_id_is_enough_and_the_latest_task_needs_none(
    cli: Callable[..., Run],
) -> None:
    first, second = (task_id(cli("submit", "-", "--wait", stdin=BELL)) for _ in range(2))
    common = first[:2]
    for command in ("result", "circuit", "cancel"):
        done = cli(command, common)
        assert done.returncode == 2
        assert done.stderr == (
            f"quantumtask: more than one id begins with {common}: {second} and {first}. "
            "Write more of the id.\n"
        )
    beginning = first[:-1].upper()
    assert task_id(cli("result", beginning)) == first
    assert cli("circuit", beginning).stdout == BELL
    assert "already completed" in cli("cancel", beginning).stderr
    assert cli("result").stdout.startswith("completed  ")
    missing = cli("result", "ffff")
    assert (missing.returncode, missing.stderr) == (
        3, "quantumtask: no task and no batch has an id that begins with ffff.\n"
    )  # fmt: skip


def test_rm_deletes_what_has_ended_and_says_how_to_end_the_rest(cli: Callable[..., Run]) -> None:
    ended = task_id(cli("submit", "-", "--wait", stdin=BELL))
    running = task_id(cli("submit", "-", stdin=ENDLESS))
    done = cli("rm", ended[:-1], running)
    assert (done.returncode, done.stdout) == (3, f"Deleted {ended}\n")
    assert done.stderr == (
        f"quantumtask: {running}: it has not ended. Cancel it first: quantumtask cancel {running}\n"
    )
    assert cli("cancel", running).returncode == 0
    assert cli("rm", running).stdout == f"Deleted {running}\n"
    assert "no task and no batch" in cli("rm", running[:-1]).stderr
    assert cli("rm", running).returncode == 3


def test_without_a_task_there_is_no_latest_result() -> None:
    with fake_service(json_reply({"tasks": [], "next_cursor": None})) as (client, _):
        done = quantumtask("result", url=client.url)
    assert (done.returncode, done.stderr) == (
        3, "quantumtask: there is no task yet: submit a circuit with quantumtask submit FILE.\n"
    )  # fmt: skip


def test_the_last_line_of_a_printed_circuit_ends(cli: Callable[..., Run]) -> None:
    name = task_id(cli("submit", "-", stdin=BELL.rstrip("\n")))
    assert cli("circuit", name).stdout == BELL.rstrip("\n") + "\n"


def test_the_list_shows_the_newest_tasks_and_the_cursor_of_the_next_page(
    cli: Callable[..., Run],
) -> None:
    tag = f"cli-{time.time_ns()}"
    first, second = (task_id(cli("submit", "-", "--tag", tag, stdin=BELL)) for _ in range(2))
    page = cli("list", "--tag", tag, "--limit", "1")
    assert second in page.stdout
    assert first not in page.stdout
    cursor = page.stdout.split("--cursor ")[1].strip()
    assert first in cli("list", "--tag", tag, "--limit", "1", "--cursor", cursor).stdout
    listed = json.loads(cli("list", "--tag", tag, "--json").stdout)
    assert [task["task_id"] for task in listed["tasks"]] == [second, first]
    assert cli("list", "--tag", tag + "-none").stdout == "No tasks.\n"


def test_the_list_has_the_tasks_of_an_owner_and_of_a_time(cli: Callable[..., Run]) -> None:
    owner = f"o-{time.time_ns()}"
    name = task_id(cli("submit", "-", "--wait", "--owner", owner, stdin=WRONG))
    today = datetime.now().astimezone()
    for since in ("1h", "1d", today.date().isoformat(), (today - timedelta(hours=1)).isoformat()):
        line = cli("list", "--owner", owner, "--since", since).stdout.splitlines()[1]
        assert line.startswith(f"{name}  failed"), since
        assert "unknown" in line
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert cli("list", "--owner", owner, "--since", tomorrow).stdout == "No tasks.\n"
    for wrong in ("soon", "0h", "2027-13-01"):
        refused = cli("list", "--since", wrong)
        assert (refused.returncode, refused.stderr[:27]) == (2, "quantumtask: --since: must ")


def test_a_list_of_batches_shows_their_progress(cli: Callable[..., Run]) -> None:
    tag = f"b-{time.time_ns()}"
    bell = str(EXAMPLES / "bell.qasm")
    assert cli("batch", bell, bell, "--tag", tag).returncode == 0
    shown = cli("list", "--batches", "--tag", tag)
    assert "2/2" in shown.stdout
    [listed] = json.loads(cli("list", "--batches", "--tag", tag, "--json").stdout)["batches"]
    assert listed["batch_id"] in shown.stdout
    assert cli("list", "--batches", "--since", "1h").returncode == 2
    batch_id = listed["batch_id"]
    tasks = json.loads(cli("list", "--limit", "100", "--json").stdout)["tasks"]
    item = next(task["task_id"] for task in tasks if task.get("batch_id") == batch_id)
    refused = cli("rm", item)
    assert refused.stderr.endswith(f"Delete that: quantumtask rm {batch_id}\n")
    assert cli("cancel", batch_id[:-1]).stdout == f"Cancelled {batch_id}\n"
    assert cli("rm", batch_id[:-1]).stdout == f"Deleted {batch_id}\n"
    assert cli("list", "--batches", "--tag", tag).stdout == "No batches.\n"


def test_control_characters_in_a_task_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    task = {"task_id": "t", "status": "completed", "shots": 1, "result": {"\x1b[2J": 1}}
    style.console().print(task_view.task({**task, "name": "a\x1b[31mb[bold]c"}))
    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert "a�[31mb[bold]c" in output


def test_a_terminal_shows_the_state_and_the_seconds_of_a_wait(service: Service) -> None:
    terminal, stream = pty.openpty()
    name = service.submit(ENDLESS)
    variables = environment(service.url, TERM="xterm")
    with Path(os.devnull).open("r+") as nothing:
        files = (nothing.fileno(), nothing.fileno(), stream)
        waiting = start(("result", name, "--wait"), files, variables)
    os.close(stream)
    read_until(terminal, lambda text: re.search(r"running.*\d:\d\d:\d\d", text))
    service.http.post(f"/tasks/{name}/cancel").raise_for_status()
    while read_terminal(terminal):
        pass
    os.close(terminal)
    assert waiting.wait(30) == 1


WRONG_USE = {
    "a missing file": (["submit", "no-such.qasm"], "no-such.qasm cannot be read: No such file"),
    "a folder": (["submit", "/"], "/ cannot be read: Is a directory"),
    "no text": (["submit", sys.executable], "is not UTF-8 text"),
    "an unknown option": (["submit", "-", "--shot", "3"], "No such option"),
    "a word for a number": (["submit", "-", "--shots", "many"], "'--shots'"),
    "an unknown command": (["sbmit", "-"], "No such command"),
    "a port out of range": (["up", "--port", "70000"], "'--port'"),
    "a word for a port": (["api", "--port", "http"], "http"),
}


@pytest.mark.parametrize("use", WRONG_USE, ids=lambda use: use.replace(" ", "-"))
def test_wrong_use_exits_with_status_two_and_a_message(use: str) -> None:
    arguments, message = WRONG_USE[use]
    done = quantumtask(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["up", "api", "worker"])
def test_a_misspelt_setting_is_named(command: str) -> None:
    done = quantumtask(command, QUANTUMTASK_MAX_SHOT="5")
    assert done.returncode == 2
    assert done.stderr.startswith("quantumtask: QUANTUMTASK_MAX_SHOT is not a setting.")


def test_without_a_service_the_exit_status_is_three() -> None:
    done = quantumtask("submit", "-", url=f"http://127.0.0.1:{free_port()}", stdin=BELL)
    assert done.returncode == 3
    assert "Is `quantumtask up` running?" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_refused_request_exits_with_status_three(cli: Callable[..., Run]) -> None:
    done = cli("submit", "-", "--shots", "0", stdin=BELL)
    assert done.returncode == 3
    assert "shots" in done.stderr


def test_the_version_is_the_version_of_the_package() -> None:
    assert quantumtask("--version").stdout == f"quantumtask {__version__}\n"


def test_the_services_start_without_the_modules_of_the_terminal() -> None:
    script = (
        "import sys; sys.argv = ['quantumtask', 'api', '--help']; "
        "import atexit; atexit.register(lambda: print(sorted(sys.modules), file=sys.stderr)); "
        "from quantumtask.cli.app import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "--data-dir" in done.stdout
    for module in ("typer", "rich", "urllib3"):
        assert f"'{module}'" not in done.stderr


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.qasm")), ids=lambda file: file.stem)
def test_every_example_circuit_completes(file: Path, cli: Callable[..., Run]) -> None:
    parameters = ["--param", "theta=0.5"] if "input float theta" in file.read_text() else []
    done = cli("submit", str(file), "--wait", "--json", *parameters)
    assert done.returncode == 0, done.stdout
    task: dict[str, Any] = json.loads(done.stdout)
    assert sum(task["result"].values()) == 1024
    assert task["warnings"] == []


@pytest.mark.parametrize(
    "command",
    [["bash", "submit_with_curl.sh"], [sys.executable, "submit_with_python.py"]],
    ids=["curl", "python"],
)
def test_every_example_script_prints_counts(command: list[str], service: Service) -> None:
    done = subprocess.run(
        [*command, "ghz.qasm", "200"],
        cwd=EXAMPLES,
        env=environment(service.url),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    counts = re.findall(r"(0{10}|1{10})\W+(\d+)", done.stdout)
    assert sum(int(count) for _, count in counts) == 200


def test_the_example_of_a_sweep_finds_the_lowest_energy(service: Service) -> None:
    done = subprocess.run(
        [sys.executable, "sweep.py", "41"],
        cwd=EXAMPLES,
        env=environment(service.url),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    match = re.search(r"lowest: theta = ([\d.]+) with (-[\d.]+) ± 0\.0", done.stdout)
    assert match, done.stdout
    assert 0.3 < float(match[1]) < 2.8
    assert float(match[2]) == pytest.approx(-1.5, abs=0.2)
