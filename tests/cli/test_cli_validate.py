"""Tests of `quantumtask validate` in a terminal and in a script, without a service."""

import json
import os
import pty
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from rich.cells import cell_len

from quantumtask.cli.render import problem_view, style, task_view
from tests.support.command_line import Run, environment, quantumtask, read_terminal, start
from tests.support.services import BELL, Service, alive, children, until
from tests.support.sizes import examples

WRONG = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nfrobnicate q[0];\nh q[5];\n'
UNMEASURED = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nh q;\n'
INPUT = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float theta;\nqubit q;\nbit c;\n'
    "rx(theta) q;\nc = measure q;\n"
)
LONG = 'include "stdgates.inc"; qubit q;\n' + "x q;\n" * 190_000


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str | bytes], str]:
    def write(name: str, text: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    return write


File = Callable[[str, str | bytes], str]


def test_a_valid_file_prints_one_line_and_exits_with_status_zero(file: File) -> None:
    name = file("bell.qasm", BELL)
    done = quantumtask("validate", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"{name}: valid: 2 qubits(, \d+ operations)?\n", done.stdout)


def test_every_problem_has_its_position_its_line_and_a_mark_under_it(file: File) -> None:
    name = file("wrong.qasm", WRONG)
    done = quantumtask("validate", name)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{name}:4:1: error[unknown_gate]: ")
    assert lines[1:3] == ["  4 | frobnicate q[0];", "    | ^^^^^^^^^^"]
    second = next(n for n, line in enumerate(lines) if line.startswith(f"{name}:5:"))
    assert "error[index_out_of_range]" in lines[second]
    assert lines[second + 1] == "  5 | h q[5];"
    assert re.fullmatch(r"    \|   ?\s*\^+", lines[second + 2])
    assert lines[-1] == f"{name}: not valid: 2 errors"


def test_warnings_are_shown_and_the_exit_status_is_zero(file: File) -> None:
    done = quantumtask("validate", file("unmeasured.qasm", UNMEASURED))
    assert done.returncode == 0
    assert "warning[" in done.stdout
    assert re.search(r"valid: .*; \d+ warnings?\n$", done.stdout)


def test_a_dash_reads_standard_input() -> None:
    done = quantumtask("validate", "-", stdin=WRONG)
    assert done.returncode == 1
    assert done.stdout.startswith("<stdin>:4:1: error[unknown_gate]: ")


def test_every_file_has_a_report_and_the_valid_files_are_counted(file: File) -> None:
    good, bad = file("good.qasm", BELL), file("bad.qasm", WRONG)
    done = quantumtask("validate", bad, good, "no-such.qasm", file("binary.qasm", b"\xff\xfe"))
    assert done.returncode == 2
    assert f"{good}: valid" in done.stdout
    assert f"{bad}: not valid" in done.stdout
    assert done.stdout.endswith("1 of 4 files valid\n")
    first, second = done.stderr.splitlines()
    assert first == "quantumtask: no-such.qasm cannot be read: No such file or directory."
    assert second.endswith("binary.qasm is not UTF-8 text (byte 1).")


def test_json_output_is_the_report_of_each_file(file: File) -> None:
    name = file("wrong.qasm", WRONG)
    done = quantumtask("validate", name, "-", "--json", stdin=BELL)
    assert (done.returncode, done.stderr) == (1, "")
    wrong, good = map(json.loads, done.stdout.splitlines())
    assert (wrong["file"], wrong["valid"], good["file"], good["valid"]) == (
        *(name, False),
        *("<stdin>", True),
    )
    first = wrong["problems"][0]
    assert (first["line"], first["end_column"]) == (4, 11)


def test_the_report_is_the_report_of_the_service(service: Service) -> None:
    done = quantumtask("validate", "-", "--json", stdin=WRONG)
    answer = service.http.post("/validate", json={"circuit": WRONG})
    assert json.loads(done.stdout) == {"file": "<stdin>", **answer.json()}


def test_a_parameter_is_json_or_text() -> None:
    assert quantumtask("validate", "-", "--parameter", "theta=0.3", stdin=INPUT).returncode == 0
    wrong = quantumtask("validate", "-", "--parameter", "theta=much", stdin=INPUT)
    assert (wrong.returncode, "theta" in wrong.stdout) == (1, True)


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        (["theta"], "NAME=VALUE"),
        (["=1"], "NAME=VALUE"),
        (["a=1", "a=2"], "twice"),
        (["a=1e999"], "finite"),
        (["a=null"], "must be"),
        (["a={}"], "must be"),
        (["a=" + "9" * 1_300], "4,096 bits"),
        (["a=" + os.fsdecode(b"\xff")], "NAME=VALUE"),
    ],
    ids=lambda value: str(value)[:20].encode("ascii", "replace").decode(),
)
@pytest.mark.parametrize("command", ["validate", "submit"])
def test_an_invalid_parameter_is_wrong_use(command: str, parameters: list[str], word: str) -> None:
    options = [part for each in parameters for part in ("--parameter", each)]
    done = quantumtask(command, "-", *options, stdin=BELL)
    assert done.returncode == 2
    assert word in re.sub(r"[\s│]+", " ", done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_submission_has_the_parameters_of_the_options(service: Service) -> None:
    options = ["--parameter", "theta=0.3", "--parameter", "mask=0101", "--parameter", "p=[0, -1.5]"]
    sent = quantumtask("submit", "-", "--json", *options, url=service.url, stdin=BELL)
    task = service.get(json.loads(sent.stdout)["task_id"])
    assert task["parameters"] == {"theta": 0.3, "mask": "0101", "p": [0, -1.5]}


def test_a_circuit_over_the_compile_limit_is_reported_and_the_next_file_is_read(
    file: File,
) -> None:
    long, good = file("long.qasm", LONG), file("good.qasm", BELL)
    done = quantumtask("validate", long, good, QUANTUMTASK_COMPILE_LIMIT_S="0.1")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"{long}: error[compile_timeout]: " in done.stdout
    assert f"{good}: valid" in done.stdout


@pytest.mark.parametrize("name", ["/dev/zero", "-"])
def test_a_file_over_the_size_limit_is_not_read_to_its_end(name: str) -> None:
    stdin = "😀" * 2_100_000 if name == "-" else ""
    done = quantumtask("validate", name, stdin=stdin)
    assert done.returncode == 1
    assert "error[circuit_too_large]: circuit: at most 8,388,608 bytes" in done.stdout


def test_validate_names_a_misspelt_setting() -> None:
    done = quantumtask("validate", "-", QUANTUMTASK_MAX_QUBIT="5")
    assert done.returncode == 2
    assert done.stderr.startswith("quantumtask: QUANTUMTASK_MAX_QUBIT is not a setting.")


def test_the_settings_limit_a_circuit() -> None:
    done = quantumtask("validate", "-", stdin="qubit[6] q;", QUANTUMTASK_MAX_QUBITS="5")
    assert done.returncode == 1
    assert "error[too_many_qubits]" in done.stdout


def test_control_characters_in_a_file_are_not_printed() -> None:
    done = quantumtask("validate", "-", stdin='OPENQASM 3.0;\n"\x1b[2J\u202e" q;\n')
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


def run_in_terminal(*arguments: str, **more: str) -> str:
    terminal, stream = pty.openpty()
    variables = environment(None, TERM="xterm-256color", COLUMNS="80", **more)
    running = start(arguments, (stream, stream, stream), variables)
    os.close(stream)
    output = b""
    while some := read_terminal(terminal):
        output += some
    os.close(terminal)
    assert running.wait(30) == 1
    return output.decode()


def test_a_terminal_gets_colours_unless_no_color_is_set(file: File) -> None:
    name = file("wrong.qasm", WRONG)
    assert "\x1b[1;31merror[unknown_gate]\x1b[0m" in run_in_terminal("validate", name)
    plain = run_in_terminal("validate", name, NO_COLOR="1")
    assert "\x1b[1;31m" not in plain
    assert "unknown_gate" in plain


def test_a_killed_command_leaves_no_process(file: File) -> None:
    reading, writing = os.pipe()
    output, printing = os.pipe()
    arguments = ("validate", file("good.qasm", BELL), "-")
    running = start(arguments, (reading, printing, printing), environment())
    os.close(printing)
    with os.fdopen(output) as lines:
        assert "valid" in lines.readline()  # the command now waits for standard input
        [child] = children(running.pid)
        os.kill(running.pid, signal.SIGKILL)
        running.wait(30)
    os.close(reading)
    os.close(writing)
    until(lambda: not alive(child), 10)
    assert not alive(child)


EXCERPTS = {
    "the start": ("h q[5];", 0, 1, 40, "h q[5];", "^"),
    "one token": ("h q[5];", 4, 5, 40, "h q[5];", "    ^"),
    "an empty span at the end": ("h q", 3, 3, 40, "h q", "   ^"),
    "a tab before it": ("\th q;", 3, 4, 40, "    h q;", "      ^"),
    "a tab in it": ("a\tb", 0, 3, 40, "a    b", "^^^^^^"),
    "wide characters": ("量子 q;", 3, 4, 40, "量子 q;", "     ^"),
    "a wide character": ("x量;", 1, 2, 40, "x量;", " ^^"),
    "a combining mark": ("e\u0301 q;", 3, 4, 40, "e\u0301 q;", "  ^"),
    "an escape": ("\x1b[2J q", 5, 6, 40, "�[2J q", "     ^"),
    "the end of a line that fits": ("x" * 40, 38, 40, 40, "x" * 40, " " * 38 + "^^"),
    "one character too many": ("x" * 40 + ";", 40, 41, 40, "…" + "x" * 20 + ";", " " * 21 + "^"),
    "wide characters that do not fit": ("量" * 30, 0, 1, 21, "量" * 9 + "…", "^^"),
    "an empty line": ("", 0, 0, 40, "", "^"),
}


@pytest.mark.parametrize("name", EXCERPTS)
def test_the_mark_is_under_its_span(name: str) -> None:
    line, first, last, width, excerpt, marks = EXCERPTS[name]
    assert problem_view.excerpt(line, first, last, width) == (excerpt, marks)


@pytest.mark.parametrize("first", [0, 5, 39, 50, 4000, 9_999])
def test_a_long_line_is_cut_around_its_span(first: int) -> None:
    line = "".join(chr(ord("a") + n % 26) for n in range(10_000))
    excerpt, marks = problem_view.excerpt(line, first, first + 3, 60)
    assert len(excerpt) <= 60
    assert len(marks) <= 60
    assert excerpt[marks.index("^") : len(marks)] == line[first : first + 3]
    assert excerpt.startswith("…") == (first > 30)


@how(max_examples=examples(30))
@given(st.text(), st.integers(0, 200), st.integers(0, 50), st.integers(20, 120))
def test_an_excerpt_fits_the_width_and_has_a_mark(
    line: str, first: int, length: int, width: int
) -> None:
    first = min(first, len(line))
    excerpt, marks = problem_view.excerpt(line, first, first + length, width)
    assert cell_len(excerpt) <= width
    assert re.fullmatch(r" *\^+", marks)
    assert len(marks) <= width + 1
    assert all(character.isprintable() for character in excerpt)


def test_a_span_longer_than_the_terminal_is_marked_in_its_visible_part() -> None:
    excerpt, marks = problem_view.excerpt("x" * 500, 0, 500, 60)
    assert excerpt.endswith("…")
    assert 55 <= len(marks) <= 60
    assert set(marks) == {"^"}


def report_lines(report: dict[str, object]) -> list[str]:
    empty = {"valid": False, "inputs": [], "outputs": [], "registers": [], "qubits": 0}
    lines = problem_view.lines(
        "f", "one\r\ntwo\rthree", {**empty, "operations": None, **report}, 80
    )
    return [line.plain for line in lines]


PROBLEM = {
    "severity": "error",
    "code": "syntax_error",
    "message": "no",
    "hint": None,
    "line": 2,
    "column": 2,
    "end_line": 2,
    "end_column": 4,
    "token": "wo",
}


def test_a_span_over_several_lines_is_marked_to_the_end_of_its_first() -> None:
    problem = {**PROBLEM, "column": 1, "end_line": 3, "end_column": 2, "hint": "write `a`"}
    assert report_lines({"problems": [problem]}) == [
        *("f:2:1: error[syntax_error]: no", "  2 | two", "    | ^^^", "  hint: write `a`"),
        "f: not valid: 1 error",
    ]


@pytest.mark.parametrize("position", [(3, 6), (3, 99), (9, 1)])
def test_a_position_after_the_end_has_no_excerpt(
    position: tuple[int, int],
) -> None:
    problem = {**PROBLEM, "line": position[0], "column": position[1], "end_line": None}
    lines = report_lines({"problems": [{**problem, "end_column": None}]})
    assert lines[0] == f"f:{position[0]}:{position[1]}: error[syntax_error]: no"
    assert lines[-1] == "f: not valid: 1 error"


def test_a_problem_without_a_position_is_shown_without_a_line() -> None:
    no_position = dict.fromkeys(("line", "column", "end_line", "end_column"))
    assert report_lines({"problems": [{**PROBLEM, **no_position}]}) == [
        *("f: error[syntax_error]: no", "f: not valid: 1 error")
    ]


def test_outputs_are_shown_with_their_most_frequent_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outputs = {
        "flag": [True, False, True],
        "bits": ["01", "01", "11"],
        "count": [1, 2, 3, 4, 5, 6, 7],
        "ratio": [0.1 + 0.2, 1e300, 0.3],
        "point": [[0.5, 1], [0.5, 1]],
        "text\x1b": [],
    }
    task = {"status": "completed", "shots": 3, "result": {"0": 3}, "outputs": outputs}
    style.console().print(task_view.task({**task, "task_id": "t"}))
    output = capsys.readouterr().out
    table = [re.split(r"  +", line.strip()) for line in output.splitlines()[3:]]
    assert table == [
        ["output", "type", "values"],
        ["flag", "bool", "true × 2, false × 1"],
        ["bits", "bit[2]", "01 × 2, 11 × 1"],
        ["count", "int", "1 × 1, 2 × 1, 3 × 1, 4 × 1, 5 × 1, … and 2 more"],
        ["ratio", "float", "0.3 × 2, 1e+300 × 1"],
        ["point", "list[2]", "[0.5, 1] × 2"],
        ["text�"],
    ]


def test_validate_needs_no_service() -> None:
    done: Run = quantumtask("validate", "-", url="http://127.0.0.1:1", stdin=BELL)
    assert done.returncode == 0
