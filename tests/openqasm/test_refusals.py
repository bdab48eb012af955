"""Wrong programs are refused with the code and the line of the first problem."""

from collections.abc import Mapping, Sequence

import pytest

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Problem, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.openqasm.refused_programs import HEAD, WRONG, Wrong
from tests.support.cases import check_each
from tests.support.services import Service

SETTINGS = Settings(slot_memory_mb=2048)
MEANING = [wrong for wrong in WRONG if wrong.code not in ("syntax_error", "empty_circuit")]


def named(programs: Sequence[Wrong]) -> Mapping[str, Wrong]:
    return {f"{wrong.code}: {wrong.text.removeprefix(HEAD)}": wrong for wrong in programs}


def first_problem(text: str, parameters: str | None = None) -> Problem:
    """Return the errors of `execute` for a program, which must not run."""
    failure = execute(TaskSpec(text, shots=10, seed=1, parameters=parameters), SETTINGS)
    assert isinstance(failure, Failure), f"ran: {text[:200]}"
    assert failure.problems, failure
    assert failure.problems[0].severity == "error"
    return failure.problems[0]


def test_every_wrong_program_is_refused_with_its_code_and_line_in_one_short_sentence() -> None:
    def check(wrong: Wrong) -> None:
        problem = first_problem(wrong.text)
        assert (problem.code, problem.line) == (wrong.code, wrong.line), problem.message
        assert 0 < len(problem.message) < 200, problem.message
        assert "\n" not in problem.message

    check_each(named(WRONG), check)


def test_every_program_stays_wrong_whatever_comes_after() -> None:
    def check(wrong: Wrong) -> None:
        problem = first_problem(wrong.text + "\nbarrier q;\n")
        assert (problem.code, problem.line) == (wrong.code, wrong.line), problem.message

    check_each(named(MEANING), check)


def test_every_case_that_is_wrong_is_named() -> None:
    def check(number: int) -> None:
        assert number < 2, "too large"

    with pytest.raises(
        AssertionError, match=r"2 of 4 cases are wrong:\n\nc: .*large(.|\n)*\n\nd: "
    ):
        check_each(dict(zip("abcd", range(4), strict=True)), check)


def test_the_list_is_long_and_says_nothing_twice() -> None:
    assert len(named(WRONG)) == len(WRONG) >= 220


def test_the_service_refuses_what_is_refused_here(service: Service) -> None:
    sample = WRONG[:: len(WRONG) // 20]
    tasks = [service.submit(wrong.text) for wrong in sample]
    for wrong, task in zip(sample, tasks, strict=True):
        body = service.finished(task)
        assert body["status"] == "failed", wrong
        assert (body["errors"][0]["code"], body["errors"][0]["line"]) == wrong[:2]
        assert f"line {wrong.line}," in body["error"]


@pytest.mark.parametrize("text", ["", " \n\t", "// nothing\n", "/* nothing */"])
def test_a_text_without_a_statement_is_refused(text: str) -> None:
    problem = first_problem(text)
    assert (problem.code, problem.line) == ("empty_circuit", 1)


@pytest.mark.parametrize(
    ("declaration", "parameters", "code"),
    [
        ("input float theta;", None, "missing_parameter"),
        ("input float theta;", "{}", "missing_parameter"),
        ("input int n; input float theta;", '{"n": 1}', "missing_parameter"),
        ("input float theta;", '{"theta": "much"}', "bad_parameter"),
        ("input int k;", '{"k": 0.5}', "bad_parameter"),
        ("input uint[4] k;", '{"k": 16}', "bad_parameter"),
        ("input uint k;", '{"k": -1}', "bad_parameter"),
        ("input bit[4] b;", '{"b": "101"}', "bad_parameter"),
        ("input array[int[8], 2] a;", '{"a": [1, 2, 3]}', "bad_parameter"),
        ("input bool b;", '{"b": 2}', "bad_parameter"),
        ("input complex w;", '{"w": [1, 2, 3]}', "bad_parameter"),
    ],
)
def test_an_input_without_a_fitting_value_is_refused(
    declaration: str, parameters: str | None, code: str
) -> None:
    name = declaration.split()[-1].rstrip(";")
    problem = first_problem(f"{HEAD}{declaration}\nc = measure q;", parameters)
    assert (problem.code, problem.line) == (code, 5)
    assert f"`{name}`" in problem.message


def test_a_misspelt_name_of_a_value_is_named_beside_the_input_without_a_value() -> None:
    task = TaskSpec(f"{HEAD}input float theta;", parameters='{"tetha": 1}')
    failure = execute(task, SETTINGS)
    assert isinstance(failure, Failure)
    hints = {each.message: each.hint for each in failure.problems}
    assert hints["the program has no input `tetha`"] == "Did you mean `theta`?"
    assert str(hints["the input `theta` has no value"]).endswith("--param theta=... in a terminal")


def test_a_value_for_no_input_is_refused() -> None:
    problem = first_problem(f"{HEAD}input int k;", '{"k": 1, "theta": 1}')
    assert problem.code == "unknown_parameter"
    assert "`theta`" in problem.message
