"""Tests of the command line with sweeps, observables, pictures, batches and `watch`."""

import json
import os
import pty
import re
import signal
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from quantumtask.cli.render.task_list import SHORT_ID_LENGTH
from tests.support.command_line import (
    Run,
    environment,
    quantumtask,
    read_terminal,
    read_until,
    start,
)
from tests.support.fake_service import error_reply, fake_service, json_reply
from tests.support.services import BELL, ENDLESS, Service, until

ROTATION = (
    'OPENQASM 3.0; include "stdgates.inc"; input float theta; qubit[2] q; bit[2] c; '
    "ry(theta) q[0]; cx q[0], q[1]; c = measure q;"
)
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def cli(service: Service) -> Callable[..., Run]:
    return lambda *arguments, **more: quantumtask(*arguments, url=service.url, **more)


PARAMETERS = {
    "0:3:4": [0, 1, 2, 3],
    "0:pi:3": [0, pytest.approx(1.5707963267948966), pytest.approx(3.141592653589793)],
    "0.5,-1,2e3": [0.5, -1, 2000],
    "-pi/2, 2pi,.5": [
        pytest.approx(-1.5707963267948966),
        pytest.approx(6.283185307179586),
        0.5,
    ],
    "3*pi/4": pytest.approx(2.356194490192345),
    "01,10,11": ["01", "10", "11"],
    "0101": "0101",
    "[0.1, 0.2]": [0.1, 0.2],
    '"1010"': "1010",
    "word": "word",
}


def test_a_parameter_is_a_range_a_list_or_a_value(
    cli: Callable[..., Run], service: Service
) -> None:
    options = [f"--param=x{k}={text}" for k, text in enumerate(PARAMETERS)]
    sent = cli("submit", "-", "--json", *options, stdin=BELL)
    assert sent.returncode == 0, sent.stderr
    parameters = service.get(json.loads(sent.stdout)["task_id"])["parameters"]
    assert list(parameters.values()) == list(PARAMETERS.values())


def test_a_range_needs_two_values_at_least(cli: Callable[..., Run]) -> None:
    done = cli("submit", "-", "--param", "x=0:1:1", stdin=BELL)
    assert done.returncode == 2
    assert "2 to 100,000 values; got 1" in done.stderr


def test_a_sweep_is_a_row_for_each_element(cli: Callable[..., Run]) -> None:
    done = cli("submit", "-", "--wait", "--param", "theta=0:pi:2", "--shots", "9", stdin=ROTATION)
    assert done.returncode == 0, done.stderr
    head, *rows = [line.split() for line in done.stdout.splitlines()[2:]]
    assert head == ["element", "theta", "result"]
    assert rows == [["0", "0", "00:", "9"], ["1", "3.14159", "11:", "9"]]


def test_a_long_sweep_shows_its_first_elements(cli: Callable[..., Run]) -> None:
    done = cli("submit", "-", "--wait", "--param", "theta=0:pi:50", stdin=ROTATION)
    assert done.stdout.splitlines()[-1] == "… and 20 more: --json prints all of them"
    assert len(done.stdout.splitlines()) == 2 + 1 + 30 + 1


def test_every_observable_has_a_row_with_its_error(cli: Callable[..., Run]) -> None:
    options = ["--observable", "ZI", "--observable", '[["ZZ", 0.5], ["II", 1]]']
    done = cli("submit", "-", "--wait", "--param", "theta=0", *options, stdin=ROTATION)
    rows = [re.split(r"  +", line.strip()) for line in done.stdout.splitlines()[2:]]
    assert rows == [["observable", "expectation value"], ["ZI", "1"], ["0.5 ZZ + II", "1.5"]]
    sampled = cli(
        "submit",
        "-",
        "--wait",
        "--param=theta=1",
        "--observable=ZI",
        "--precision=0.1",
        stdin=ROTATION,
    )
    assert re.search(r"ZI +-?[\d.]+ ± 0\.0\d+", sampled.stdout)


def test_states_and_probabilities_are_shown_by_their_bits(cli: Callable[..., Run]) -> None:
    outputs = ["--return", "probabilities", "--return", "statevector"]
    done = cli("submit", "-", "--wait", "--param", "theta=pi/2", *outputs, stdin=ROTATION)
    rows = [line.split() for line in done.stdout.splitlines()[2:]]
    assert rows[:3] == [["bits", "probability"], ["00", "0.5"], ["11", "0.5"]]
    assert rows[3:] == [
        ["bits", "amplitude"],
        ["00", "0.707107", "+", "0i"],
        ["11", "0.707107", "+", "0i"],
    ]


# Pictures


