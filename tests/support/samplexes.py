"""Circuits with samplexes, as samplomatic builds them, for tasks and for quantum programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Statevector
from samplomatic import build
from samplomatic.serialization import samplex_to_json
from samplomatic.transpiler import generate_boxing_pass_manager

from tests.support.qpy_texts import qpy_text


@dataclass(frozen=True)
class Randomized:
    """A circuit whose parameters a samplex draws."""

    circuit: QuantumCircuit
    template: QuantumCircuit
    samplex: Any

    def task(self, shape: list[int], arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the fields of a task."""
        return {
            "circuit": qpy_text(self.template),
            "circuit_format": "qpy",
            "return": ["register_memory"],
            "randomization": {
                "samplex": samplex_to_json(self.samplex),
                "arguments": arguments or {},
                "shape": shape,
            },
        }


def twirl(circuit: QuantumCircuit, **options: Any) -> Randomized:
    """Return a circuit with twirled gates and measurements."""
    boxes = generate_boxing_pass_manager(enable_gates=True, enable_measures=True, **options).run(
        circuit
    )
    return Randomized(circuit, *build(boxes))


def two_angles() -> QuantumCircuit:
    """Return a circuit of two qubits and two parameters, whose outcomes all differ."""
    circuit = QuantumCircuit(2, 2)
    first, second = Parameter("a"), Parameter("b")
    circuit.rz(first, 0)
    circuit.sx(0)
    circuit.rz(second, 0)
    circuit.sx(0)
    circuit.sx(1)
    circuit.cz(0, 1)
    circuit.rz(0.4, 1)
    circuit.sx(1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def exact_probabilities(
    circuit: QuantumCircuit, values: NDArray[np.float64] | tuple[()] = ()
) -> NDArray[np.float64]:
    """Return the probability of each value of a circuit that measures all qubits at its end."""
    gates = circuit.remove_final_measurements(inplace=False).assign_parameters(list(values))
    return np.asarray(Statevector(gates).probabilities())


def value_counts(bits: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how often each value occurs; the last dimension has the bits, the lowest first."""
    size = bits.shape[-1]
    values = bits.reshape(-1, size) @ (1 << np.arange(size))
    return np.bincount(values, minlength=1 << size)
