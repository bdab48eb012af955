"""Deferred measurement: programs with gates that depend on outcomes run as one circuit."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantumtask.openqasm import Measure as Measurement
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Circuit, Program
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.engines.agreement import EXACT, TOLERANCES, exact_probabilities, has_exact_probabilities
from tests.engines.engine_truth import distribution
from tests.engines.sketch import Call, If, Measure, Reset, Sketch, Step, sketch
from tests.support.sizes import examples

SETTINGS = Settings(slot_memory_mb=2048)
HEAD = 'include "stdgates.inc"; '
WIDTH = 4
GATES = {"h": 1, "x": 1, "t": 1, "sx": 1, "cx": 2, "swap": 2, "ch": 2, "ccx": 3}


def calls(draw: st.DrawFn, most: int) -> list[Step]:
    names = draw(st.lists(st.sampled_from(sorted(GATES)), max_size=most))
    orders = st.permutations(range(WIDTH))
    return [Call(name, (), tuple(draw(orders)[: GATES[name]])) for name in names]


@st.composite
def sketches(draw: st.DrawFn) -> Sketch:
    """Draw gates, measurements into any bit, resets, and branches on one bit."""
    steps: list[Step] = [Call("h", (), (k,)) for k in range(WIDTH)]
    places = st.integers(0, WIDTH - 1)
    for _ in range(draw(st.integers(1, 6))):
        steps += calls(draw, 2)
        steps.append(Measure(draw(places), draw(places)))
        if draw(st.integers(0, 9)) == 0:
            steps.append(Reset(draw(places)))
        reference = ((draw(places), draw(st.integers(0, 1))),)
        steps.append(If(reference, tuple(calls(draw, 2)), tuple(calls(draw, 1))))
    steps += [Measure(k, k) for k in draw(st.sets(places))]
    return sketch("drawn", WIDTH, steps)


@settings(deadline=None)
@given(sketches())
def test_a_deferred_measurement_keeps_the_distribution_of_the_program(
    program_sketch: Sketch,
) -> None:
    program = compile_uncached(program_sketch.text(), SETTINGS).program
    for method in EXACT:
        if has_exact_probabilities(method, program):
            wrong = np.abs(
                exact_probabilities(method, program) - distribution(program_sketch)
            ).max()
            assert wrong < TOLERANCES[method.precision], method.engine


@settings(deadline=None, max_examples=examples(30))
@given(sketches(), st.integers(0, 1000))
def test_only_possible_outcomes_occur_with_and_without_deferral(
    program_sketch: Sketch, seed: int
) -> None:
    possible = set(np.flatnonzero(distribution(program_sketch) > 0).tolist())
    for engine in ("quantumtask", "auto"):
        result = execute(
            TaskSpec(program_sketch.text(), shots=50, seed=seed, engine=engine), SETTINGS
        )
        assert isinstance(result, Result)
        assert {int(key, 2) for key in json.loads(result.counts)} <= possible, engine


def compiled(body: str, qubits: int = 3, before: str = "", **limits: Any) -> Program:
    text = f"{HEAD}{before} qubit[{qubits}] q; bit[{qubits}] c; {body}"
    return compile_uncached(text, Settings(slot_memory_mb=2048, **limits)).program


def circuit_of(body: str, qubits: int = 3, before: str = "") -> Circuit:
    circuit = compiled(body, qubits, before).circuit
    assert circuit is not None
    return circuit


LOOK = "h q[0]; c[0] = measure q[0]; "


def test_the_qubit_controls_what_its_bit_decides_and_is_measured_at_the_end() -> None:
    circuit = circuit_of(
        LOOK + "if (c[0]) { x q[1]; p(0.3) q[2]; } else z q[1]; c[1] = measure q[1];"
    )
    steps = [(s.gate.name, *s[2:]) if isinstance(s, Operation) else s for s in circuit.steps]
    assert steps == [
        ("h", (0,), ()),
        ("z", (0, 1), (False,)),
        ("cx", (0, 1), ()),
        ("cp", (0, 2), ()),
        Measurement(0, 0),
        Measurement(1, 1),
    ]
    assert circuit.terminal_measurements_only


@pytest.mark.parametrize(
    "body",
    [
        "h q[1]; c[1] = measure q[1]; if (c == 3) x q[2];",
        "if (c[0] == 0) { if (c[0]) y q[1]; else h q[1]; }",
        "for int k in [0:3] { if (c[0]) x q[1]; }",
        "if (c[0]) { for int k in [0:3] { x q[1]; } }",
        "x q[1]; if (c[0]) x q[1]; h q[1]; c[1] = measure q[1]; if (c[1]) x q[2];",
        "act(c[0], q[1]);",
    ],
    ids=["two bits", "nested", "in a loop", "a loop in it", "one after the other", "a subroutine"],
)
def test_branches_of_nothing_but_gates_make_one_circuit(body: str) -> None:
    before = "def act(bit b, qubit a) { if (b) x a; }"
    if "for int k in [0:3] { x" in body:
        assert compiled(LOOK + body, before=before).circuit is None  # its variable is changed
    else:
        assert circuit_of(LOOK + body, before=before).terminal_measurements_only


@pytest.mark.parametrize(
    "body",
    [
        "if (c[0]) x q[0];",
        "h q[0]; if (c[0]) x q[1];",
        "reset q[0]; if (c[0]) x q[1];",
        "if (c[0]) c[1] = 1;",
        "if (c[0]) c[1] = measure q[1];",
        "x q[1]; if (c[0]) reset q[1];",
        "if (c[0]) end; x q[1];",
        "while (c[0]) { c[0] = 0; }",
        "h q[1]; c[1] = measure q[1]; if (c[0]) { x q[1]; if (c[1]) x q[2]; }",
        "int k = 5; if (c[0]) x q[k]; c[1] = measure q[1];",
        "t q[1]; if (c[0]) x q[1]; h q[0]; c[1] = measure q[0];",
    ],
    ids=[
        *("it turns the qubit", "the qubit was turned since", "it was reset since", "a bit is set"),
        *("it measures", "it resets", "it ends", "a loop", "a control is turned", "a refusal"),
        "the qubit is used on",
    ],
)
def test_a_branch_with_more_than_gates_runs_outcome_by_outcome(body: str) -> None:
    assert compiled(LOOK + body).circuit is None


def test_a_branch_that_no_shot_takes_may_have_a_runtime_error() -> None:
    text = f"{HEAD}qubit[2] q; bit[2] c; c[0] = measure q[0]; int k = 5; if (c[0]) x q[k];"
    result = execute(TaskSpec(text, shots=10), SETTINGS)
    assert isinstance(result, Result)
    assert json.loads(result.counts) == {"00": 10}
    failed = execute(TaskSpec(text.replace("c[0] =", "x q[0]; c[0] ="), shots=10), SETTINGS)
    assert isinstance(failed, Failure)
    assert failed.code == "index_out_of_range"


def test_a_condition_of_many_bits_is_decided() -> None:
    body = "h q; for int k in [0:11] { c[k] = measure q[k]; } if (c == 3) x q[12];"
    assert compiled(body, 13).circuit is None


def test_a_program_of_very_many_branches_is_run_outcome_by_outcome() -> None:
    body = LOOK + "for int k in [1:COUNT] { if (c[0]) x q[1]; }"
    assert compiled(body.replace("COUNT", "1000")).circuit is not None
    assert compiled(body.replace("COUNT", "3000")).circuit is None


def test_many_qubits_measured_mid_circuit_leave_the_state() -> None:
    walk = "".join(
        f"rx(0.1) q[{k}]; c[{k}] = measure q[{k}]; if (c[{k}]) x q[{k + 1}];" for k in range(40)
    )
    result = execute(TaskSpec(f"{HEAD}qubit[41] q; bit[41] c; {walk}", shots=20), SETTINGS)
    assert isinstance(result, Result)
    assert result.engine == "quantumtask"


def test_a_program_with_more_gates_than_one_circuit_may_have_still_runs_one_way() -> None:
    body = LOOK + "for int k in [0:99] { if (c[0]) { x q[1]; x q[2]; } else { y q[1]; y q[2]; } }"
    assert compiled(body, max_operations=1000).circuit is not None
    assert compiled(body, max_operations=300).circuit is None


def test_teleportation_is_simulated_once_for_all_shots() -> None:
    text = (
        f"{HEAD}qubit[3] q; bit a; bit b; bit[1] c; ry(1.2) q[0]; h q[1]; cx q[1], q[2]; "
        "cx q[0], q[1]; h q[0]; a = measure q[0]; b = measure q[1]; if (b) x q[2]; if (a) z q[2]; "
        "ry(-1.2) q[2]; c[0] = measure q[2];"
    )
    result = execute(TaskSpec(text, shots=500, seed=1), SETTINGS)
    assert isinstance(result, Result)
    assert result.engine == "lightning"
    assert {key[0] for key in json.loads(result.counts)} == {"0"}