def png_size(file: Path) -> tuple[int, int]:
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_counts_are_plotted_as_a_histogram(cli: Callable[..., Run], tmp_path: Path) -> None:
    file = tmp_path / "bell.png"
    done = cli("submit", "-", "--plot", str(file), stdin=BELL)
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"Picture: {file}\n"
    assert png_size(file) == (1024, 640)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--observable", "ZI", "--observable", "XX"], ["theta", "expectation value", "ZI", "XX"]),
        (["--observable", "ZI", "--precision", "0.1"], ["theta", "expectation value of ZI"]),
        ([], ["theta", "share of shots", "outcome", "00", "11"]),
        (["--return", "probabilities"], ["theta", "probability"]),
    ],
)
def test_a_sweep_is_plotted_as_curves_over_its_parameter(
    cli: Callable[..., Run], tmp_path: Path, options: list[str], words: list[str]
) -> None:
    file = tmp_path / "curve.svg"
    sweep = ["--param", "theta=0:2pi:9", *options]
    done = cli("submit", "-", "--plot", str(file), *sweep, stdin=ROTATION)
    assert done.returncode == 0, done.stderr
    labels = re.findall(r"<!-- (.*?) -->", file.read_text())
    for word in words:
        assert word in labels


def test_a_task_that_has_ended_can_be_plotted(
    cli: Callable[..., Run], service: Service, tmp_path: Path
) -> None:
    task = service.submit(name="pair")
    file = tmp_path / "later.pdf"
    assert cli("result", task, "--plot", str(file)).returncode == 0
    assert file.read_bytes().startswith(b"%PDF")


def test_an_invalid_plot_file_is_refused_before_the_submission(cli: Callable[..., Run]) -> None:
    for file, words in (
        ("x.gif", "must end in .png, .svg, .pdf"),
        ("no/x.png", "the folder does not exist"),
    ):
        done = cli("submit", "-", "--plot", file, "--tag", "not-submitted", stdin=BELL)
        assert done.returncode == 2
        assert words in done.stderr
    assert cli("list", "--tag", "not-submitted").stdout == "No tasks.\n"


# Batches and watching


