"""JSON circuits of IonQ's clients, as OpenQASM: the same unitary as in the client's own library."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, library
from qiskit.quantum_info import Operator, SparsePauliOp

from quantumtask.doors.ionq.circuit_budget import CircuitBudget
from quantumtask.doors.ionq.json_circuit import translate
from quantumtask.doors.ionq.native_gates import NATIVE_WRITERS
from quantumtask.doors.ionq.qis_gates import QIS_WRITERS
from quantumtask.shared.errors import CircuitTooLarge, InvalidRequest
from tests.doors.unitaries import Matrix, distance, text_of, unitary_of
from tests.support.cases import check_each
from tests.support.lazy_import import lazy_import

pytestmark = pytest.mark.xdist_group("braket")
"""One process imports Cirq and Braket, which take seconds."""

cirq, cirq_ionq = lazy_import("cirq"), lazy_import("cirq_ionq")
serializer = lazy_import("cirq_ionq.serializer")
qiskit_ionq, helpers = lazy_import("qiskit_ionq"), lazy_import("qiskit_ionq.helpers")

Json = dict[str, Any]
QUBITS = 5
TOLERANCE = 1e-9
ANGLE = 0.7310585786300049


def matrix_of(circuit: Sequence[Json], qubits: int = QUBITS, gate_set: str = "qis") -> Matrix:
    through_json = json.loads(json.dumps(circuit))
    return unitary_of(text_of(through_json, qubits, gate_set, "input.circuit"))


def expected(gate: Gate, qubits: Sequence[int]) -> Matrix:
    circuit = QuantumCircuit(QUBITS)
    circuit.append(gate, list(qubits))
    return np.asarray(Operator(circuit).data)


GATES: dict[str, tuple[Gate, Json]] = {
    **{
        name: (gate, {})
        for name, gate in {
            "x": library.XGate(), "not": library.XGate(), "y": library.YGate(),
            "z": library.ZGate(), "h": library.HGate(), "s": library.SGate(),
            "si": library.SdgGate(), "t": library.TGate(), "ti": library.TdgGate(),
            "v": library.SXGate(), "vi": library.SXdgGate(), "swap": library.SwapGate(),
        }.items()
    },
    **{
        name: (gate, {"rotation": ANGLE})
        for name, gate in {
            "rx": library.RXGate(ANGLE), "ry": library.RYGate(ANGLE), "rz": library.RZGate(ANGLE),
            "xx": library.RXXGate(ANGLE), "yy": library.RYYGate(ANGLE),
            "zz": library.RZZGate(ANGLE),
        }.items()
    },
    "z with a rotation": (library.PhaseGate(ANGLE), {"rotation": ANGLE}),
}  # fmt: skip
"""Each gate of IonQ's gate set `qis` with Qiskit's gate, and its further fields."""


def test_every_gate_is_the_gate_of_qiskit_with_any_number_of_controls() -> None:
    assert {name.split()[0] for name in GATES} | {"cnot"} == set(QIS_WRITERS)

    def check(case: tuple[str, Gate, Json]) -> None:
        name, gate, fields = case
        for controls in range(QUBITS - gate.num_qubits + 1):
            order = [3, 1, 4, 0, 2][: controls + gate.num_qubits]
            call = {"gate": name.split()[0], "targets": order[controls:], **fields}
            if controls:
                call["controls"] = order[:controls]
            unitary = gate.control(controls, annotated=False) if controls else gate
            assert distance(matrix_of([call]), expected(unitary, order)) < TOLERANCE, controls

    check_each({name: (name, *case) for name, case in GATES.items()}, check)


def test_a_cnot_has_its_control_first_and_a_single_target_is_a_target() -> None:
    for call in ({"control": 2, "target": 0}, {"controls": [2], "targets": [0]}):
        unitary = expected(library.CXGate(), [2, 0])
        assert distance(matrix_of([{"gate": "cnot", **call}]), unitary) < TOLERANCE


def equatorial(phase: float) -> Matrix:
    """Return cos X + sin Y at a phase in turns."""
    angle = 2 * math.pi * phase
    return np.array([[0, np.exp(-1j * angle)], [np.exp(1j * angle), 0]])


def exponential(angle: float, generator: Matrix) -> Matrix:
    """Return exp(-i pi angle G) for a G whose square is the identity."""
    size = len(generator)
    return math.cos(math.pi * angle) * np.eye(size) - 1j * math.sin(math.pi * angle) * generator


def test_native_gates_are_the_matrices_that_ionq_documents_in_turns() -> None:
    z = np.diag([1, -1])
    one = {
        "gpi": equatorial(0.17),
        "gpi2": exponential(0.25, equatorial(0.17)),
    }
    for name, unitary in one.items():
        call = {"gate": name, "target": 0, "phase": 0.17}
        assert distance(matrix_of([call], 1, "native"), unitary) < TOLERANCE
    pair = np.kron(equatorial(0.6), equatorial(0.17))  # the second target is the highest bit
    for fields, angle in (({"angle": 0.11}, 0.11), ({}, 0.25)):
        call = {"gate": "ms", "targets": [0, 1], "phases": [0.17, 0.6], **fields}
        unitary = exponential(angle, pair)
        assert distance(matrix_of([call], 2, "native"), unitary) < TOLERANCE
    for fields, angle in (({"angle": 0.11}, 0.11), ({"phase": 0.11}, 0.11), ({}, 0.25)):
        call = {"gate": "zz", "targets": [0, 1], **fields}
        unitary = exponential(angle, np.kron(z, z))
        assert distance(matrix_of([call], 2, "native"), unitary) < TOLERANCE


def random_qiskit_circuit(random: np.random.Generator, gates: Sequence[Callable[..., Gate]]) -> Any:
    circuit = QuantumCircuit(QUBITS)
    for _ in range(25):
        make = gates[int(random.integers(len(gates)))]
        gate = make(*random.uniform(-7, 7, 3))
        circuit.append(gate, list(map(int, random.permutation(QUBITS)[: gate.num_qubits])))
    return circuit


QISKIT_GATES: list[Callable[..., Gate]] = [
    *(lambda *_, kind=kind: kind() for kind in (
        library.XGate, library.YGate, library.ZGate, library.HGate, library.SGate,
        library.SdgGate, library.TGate, library.TdgGate, library.SXGate, library.SXdgGate,
        library.CXGate, library.CYGate, library.CZGate, library.CHGate, library.CSXGate,
        library.CCXGate, library.SwapGate,
    )),
    *(lambda angle, *_, kind=kind: kind(angle) for kind in (
        library.RXGate, library.RYGate, library.RZGate, library.PhaseGate, library.CRXGate,
        library.CRYGate, library.CRZGate, library.CPhaseGate, library.RXXGate, library.RYYGate,
        library.RZZGate,
    )),
    lambda *_: library.MCXGate(4),
    lambda angle, *_: library.MCPhaseGate(angle, 3),
    lambda angle, *_: library.PauliEvolutionGate(
        SparsePauliOp(["XIZ", "YIY", "III"], [0.3, -1.1, 0.2]), abs(angle)
    ),
    lambda angle, *_: library.PauliEvolutionGate(SparsePauliOp(["XYZX"], [angle]), 0.9),
]  # fmt: skip
QISKIT_NATIVE_GATES: list[Callable[..., Gate]] = [
    lambda phase, *_: qiskit_ionq.GPIGate(phase),
    lambda phase, *_: qiskit_ionq.GPI2Gate(phase),
    lambda one, other, angle: qiskit_ionq.MSGate(one, other, abs(angle) / 28),
    lambda phase, *_: qiskit_ionq.ZZGate(phase),
]


@pytest.mark.filterwarnings("ignore:.*CSC")  # of SciPy, in Qiskit's matrix of an exponential
@pytest.mark.parametrize("gate_set", ["qis", "native"])
def test_random_circuits_of_qiskit_ionq_keep_their_unitary(gate_set: Any) -> None:
    gates = QISKIT_GATES if gate_set == "qis" else QISKIT_NATIVE_GATES
    for seed in range(12):
        circuit = random_qiskit_circuit(np.random.default_rng(seed), gates)
        calls, _, _ = helpers.qiskit_circ_to_ionq_circ(circuit, gate_set)
        unitary = np.asarray(Operator(circuit).data)
        assert distance(matrix_of(calls, gate_set=gate_set), unitary) < TOLERANCE, f"seed {seed}"


def cirq_gates() -> list[Callable[..., Any]]:
    return [
        *(lambda *_, gate=gate: gate for gate in (
            cirq.X, cirq.Y, cirq.Z, cirq.H, cirq.S, cirq.T, cirq.S**-1, cirq.T**-1, cirq.X**0.5,
            cirq.X**-0.5, cirq.CNOT, cirq.SWAP,
        )),
        *(lambda power, *_, gate=gate: gate**power for gate in (
            cirq.X, cirq.Y, cirq.Z, cirq.XX, cirq.YY, cirq.ZZ,
        )),
        lambda power, *_: cirq.PauliStringPhasorGate(
            cirq.DensePauliString("XYZ"), exponent_neg=abs(power), exponent_pos=0
        ),
    ]  # fmt: skip


CIRQ_NATIVE_GATES: list[Callable[..., Any]] = [
    lambda phase, *_: cirq_ionq.GPIGate(phi=phase),
    lambda phase, *_: cirq_ionq.GPI2Gate(phi=phase),
    lambda one, other, angle: cirq_ionq.MSGate(phi0=one, phi1=other, theta=angle),
    lambda angle, *_: cirq_ionq.ZZGate(theta=angle),
]


@pytest.mark.parametrize("gate_set", ["qis", "native"])
def test_random_circuits_of_cirq_ionq_keep_their_unitary(gate_set: str) -> None:
    gates = cirq_gates() if gate_set == "qis" else CIRQ_NATIVE_GATES
    qubits = cirq.LineQubit.range(QUBITS)
    for seed in range(12):
        random = np.random.default_rng(seed)
        circuit = cirq.Circuit()
        for _ in range(25):
            gate = gates[random.integers(len(gates))](*random.uniform(-1, 1, 3))
            order = random.permutation(QUBITS)[: gate.num_qubits()]
            circuit.append(gate.on(*(qubits[q] for q in order)))
        program = serializer.Serializer().serialize_single_circuit(circuit)
        assert program.input["gateset"] == gate_set
        # Cirq's first qubit is the highest bit of an index.
        unitary = circuit.unitary(qubit_order=qubits[::-1], qubits_that_should_be_present=qubits)
        matrix = matrix_of(program.input["circuit"], gate_set=gate_set)
        assert distance(matrix, unitary) < TOLERANCE, f"seed {seed}"


WRONG: dict[str, tuple[Any, str]] = {
    "no object": (7, 'must be an object such as {"gate": "h", "target": 0}; got 7'),
    "no gate": ({"target": 0}, "must be an object such as"),
    "unknown": ({"gate": "hh", "target": 0}, "gate: 'hh' is not a gate of the gate set `qis`"),
    "of the other gate set": ({"gate": "gpi", "target": 0, "phase": 0}, "not a gate of the gate"),
    "no target": ({"gate": "h"}, "targets: `h` has 1; got 0"),
    "two targets": ({"gate": "h", "targets": [0, 1]}, "targets: `h` has 1; got 2"),
    "target and targets": ({"gate": "h", "target": 0, "targets": [0]}, "target: not together"),
    "negative qubit": ({"gate": "h", "target": -1}, "target: must be qubits from 0 to 4; got -1"),
    "far qubit": ({"gate": "h", "target": 10**30}, "target: must be qubits from 0 to 4"),
    "boolean qubit": ({"gate": "h", "target": True}, "target: must be qubits from 0 to 4"),
    "text qubit": ({"gate": "h", "targets": ["0"]}, "targets: must be qubits from 0 to 4"),
    "same qubit": ({"gate": "swap", "targets": [1, 1]}, "targets: must be different qubits"),
    "control is target": ({"gate": "x", "control": 1, "target": 1}, "controls: qubit 1 is a"),
    "no control": ({"gate": "cnot", "target": 1}, "control: `cnot` needs a control"),
    "no rotation": ({"gate": "rx", "target": 1}, "rotation: must be a finite number; got None"),
    "rotation of x": ({"gate": "x", "target": 1, "rotation": 1}, "rotation: not a field"),
    "text rotation": ({"gate": "rx", "target": 1, "rotation": "1"}, "rotation: must be a finite"),
    "infinite": ({"gate": "rx", "target": 1, "rotation": math.inf}, "rotation: must be a finite"),
    "huge": ({"gate": "rx", "target": 1, "rotation": 10**400}, "rotation: must be a finite number"),
    "long field": ({"gate": "h", "target": 1, "f" * 99: 1}, "not a field of the gate `h`"),
    "terms": ({"gate": "pauliexp", "targets": [0], "terms": ["Q"], "coefficients": [1], "time": 1},
              "terms: must be words of 1 letters I, X, Y or Z"),
    "coefficients": ({"gate": "pauliexp", "targets": [0], "terms": ["X"], "coefficients": [],
                      "time": 1}, "coefficients: must be a list of 1 numbers; got []"),
    "terms that do not commute": (
        {"gate": "pauliexp", "targets": [0], "terms": ["X", "Z"], "coefficients": [1, 1],
         "time": 1}, "terms: X and Z do not commute"),
    "too many terms": (
        {"gate": "pauliexp", "targets": [0], "terms": ["Z"] * 2000, "coefficients": [1] * 2000,
         "time": 1}, "terms: the circuits of a job must have at most 1,000,000 pairs"),
}  # fmt: skip


def test_a_wrong_gate_is_refused_with_its_place_and_its_field() -> None:
    def check(case: tuple[Any, str]) -> None:
        call, message = case
        with pytest.raises(InvalidRequest) as error:
            text_of([{"gate": "h", "target": 0}, call], QUBITS, "qis", "input.circuit")
        assert error.value.message.startswith("input.circuit.1")
        assert message in error.value.message

    check_each(WRONG, check)


def test_text_that_grows_beyond_its_bound_is_refused_while_it_is_written() -> None:
    call = {"gate": "pauliexp", "targets": list(range(QUBITS)), "terms": ["Y" * QUBITS] * 9,
            "coefficients": [1] * 9, "time": 1}  # fmt: skip
    size = len(text_of([call], QUBITS, "qis"))
    for count, bound in ((1, size), (2, 2 * size)):
        budget = CircuitBudget(bound)
        for _ in range(count):
            translate([call], QUBITS, "qis", "input.circuit", budget)
        with pytest.raises(CircuitTooLarge) as error:
            translate([call], QUBITS, "qis", "input.circuits.7", budget)
        assert error.value.message.startswith("input.circuits.7")
    with pytest.raises(CircuitTooLarge) as error:
        translate([call], QUBITS, "qis", "input.circuit", CircuitBudget(size // 2))
    assert error.value.message.startswith("input.circuit.0: the circuits of a job must be")


def test_native_gates_without_their_fields_are_refused() -> None:
    for call in (
        {"gate": "gpi", "target": 0},
        {"gate": "ms", "targets": [0, 1]},
        {"gate": "ms", "targets": [0, 1], "phases": [0.1]},
        {"gate": "zz", "targets": [0, 1], "phase": 0.1, "angle": 0.1},
        {"gate": "gpi", "target": 0, "phase": 0.1, "control": 1},
        {"gate": "h", "target": 0},
    ):
        with pytest.raises(InvalidRequest):
            text_of([call], 2, "native", "input.circuit")
    assert set(NATIVE_WRITERS) == {"gpi", "gpi2", "ms", "zz"}
