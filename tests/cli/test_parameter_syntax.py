"""Syntax of `--param`, `--observable` and `--noise`: each value, each mistake with its message."""

import math
from pathlib import Path
from typing import Any

import pytest
import typer

from quantumtask.cli.commands.parameter_syntax import (
    parse_json_or_text,
    parse_parameters,
    read_noise,
    read_observables,
)


def value(text: str) -> Any:
    values = parse_parameters([f"x={text}"])
    assert values is not None
    return values["x"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("-3", -3), ("0.5", 0.5), (".5", 0.5), ("+.5", 0.5), ("2.", 2.0), ("1e3", 1000.0),
     ("+7", 7.0), ("pi", math.pi), ("-pi", -math.pi), ("+pi", math.pi), ("PI", math.pi),
     ("2pi", 2 * math.pi), ("2*pi", 2 * math.pi), ("2 * pi / 3", 2 * math.pi / 3),
     ("0pi", 0.0), ("-.5*pi", -math.pi / 2), ("1e-1pi", math.pi / 10), ("pi/2e1", math.pi / 20),
     ("pi/-4", -math.pi / 4), (" pi ", math.pi)],
)  # fmt: skip
def test_a_number_may_be_written_with_pi(text: str, number: float) -> None:
    assert value(text) == pytest.approx(number)


@pytest.mark.parametrize(
    "text",
    ["", "word", "pi/0", "pi pi", "2/pi", "1/2", "1,two", "a:b:3", "1:2", "1:2:3:4", "1:2:x",
     "NaN", "Infinity", "--1", "0x10", "1_000", ",", "1,", "1:2:-3"],
)  # fmt: skip
def test_any_other_text_is_sent_as_it_is(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("[1, 2.5]", [1, 2.5]), ('"1010"', "1010"), ("010", "010"),
     ("1,0", [1, 0]), ("10,11", [10, 11]), ("01,11", ["01", "11"]), ("1, pi", [1, math.pi]),
     (" 0.5 ,-1", [0.5, -1])],
)  # fmt: skip
def test_json_bit_strings_and_lists_keep_their_types(text: str, expected: Any) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


def test_a_range_has_both_of_its_ends() -> None:
    assert value("0:1:2") == [0, 1]
    assert value("1:-1:5") == [1, 0.5, 0, -0.5, -1]
    angles = value("-pi:pi:1001")
    assert (len(angles), angles[0], angles[-1]) == (1001, -math.pi, pytest.approx(math.pi))


@pytest.mark.parametrize("count", [0, 1, 100_001])
def test_the_length_of_a_range_has_limits(count: int) -> None:
    with pytest.raises(typer.BadParameter, match=rf"2 to 100,000 values; got {count:,}"):
        value(f"0:1:{count}")


@pytest.mark.parametrize(
    ("texts", "words"),
    [(["x"], "write NAME=VALUE; got 'x'"), (["=1"], "write NAME=VALUE; got '=1'"),
     (["x=1", "y=2", "x=3"], "'x' occurs twice"), (["x=\udcff"], "write NAME=VALUE"),
     (["x={}"], "x")],
)  # fmt: skip
def test_a_parameter_that_cannot_be_sent_is_wrong_use(texts: list[str], words: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        parse_parameters(texts)
    assert words in refused.value.message
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("texts", [None, []])
def test_without_a_parameter_there_is_none(texts: list[str] | None) -> None:
    assert parse_parameters(texts) is None


def test_an_equals_sign_may_stand_in_a_value() -> None:
    assert parse_parameters(["x=a=b", "y="]) == {"x": "a=b", "y": ""}


@pytest.mark.parametrize(
    ("texts", "parameters", "expected"),
    [
        (None, None, None),
        ([], {"t": [1]}, None),
        (["ZZ"], None, "ZZ"),
        (["ZZ"], {"t": [1, 2]}, "ZZ"),
        (["ZZ", "XX"], None, ["ZZ", "XX"]),
        (["ZZ", "XX"], {"t": 1}, ["ZZ", "XX"]),
        (["ZZ", "XX"], {"t": [1, 2]}, [["ZZ"], ["XX"]]),
        (['[["ZZ", 0.5]]', "X"], None, [[["ZZ", 0.5]], "X"]),
    ],
)
def test_several_observables_are_broadcast_against_a_sweep(
    texts: list[str] | None, parameters: Any, expected: Any
) -> None:
    assert read_observables(texts, parameters) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, None), ("", ""), ("fake_manila", "fake_manila"), ("12", "12"), ("[1", "[1"),
     (' {"a": 1}', {"a": 1}), ("[1, 2]", [1, 2]), ("{NaN}", "{NaN}"), ("[NaN]", "[NaN]"),
     ("[" * 100_000, "[" * 100_000)],
    ids=lambda text: str(text)[:20],
)  # fmt: skip
def test_only_lists_and_objects_are_read_as_json(text: str | None, expected: Any) -> None:
    assert parse_json_or_text(text) == expected


def test_noise_is_a_name_an_object_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "noise.json"
    file.write_text('{"depolarizing": {"one_qubit": 0.01}}')
    assert read_noise(None) is None
    assert read_noise("fake_manila") == "fake_manila"
    assert read_noise('{"idle": false}') == {"idle": False}
    assert read_noise(str(file)) == {"depolarizing": {"one_qubit": 0.01}}


@pytest.mark.parametrize("content", [None, b"{", b"\xff"])
def test_a_file_of_noise_that_cannot_be_read_is_wrong_use(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "noise.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(typer.BadParameter, match=r"noise\.json' cannot be read as JSON"):
        read_noise(str(file))


@pytest.mark.parametrize("text", ["0.01", "1", ".5"])
def test_a_number_for_noise_is_refused_with_the_form_of_noise(text: str) -> None:
    with pytest.raises(typer.BadParameter) as refusal:
        read_noise(text)
    assert str(refusal.value) == (
        'write error rates as JSON, such as \'{"depolarizing": {"two_qubit": 0.01}}\', or the name '
        f"of a device that `quantumtask backends` lists; got {text}"
    )
