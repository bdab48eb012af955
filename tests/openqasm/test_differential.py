"""Programs have the same outcomes in other implementations of OpenQASM.

The others: Qiskit's importers with Aer, QDK's simulator, Braket's local one. What amplitudes can be
had of is compared exactly, the rest by samples. `make test-full` tries more random programs, and
all features, not only some.
"""

import importlib.util
import math
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import chdtrc

from quantumtask.openqasm import Program
from tests.openqasm import differential_known as known
from tests.openqasm import textbook
from tests.openqasm.differential import (
    OTHERS,
    Parameters,
    Unable,
    compiled,
    ours,
    state_by_qiskit,
    state_by_us,
)
from tests.openqasm.differential_programs import (
    PROGRAMS,
    STATIC,
    random_circuits,
    random_processes,
)
from tests.openqasm.features import SECTIONS, Refused
from tests.support.cases import check_each
from tests.support.sizes import examples, sized

FALSE_ALARM = 1e-10
"""Probability that equal distributions count as different: 1e-6 for 10,000 comparisons together."""

NUM_PROGRAMS = examples(10)

PACKAGES = {"qiskit": "qiskit_qasm3_import", "qdk": "qdk", "braket": "braket"}
INSTALLED = [name for name, package in PACKAGES.items() if importlib.util.find_spec(package)]

needs = {
    name: pytest.mark.skipif(name not in INSTALLED, reason=f"{package} is not installed")
    for name, package in PACKAGES.items()
}
# Tests of one implementation share its outcomes, which this process remembers.
one_process = {name: pytest.mark.xdist_group(name) for name in OTHERS}
every_other = pytest.mark.parametrize(
    "other",
    [
        pytest.param(name, marks=(needs[name], one_process[name], pytest.mark.slow_first))
        for name in OTHERS
    ],
)


def feature_programs() -> dict[str, tuple[str, Parameters]]:
    result = {
        f"{section}: {feature.name}": feature
        for section, features in SECTIONS.items()
        for feature in features
        if not isinstance(feature.expected, Refused)
    }
    plain = {name: (f.program, dict(f.parameters or {})) for name, f in result.items()}
    measured: dict[str, tuple[str, Parameters]] = {
        f"{name}, measured": (f.measured_program, {})
        for name, f in result.items()
        if f.measured_program and not isinstance(f.measured_expected, Refused)
    }
    return plain | measured


FEATURES = feature_programs()
TEXTBOOK = {
    "adder": textbook.adder(5, 6, 3),
    "controlled phase": textbook.cphase("0.3", 1),
    "inverse Fourier transform": textbook.inverseqft1(11),
    "inverse Fourier transform, bit by bit": textbook.inverseqft2(11),
    "phase estimation": textbook.ipe(4, 5),
    "Fourier transform": textbook.qft(5, ""),
    "tomography": textbook.qpt("h q;", ""),
    "repeat until success": textbook.rus(),
    "teleportation": textbook.teleport(0.3, 0.2, 0.1),
    "alignment": textbook.alignment(),
}
CASES: dict[str, tuple[str, Parameters]] = {
    **{name: (text, {}) for name, text in PROGRAMS.items()},
    **{f"textbook: {name}": (text, {}) for name, text in TEXTBOOK.items()},
    **FEATURES,
}
DISAGREE = {(name, k.other) for k in known.KNOWN for name in k.names}
SPACING = {False: sized(6, 1), True: sized(40, 1)}
"""`make test` tries every sixth program, every fortieth feature, and what is known to disagree."""
SPACED = {name for at, name in enumerate(CASES) if at % SPACING[name in FEATURES] == 0}
TRIED_NAMES = [
    name for name in CASES if name in SPACED or any((name, o) in DISAGREE for o in INSTALLED)
]


@cache
def program(name: str) -> Program:
    return compiled(*CASES[name])


@cache
def our_outcomes(name: str) -> Counter[str]:
    return ours(*CASES[name])


@cache
def their_outcomes(name: str, other: str) -> Counter[str] | None:
    """Return sampled outcomes; None if the implementation does not accept the program."""
    try:
        return OTHERS[other](*CASES[name], program(name))
    except Unable:
        return None


def differ(left: Counter[str], right: Counter[str]) -> bool:
    """Return True if a G test finds two samples different; rare outcomes count as one outcome."""
    left = masked(left, next(iter(right)))
    events = left + right
    often = [key for key, shots in events.items() if shots >= 20]
    cells = [(left[key], right[key]) for key in often]
    rest = left.total() - sum(a for a, _ in cells), right.total() - sum(b for _, b in cells)
    cells += [rest] if any(rest) else []
    share = left.total() / events.total()
    g = 2 * sum(surprise(a, (a + b) * share) + surprise(b, (a + b) * (1 - share)) for a, b in cells)
    return len(cells) > 1 and bool(chdtrc(len(cells) - 1, g) < FALSE_ALARM)


