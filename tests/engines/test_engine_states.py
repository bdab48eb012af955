"""Native states and branch states, compared with dense matrices."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantumtask.engines.simulators import aer
from quantumtask.engines.simulators.native import statevector
from quantumtask.engines.simulators.native.branch_state import IdealBranchState, QuantumState
from quantumtask.engines.simulators.native.statevector import StateResources, StateVector
from quantumtask.engines.simulators.native.tableau import NotClifford, StabilizerTableau
from quantumtask.openqasm.program.execution import MeasurementOutcome, UndecidedOutcome
from quantumtask.openqasm.program.operations import BASIC_GATES, MatrixGate, Operation
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from tests.engines.dense_reference import Dense, assert_drawn_from
from tests.support.sizes import examples

SETTINGS = Settings(slot_memory_mb=2048)
MEANS = StateResources(1 << 28)


def make_stabilizer() -> QuantumState:
    return StabilizerTableau()


def make_statevector() -> QuantumState:
    return StateVector(MEANS)


def make_statevector_in_aer() -> QuantumState:
    def evolve(vector: Any, operations: list[Operation]) -> Any:
        return aer.evolve(vector, operations, threads=1, settings=SETTINGS)

    return StateVector(StateResources(1 << 28, evolve))


QUBITS = 4
CLIFFORD = [gate for gate in BASIC_GATES.values() if gate.is_clifford]
QUARTERS = [BASIC_GATES[name] for name in ("rx", "rz", "p", "u", "cp", "rzz", "cu")]
angles = st.floats(-7, 7, allow_nan=False)


@st.composite
def gates(draw: st.DrawFn, clifford: bool) -> Operation:
    gate = draw(st.sampled_from([*CLIFFORD, *QUARTERS] if clifford else list(BASIC_GATES.values())))
    order = tuple(draw(st.permutations(range(QUBITS))))
    if clifford:
        turns = [draw(st.integers(-4, 4)) * np.pi for _ in range(gate.num_parameters)]
        half = 0.5 if gate.num_qubits == 1 or gate.name == "rzz" else 1.0
        return Operation(gate, tuple(turn * half for turn in turns), order[: gate.num_qubits])
    controls = draw(st.lists(st.booleans(), max_size=QUBITS - gate.num_qubits).map(tuple))
    params = tuple(draw(angles) for _ in range(gate.num_parameters))
    return Operation(gate, params, order[: gate.num_qubits + len(controls)], controls)


Move = Operation | tuple[int, int]


def moves(clifford: bool) -> st.SearchStrategy[list[Move]]:
    """Return gates, and qubits to measure with a value to project on if both are possible."""
    measurement = st.tuples(st.integers(0, QUBITS - 1), st.integers(0, 1))
    return st.lists(gates(clifford) | gates(clifford) | measurement, max_size=20)


def replay(state: QuantumState, todo: list[Move]) -> None:
    dense = Dense(QUBITS)
    for move in todo:
        if isinstance(move, Operation):
            state.apply([move])
            dense.apply([move])
            continue
        qubit, value = move
        p = dense.probability(qubit)
        assert abs(state.probability(qubit) - p) < 1e-9
        value = value if 0.01 < p < 0.99 else round(p)
        state = state.project(qubit, value)
        dense.project(qubit, value)
        assert state.definite_value(qubit) == value
    assert_same(state, dense)


def assert_same(state: QuantumState, dense: Dense) -> None:
    for qubit in range(QUBITS):
        assert abs(state.probability(qubit) - dense.probability(qubit)) < 1e-9
    order = [2, 0, 3, 1]
    rows = state.sample(order, 2000, np.random.default_rng(1)).tolist()
    totals: dict[tuple[int, ...], int] = {}
    for row in map(tuple, rows):
        totals[row] = totals.get(row, 0) + 1
    assert_drawn_from(totals, {key: p for key, p in dense.weights(order).items() if p > 1e-12})


@settings(max_examples=examples(150), deadline=None)
@given(moves(clifford=True))
def test_a_stabilizer_state_is_the_state_of_dense_matrices(todo: list[Move]) -> None:
    replay(make_stabilizer(), todo)


@settings(max_examples=examples(150), deadline=None)
@given(moves(clifford=False))
def test_a_state_vector_is_the_state_of_dense_matrices(todo: list[Move]) -> None:
    replay(make_statevector(), todo)


@settings(max_examples=examples(25), deadline=None)
@given(moves(clifford=False))
def test_a_state_vector_that_aer_works_on_is_the_same(todo: list[Move]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statevector, "SIMULATOR_MIN_QUBITS", 1)
        patch.setattr(statevector, "SIMULATOR_MIN_GATES", 1)
        replay(make_statevector_in_aer(), todo)


@pytest.mark.parametrize("make", [make_stabilizer, make_statevector])
def test_a_qubit_can_be_set_once_it_is_known(make: Any) -> None:
    state: QuantumState = make()
    state.apply([Operation(BASIC_GATES["h"], (), (0,)), Operation(BASIC_GATES["cx"], (), (0, 1))])
    state = state.project(0, 1)
    state.set_value(0, 0)
    assert (state.definite_value(0), state.probability(0), state.probability(1)) == (0, 0.0, 1.0)
    state.set_value(7, 1)
    state.apply([Operation(BASIC_GATES["cx"], (), (7, 0))])
    assert state.probability(0) == 1.0


@pytest.mark.parametrize("gate", ["t", "ch", "ccx"])
def test_a_stabilizer_state_refuses_what_is_not_clifford(gate: str) -> None:
    basic = BASIC_GATES[gate]
    with pytest.raises(NotClifford):
        StabilizerTableau().apply([Operation(basic, (), tuple(range(basic.num_qubits)))])


def test_a_clifford_gate_is_known_by_its_matrix() -> None:
    root = MatrixGate(np.array([[1, -1j], [-1j, 1]], dtype=np.complex128) * 0.5**0.5)
    state = StabilizerTableau()
    state.apply([Operation(root, (), (0,)), Operation(root, (), (0,))])
    assert state.probability(0) == 1.0


def test_a_large_stabilizer_state_is_sampled_together() -> None:
    state = StabilizerTableau()
    state.apply([Operation(BASIC_GATES["h"], (), (0,))])
    state.apply([Operation(BASIC_GATES["cx"], (), (k, k + 1)) for k in range(299)])
    state.apply([Operation(BASIC_GATES["x"], (), (7,))])
    rows = state.sample([299, 7, 0], 1000, np.random.default_rng(1))
    assert set(map(tuple, rows.tolist())) == {(0, 1, 0), (1, 0, 1)}
    assert 400 < rows[:, 0].sum() < 600


# Measurements that nobody has looked at yet


def pending(make: Any) -> tuple[IdealBranchState, MeasurementOutcome]:
    state = IdealBranchState(make())
    state.apply([Operation(BASIC_GATES["h"], (), (0,))])
    outcome = state.measure(0)
    assert isinstance(outcome, MeasurementOutcome)
    return state, outcome


@pytest.mark.parametrize("make", [make_stabilizer, make_statevector])
def test_a_measurement_is_put_off_until_something_touches_the_qubit(make: Any) -> None:
    state, outcome = pending(make)
    assert state.measure(0) is outcome
    state.apply([Operation(BASIC_GATES["z"], (), (0,)), Operation(BASIC_GATES["cx"], (), (0, 1))])
    with pytest.raises(UndecidedOutcome) as interrupt:
        state.apply([Operation(BASIC_GATES["x"], (), (2,)), Operation(BASIC_GATES["h"], (), (0,))])
    assert interrupt.value.outcome is outcome
    assert state.measure(2) == 0
    with pytest.raises(UndecidedOutcome):
        state.apply([Operation(BASIC_GATES["cx"], (), (1, 0))])
    with pytest.raises(UndecidedOutcome):
        state.reset([0])
    assert state.probability(outcome) == 0.5


@pytest.mark.parametrize("make", [make_stabilizer, make_statevector])
@pytest.mark.parametrize("value", [0, 1])
def test_a_decided_outcome_leaves_the_state_that_goes_with_it(make: Any, value: int) -> None:
    state, outcome = pending(make)
    state.apply([Operation(BASIC_GATES["cx"], (), (0, 1))])
    state = state.project(outcome, value)
    assert state.measure(0) == value
    state.reset([0])
    assert state.measure(0) == 0
    other = state.measure(1)
    assert other == value or state.probability(other) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [make_stabilizer, make_statevector])
def test_a_reset_of_an_uncertain_qubit_asks_for_its_outcome(make: Any) -> None:
    state = IdealBranchState(make())
    state.apply([Operation(BASIC_GATES["h"], (), (0,)), Operation(BASIC_GATES["cx"], (), (0, 1))])
    with pytest.raises(UndecidedOutcome) as interrupt:
        state.reset([0])
    state = state.project(interrupt.value.outcome, 1)
    state.reset([0])
    assert state.measure(0) == 0
    last = state.measure(1)
    assert isinstance(last, MeasurementOutcome)
    assert state.probability(last) == 1.0


def test_an_angle_that_is_no_number_any_more_is_refused() -> None:
    for state in (StabilizerTableau(), StateVector(MEANS)):
        with pytest.raises(ResourceError, match="an angle is too large"):
            state.apply([Operation(BASIC_GATES["rx"], (math.inf,), (0,))])


def test_amplitudes_that_are_no_numbers_are_refused() -> None:
    state = StateVector(MEANS)
    state.apply([Operation(MatrixGate(np.full((2, 2), np.nan, dtype=np.complex128)), (), (0,))])
    with pytest.raises(ResourceError, match="not finite"):
        state.probability(0)
