"""Errors of a device, weighted by a circuit, with which Qiskit's VF2Layout compares layouts."""

from statistics import fmean

from qiskit.dagcircuit import DAGCircuit
from qiskit.transpiler import AnalysisPass, Target
from qiskit.transpiler.passes.layout.vf2_utils import ErrorMap

NON_GATES = frozenset({"measure", "reset", "delay"})


class WeightedErrorMap(AnalysisPass):
    """Analysis pass that weights a device's errors by the operations of the circuit.

    By default, VF2Layout takes the mean error of all operations that a qubit has. A circuit of few
    gates and many measurements then gets qubits with good gates and bad readout. Here, the weight
    of an operation is the number of times that the circuit uses it.
    """

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._readout_errors = _mean_errors(target, {"measure"})
        self._gate_errors = _mean_errors(target, {*target.operation_names} - NON_GATES)

    def run(self, dag: DAGCircuit) -> None:
        """Set `vf2_avg_error_map`, which VF2Layout reads."""
        readouts = dag.count_ops().get("measure", 0)
        gates = sum(1 for node in dag.gate_nodes() if len(node.qargs) == 1)
        weight = max(1, readouts + gates)
        errors = ErrorMap(len(self._gate_errors) + len(self._readout_errors))
        for qubits, error in self._gate_errors.items():
            if len(qubits) == 1:
                readout_error = self._readout_errors.get(qubits, 0.0)
                error = (gates * error + readouts * readout_error) / weight
                errors.add_error((*qubits, *qubits), error)
            elif len(qubits) == 2:
                # A gate in the other direction is the same gate between gates on one qubit.
                error = min(error, self._gate_errors.get(qubits[::-1], 1.0))
                errors.add_error(qubits, error)
                errors.add_error(qubits[::-1], error)
        self.property_set["vf2_avg_error_map"] = errors


def _mean_errors(target: Target, names: set[str]) -> dict[tuple[int, ...], float]:
    """Return the mean error of some operations, by the qubits on which the operations act."""
    errors: dict[tuple[int, ...], list[float]] = {}
    for name in names:
        for qubits, properties in target[name].items():
            error = properties.error if properties else None
            errors.setdefault(qubits, []).append(min(1.0, error or 0.0))
    return {qubits: fmean(values) for qubits, values in errors.items()}