def masked(outcomes: Counter[str], template: str) -> Counter[str]:
    """Return outcomes without the bits that the other implementation does not report."""
    result: Counter[str] = Counter()
    for bits, shots in outcomes.items():
        result["".join(b if t != "." else "." for b, t in zip(bits, template, strict=True))] += (
            shots
        )
    return result


def surprise(count: int, expected: float) -> float:
    return count * math.log(count / expected) if count else 0.0


@every_other
def test_another_implementation_gives_the_same_distribution(other: str) -> None:
    def check(name: str) -> None:
        theirs = their_outcomes(name, other)
        if theirs is None:
            assert (name, other) not in DISAGREE, "no longer accepted: strike it from the table"
        else:
            disagree = differ(our_outcomes(name), theirs)
            assert disagree == ((name, other) in DISAGREE), (our_outcomes(name), theirs)

    tried = [name for name in TRIED_NAMES if name in SPACED or (name, other) in DISAGREE]
    check_each({name: name for name in tried}, check)


@every_other
def test_another_implementation_accepts_enough_programs(other: str) -> None:
    tried = [name for name in TRIED_NAMES if name in PROGRAMS]
    accepted = [name for name in tried if their_outcomes(name, other) is not None]
    assert len(accepted) >= sized(15, 90)


def test_amplitudes_are_those_of_qiskit() -> None:
    def check(name: str) -> None:
        text, parameters = CASES[name]
        try:
            (state, bits), (other, others) = (
                state_by_us(program(name)),
                state_by_qiskit(text, parameters),
            )
        except Unable:
            return
        if "$" in text:  # the order of the basis states differs, and no field names it
            return
        same = bits == others and abs(np.vdot(state, other)) > 1 - 1e-9
        assert same == ((name, "qiskit") not in DISAGREE or name in known.RUN_BY_NAME)

    check_each({name: name for name in TRIED_NAMES}, check)


def test_most_programs_without_feedback_are_compared_by_amplitudes() -> None:
    def exact(name: str) -> bool:
        try:
            state_by_us(program(name)), state_by_qiskit(*CASES[name])
        except Unable:
            return False
        return True

    assert sum(map(exact, STATIC)) > 0.8 * len(STATIC)


def test_every_known_disagreement_is_about_a_program() -> None:
    assert {name for name, _ in DISAGREE} <= CASES.keys()


random = settings(
    max_examples=NUM_PROGRAMS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@random
@given(random_circuits)
def test_a_random_circuit_has_the_amplitudes_of_qiskit(text: str) -> None:
    (state, bits), (other, others) = state_by_us(compiled(text, {})), state_by_qiskit(text, {})
    assert bits == others
    assert abs(np.vdot(state, other)) > 1 - 1e-9


WRONG_IN_BRAKET = ("reset", *(f"pow(2) @ {gate}" for gate in ("cx", "CX", "swap")))
"""Texts of random programs that Braket gets wrong: see `differential_known.py`."""


@one_process["braket"]
@random
@given(st.one_of(random_circuits, random_processes))
def test_a_random_program_has_the_distribution_of_other_implementations(text: str) -> None:
    mine = ours(text, {})
    for other in INSTALLED:
        if other == "braket" and any(each in text for each in WRONG_IN_BRAKET):
            continue
        try:
            theirs = OTHERS[other](text, {}, compiled(text, {}))
        except Unable:
            continue
        assert not differ(mine, theirs), other


MUTATIONS = {
    "ctrl of sdg, t": ("ctrl @ sdg", "ctrl @ s"),
    "ctrl": ("ctrl @ s ", "ctrl @ sdg "),
    "negctrl": ("negctrl @ ctrl @ y", "ctrl @ negctrl @ y"),
    "inv": ("inv @ t", "t"),
    "pow": ("pow(2) @ t", "pow(3) @ t"),
    "gate crz": ("crz(", "cp("),
    "gphase": ("ctrl @ gphase(0.8) q[1]", "ctrl @ gphase(0.8) q[0]"),
    "slices": ("q[3:4]", "q[4:-1:3]"),
    "if else": ("if (c[0])", "if (!c[0])"),
    "reset of a register": ("reset q;", ""),
}


@every_other
def test_the_comparison_detects_a_wrong_gate(other: str) -> None:
    def check(name: str) -> None:
        text = PROGRAMS[name].replace(*MUTATIONS[name])
        assert text != PROGRAMS[name]
        theirs = their_outcomes(name, other)
        if theirs is not None:
            assert differ(ours(text, {}), theirs)

    check_each({name: name for name in MUTATIONS}, check)


def test_two_samples_of_one_distribution_do_not_differ() -> None:
    assert not differ(Counter({"0": 480, "1": 520}), Counter({"0": 530, "1": 470}))
    assert not differ(Counter({"00": 500, "01": 500}), Counter({".0": 499, ".1": 501}))
    assert differ(Counter({"0": 480, "1": 520}), Counter({"0": 700, "1": 300}))
    assert differ(Counter({"0": 1000}), Counter({"0": 900, "1": 100}))