def test_a_batch_shows_the_result_of_each_file(cli: Callable[..., Run], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.qasm"
    wrong.write_text("qubit q;\nhh q;\n")
    done = cli("batch", str(EXAMPLES / "bell.qasm"), str(wrong), str(EXAMPLES / "ghz.qasm"))
    assert done.returncode == 1
    head, bell, failed, ghz, note = [
        line.strip().split(maxsplit=2) for line in done.stdout.splitlines()
    ]
    assert head == ["file", "state", "result"]
    assert (bell[1], ghz[1], failed[1]) == ("completed", "completed", "failed")
    assert "line 2, column 1: unknown gate `hh`" in failed[2]
    assert "1111111111: " in ghz[2]
    assert " ".join(note) == "2 of 3 completed"


def test_a_batch_as_json_has_one_line_for_each_file(cli: Callable[..., Run]) -> None:
    files = [str(EXAMPLES / name) for name in ("bell.qasm", "ghz.qasm")]
    done = cli("batch", *files, "--json", "--shots", "7", "--name", "two")
    assert (done.returncode, done.stderr) == (0, "")
    items = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(each["file"] for each in items) == files
    assert [sum(each["result"].values()) for each in items] == [7, 7]


def test_the_result_of_a_batch_is_a_table_of_what_has_ended(
    cli: Callable[..., Run], service: Service
) -> None:
    tasks = [{"circuit": BELL, "shots": 7}, {"circuit": "qubit q;\nhh q;"}, {"circuit": ENDLESS}]
    batch_id = service.http.post("/batches", json={"tasks": tasks}).json()["batch_id"]
    path = f"/batches/{batch_id}"

    def has_ended(count: int) -> bool:
        states = service.http.get(path).json()["states"]
        return bool(states["completed"] + states["failed"] + states["cancelled"] == count)

    until(lambda: has_ended(2), 60, service.logs)
    shown = cli("result", batch_id)
    head, first, second, note = [
        line.strip().split(maxsplit=2) for line in shown.stdout.splitlines()
    ]
    assert (shown.returncode, head) == (1, ["item", "state", "result"])
    assert (first[:2], second[:2]) == (["0", "completed"], ["1", "failed"])
    assert " ".join(note) == "1 of 2 completed; 1 of 3 still to come (wait for all: --wait)"
    assert cli("result", batch_id, "--plot", "x.png").returncode == 2
    service.http.post(f"{path}/cancel")
    lines = [
        json.loads(line) for line in cli("result", batch_id, "--wait", "--json").stdout.splitlines()
    ]
    assert sorted(line["item"] for line in lines) == [0, 1, 2]


def test_watch_in_a_pipe_prints_one_screen(cli: Callable[..., Run], service: Service) -> None:
    running = service.submit(ENDLESS)
    service.running(running)
    screen = cli("watch").stdout
    assert cli("cancel", running).returncode == 0
    assert re.match(r"[\d,]+ waiting · [1-9]\d* running · \d+ workers? with \d+ slots", screen)
    assert re.search(rf"{running} +running", screen)


def test_watch_in_a_terminal_runs_until_ctrl_c(service: Service) -> None:
    terminal, stream = pty.openpty()
    variables = environment(service.url, TERM="xterm", COLUMNS="120", LINES="30")
    arguments = ("watch", "--every", "0.1")
    watching = start(arguments, (stream, stream, stream), variables)
    os.close(stream)
    service.submit(name="wide" * 6, tags=["label" * 5], circuit=ENDLESS, timeout_s=1)
    task = service.submit(name="shown-on-the-screen")  # cut where other tasks need the width
    read_until(terminal, lambda screen: task[:SHORT_ID_LENGTH] in screen)
    os.kill(watching.pid, signal.SIGINT)
    while read_terminal(terminal):
        pass
    os.close(terminal)
    assert watching.wait(30) == 0


# Backends

MANILA = {
    "name": "fake_manila",
    "description": "IBM's Manila",
    "qubits": 5,
    "noisy": True,
    "basis_gates": ["cx", "id", "rz", "sx", "x"],
    "calibrated": "2024-05-27",
    "median_errors": {"one_qubit": 0.000354, "two_qubit": 0.0101, "readout": 0.0219},
}
IDEAL = {"name": "simulator", "qubits": 28, "noisy": False, "median_errors": None}


def test_backends_are_a_table_and_one_backend_is_shown_in_full() -> None:
    pairs = {
        "coupling_map": [[0, 1], [1, 0], [1, 2]],
        "queue": {"waiting": 3, "expected_wait_s": 2},
    }
    with fake_service(json_reply({"backends": [IDEAL, MANILA]}), json_reply(MANILA | pairs)) as (
        client,
        _,
    ):
        table = quantumtask("backends", url=client.url).stdout.splitlines()
        one = quantumtask("backends", "fake_manila", url=client.url).stdout
    assert table[1].split() == ["simulator", "28"]
    assert table[2].split() == [
        "fake_manila",
        "5",
        "0.000354",
        "0.0101",
        "0.0219",
        "IBM's",
        "Manila",
    ]
    assert "5 qubits · 1-qubit error 0.000354 · " in one
    assert "3 waiting · starts in about 2.0 s" in one
    assert "coupled: 0-1, 1-2\n" in one


def test_the_command_line_names_an_older_service() -> None:
    with fake_service(error_reply(404, "not_found", "not found")) as (client, _):
        done = quantumtask("backends", url=client.url)
    assert done.returncode == 3
    assert "older than the client and cannot do backends" in done.stderr


def test_a_submission_has_the_noise_and_the_backend_of_the_options() -> None:
    receipt = json_reply({"task_id": "t", "status": "submitted"})
    with fake_service(receipt, receipt) as (client, service):
        rates = '{"readout": {"zero_as_one": 0.1}}'
        quantumtask("submit", "-", "--noise", rates, url=client.url, stdin=BELL)
        options = ["--backend", "fake_manila", "--noise", "fake_lima", "--return", "counts"]
        quantumtask("submit", "-", *options, url=client.url, stdin=BELL)
    first, second = (request.json for request in service.requests)
    assert first == {"circuit": BELL, "noise": {"readout": {"zero_as_one": 0.1}}}
    expected = {"backend": "fake_manila", "noise": "fake_lima", "return": ["counts"]}
    assert second == {"circuit": BELL, **expected}


def test_noise_may_be_a_file(tmp_path: Path) -> None:
    file, model = tmp_path / "model.json", {"errors": [], "basis_gates": ["own"]}
    file.write_text(json.dumps(model))
    receipt = json_reply({"task_id": "t", "status": "submitted"})
    with fake_service(receipt) as (client, service):
        quantumtask("submit", "-", "--noise", str(file), url=client.url, stdin=BELL)
        missing = str(tmp_path / "none.json")
        done = quantumtask("submit", "-", "--noise", missing, url=client.url, stdin=BELL)
    assert service.requests[0].json["noise"] == model
    assert (done.returncode, "none.json" in done.stderr) == (2, True)


# The shell


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell: str) -> None:
    words = {"bash": "COMP_WORDS", "zsh": "_TYPER_COMPLETE_ARGS", "fish": "_TYPER_COMPLETE_ARGS"}

    def complete(line: str) -> str:
        variables = {"_QUANTUMTASK_COMPLETE": f"complete_{shell}", words[shell]: line}
        count = str(len(line.split()) - 1)
        more = {"COMP_CWORD": count, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        return quantumtask(**variables, **more).stdout

    assert "submit" in complete("quantumtask sub")
    assert "--observable" in complete("quantumtask submit --obs")
    script = quantumtask("completion", shell)
    assert f"_QUANTUMTASK_COMPLETE=complete_{shell}" in script.stdout, script.stderr
