"""Every feature of the specification runs with the expected outcome, or is refused."""

import json
from collections.abc import Mapping

from benchmarks.language.features import (
    BEGIN,
    END,
    PACKAGES,
    PAGE,
    RESULTS,
    SHOTS,
    agrees,
    render_tables,
)

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.openqasm.features import SECTIONS, Expected, Feature, Refused
from tests.support.cases import check_each

SETTINGS = Settings()
ALL = {f"{section}: {f.name}": f for section, features in SECTIONS.items() for f in features}
MEASURED = {name: f for name, f in ALL.items() if f.measured_program is not None}


def outcome(program: str, parameters: Mapping[str, object] | None = None) -> Expected:
    """Return the shares of the outcomes of the register `c`, or the refusal."""
    values = None if parameters is None else json.dumps(parameters)
    spec = TaskSpec(program, shots=SHOTS, seed=7, parameters=values)
    done = execute(spec, SETTINGS)
    if isinstance(done, Failure):
        return Refused(done.code)
    shares: dict[str, float] = {}
    for key, shots in json.loads(done.counts).items():
        bits = key.split(" ")[-1]
        shares[bits] = shares.get(bits, 0.0) + shots / SHOTS
    return shares


def check(expected: Expected | None, actual: Expected) -> None:
    if isinstance(expected, Refused) or isinstance(actual, Refused):
        assert isinstance(expected, Refused), actual
        assert isinstance(actual, Refused), actual
        assert actual.code == expected.code
    else:
        assert expected is not None
        assert agrees(expected, actual), actual


def test_every_feature_does_what_the_specification_says() -> None:
    def check_feature(feature: Feature) -> None:
        check(feature.expected, outcome(feature.program, feature.parameters))

    check_each(ALL, check_feature)


def test_every_feature_does_the_same_with_a_measured_value() -> None:
    def check_feature(feature: Feature) -> None:
        assert feature.measured_program is not None
        check(feature.measured_expected, outcome(feature.measured_program))

    check_each(MEASURED, check_feature)


def test_a_wrong_outcome_is_told_from_a_right_one() -> None:
    assert agrees({"0": 0.5, "1": 0.5}, {"0": 0.48, "1": 0.52})
    assert not agrees({"0": 0.5, "1": 0.5}, {"0": 0.4, "1": 0.6})
    assert not agrees({"1": 1.0}, {"1": 0.999, "0": 0.001})
    assert not agrees({"0": 0.5, "1": 0.5}, {})


def test_every_feature_was_tried_with_every_other_implementation() -> None:
    words = json.loads(RESULTS.read_text())["features"]
    tried = {
        section: {name: set(result) for name, result in fs.items()} for section, fs in words.items()
    }
    assert tried == {
        section: {f.name: set(PACKAGES) for f in features} for section, features in SECTIONS.items()
    }


def test_the_table_on_the_page_is_what_the_features_say() -> None:
    results = json.loads(RESULTS.read_text())
    view = PAGE.read_text().split(BEGIN)[1].split(END)[0].strip()
    assert view == render_tables(results)
