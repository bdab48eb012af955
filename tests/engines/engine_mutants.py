"""Mutants: engines with one mistake each, which the comparison of engines must detect.

A mutant changes a table or a function of one engine's adapter; `way` is how the engine is asked.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from quantumtask.engines.gates import gate_action
from quantumtask.engines.qiskit import circuits
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.selection.methods import engine_version
from quantumtask.engines.simulators import aer, shot_branching
from quantumtask.engines.simulators.base import load_engine
from quantumtask.engines.simulators.native import (
    branch_group,
    kernels,
    state_vectors,
    statevector,
    tableau,
)
from quantumtask.openqasm.program.operations import BASIC_GATES, Operation
from tests.engines.agreement import (
    EXACT,
    EngineMethod,
    all_sketches,
    has_wrong_counts,
    has_wrong_probabilities,
)
from tests.engines.sketch import Sketch

Patch = Callable[[pytest.MonkeyPatch], None]

OTHER = {
    "x": "y", "y": "z", "z": "x", "h": "x", "s": "sdg", "sdg": "s", "t": "tdg", "tdg": "t",
    "sx": "sxdg", "sxdg": "sx", "p": "rx", "rx": "ry", "ry": "rz", "rz": "rx", "id": "x",
    "cx": "cy", "cy": "cz", "cz": "cx", "ch": "cx", "csx": "ch", "swap": "cx", "cp": "crz",
    "crx": "cry", "cry": "crz", "crz": "crx", "rxx": "ryy", "ryy": "rzz", "rzz": "rxx",
    "ccx": "cswap", "cswap": "ccx",
}  # fmt: skip
"""For each gate, another gate with as many qubits and parameters."""

OWN_INVERSES = ("PauliX", "PauliY", "PauliZ", "Hadamard", "SWAP")


class Mutant(NamedTuple):
    """Mistake of an engine; sketches with `gate` are tried first."""

    name: str
    way: EngineMethod
    patch: Patch
    gate: str = ""

    def is_detected(self) -> bool:
        word = re.compile(rf"\b{self.gate}\b")
        sketches = sorted(all_sketches(), key=lambda sketch: not word.search(sketch.text()))
        return any(self.is_detected_by(sketch) for sketch in sketches)

    def is_detected_by(self, sketch: Sketch) -> bool:
        exact = [m for m in EXACT if EngineMethod(m.engine, m.name) == self.way]
        return any(has_wrong_probabilities(method, sketch) for method in exact) or bool(
            has_wrong_counts(self.way, sketch, self.name)
        )


def mutants() -> list[Mutant]:
    """Return the mutants of all installed engines."""
    mutants_of = {
        "aer": aer_mutants,
        "lightning": lightning_mutants,
        "qsim": qsim_mutants,
        "stim": stim_mutants,
        "quantumtask": native_mutants,
    }
    return [
        mutant for engine, make in mutants_of.items() if engine_version(engine) for mutant in make()
    ]


def aer_mutants() -> Iterator[Mutant]:
    vector, chain = EngineMethod("aer", "statevector"), EngineMethod("aer", "matrix_product_state")
    yield from replaced_entries(vector, circuits._PARAMETERLESS)
    for gate in (name for name, basic in BASIC_GATES.items() if basic.num_parameters):
        yield Mutant(f"aer: {gate} turns back", vector, with_negated_angles(gate), gate)
    yield Mutant(
        "aer: qubits reversed", vector, replace_function(aer, "build_circuit", with_reversed_qubits)
    )
    yield Mutant(
        "aer: bits shifted",
        vector,
        replace_function(ClbitMap, "from_indices", with_rotated_results),
    )
    yield Mutant(
        "chain: qubits reversed",
        chain,
        replace_function(aer, "_gates_to_route", with_reversed_targets),
    )
    yield Mutant(
        "chain: bits shifted", chain, replace_function(ClbitMap, "from_values", with_rotated_result)
    )
    sampled = EngineMethod("aer", "stabilizer")
    yield Mutant(
        "aer: sampled bits shifted",
        sampled,
        replace_function(ClbitMap, "from_bits", with_rotated_result),
    )


def lightning_mutants() -> Iterator[Mutant]:
    module: Any = load_engine("lightning")
    way = EngineMethod("lightning", "statevector")
    yield from replaced_entries(way, module.GATE_METHODS)
    yield from replaced_entries(way, module.CONTROLLED_METHODS)
    for gate, call in module.GATE_METHODS.items():
        if call.method not in OWN_INVERSES:
            back = call._replace(inverse=not call.inverse)
            yield Mutant(
                f"lightning: {gate} back", way, replace_entry(module.GATE_METHODS, gate, back), gate
            )
    for name in ("_apply", "_apply_matrix"):
        patch = replace_function(module, name, with_reversed_wires)
        yield Mutant(f"lightning: wires of {name} reversed", way, patch)
    yield Mutant(
        "lightning: bits shifted",
        way,
        replace_function(ClbitMap, "from_indices", with_rotated_results),
    )


def qsim_mutants() -> Iterator[Mutant]:
    module: Any = load_engine("qsim")
    way = EngineMethod("qsim", "statevector")
    for name, make in (
        ("_to_entries", with_conjugated_matrix),
        ("_reversed_bits", with_bits_in_order),
        ("_add_controlled", with_reversed_controls),
        ("remove_swaps", with_swaps_dropped),
    ):
        yield Mutant(f"qsim: mistake in {name}", way, replace_function(module, name, make))
    yield Mutant(
        "qsim: bits shifted", way, replace_function(ClbitMap, "from_indices", with_rotated_results)
    )


def stim_mutants() -> Iterator[Mutant]:
    module: Any = load_engine("stim")
    way = EngineMethod("stim", "stabilizer")
    yield from replaced_entries(way, module.GATE_NAMES)
    yield Mutant(
        "stim: qubits reversed",
        way,
        replace_function(module, "_step_text", with_reversed_positions),
    )
    yield Mutant(
        "stim: bits shifted", way, replace_function(ClbitMap, "from_words", with_rotated_words)
    )


def native_mutants() -> Iterator[Mutant]:
    statevector_method = EngineMethod("quantumtask", "statevector")
    stabilizer_method = EngineMethod("quantumtask", "stabilizer")
    for name, module in (("tree", statevector), ("lockstep", state_vectors)):
        yield Mutant(
            f"native: turn back in {name}",
            statevector_method,
            replace_function(module, "gate_action", with_conjugates),
        )
    yield Mutant(
        "native: bits shifted in lockstep",
        statevector_method,
        replace_function(branch_group.BranchGroup, "sample_bits", with_rotated_columns),
    )
    yield Mutant(
        "native: qubits reversed",
        statevector_method,
        replace_function(kernels, "apply", with_reversed_bits),
    )
    yield Mutant(
        "native: no signs",
        stabilizer_method,
        replace_function(tableau, "clifford_table", without_signs),
    )
    for way in (statevector_method, stabilizer_method):
        yield Mutant(
            f"{way.method}: bits shifted",
            way,
            replace_function(shot_branching, "_read", with_rotated_bits),
        )


def replaced_entries(way: EngineMethod, table: dict[str, Any]) -> Iterator[Mutant]:
    """Yield a mutant for each basic gate in a table, with the entry of another gate.

    The other entries are names that devices have for gates: programs for devices are compared with
    Aer itself (tests/engines/test_device_programs.py).
    """
    for gate in (name for name in table if name in BASIC_GATES):
        name = f"{way.engine}: {gate} is {OTHER[gate]} in a table of {len(table)}"
        yield Mutant(name, way, replace_entry(table, gate, table[OTHER[gate]]), gate)


def replace_entry(table: dict[str, Any], gate: str, value: Any) -> Patch:
    return lambda monkeypatch: monkeypatch.setitem(table, gate, value)


def with_negated_angles(gate: str) -> Patch:
    make = circuits._CLASSES[gate]
    return replace_entry(
        circuits._CLASSES, gate, lambda *angles: make(*(-angle for angle in angles))
    )


def replace_function(place: Any, name: str, make: Callable[[Any], Any]) -> Patch:
    """Return a patch that replaces a function."""
    return lambda monkeypatch: monkeypatch.setattr(place, name, make(getattr(place, name)))


# Each takes the right function and gives the wrong one.


def with_reversed_qubits(right: Any) -> Any:
    return lambda steps, qubits, bits: right(steps, list(qubits)[::-1], bits)


def with_reversed_targets(right: Any) -> Any:
    return lambda circuit: [(gate, places[::-1]) for gate, places in right(circuit)]


def with_reversed_wires(right: Any) -> Any:
    return lambda state, operation, wires, precision: right(
        state, operation, wires[::-1], precision
    )


def with_reversed_positions(right: Any) -> Any:
    def line(step: Any, place: dict[int, int]) -> Any:
        back = {qubit: len(place) - 1 - k for qubit, k in place.items()}
        return right(step, back if isinstance(step, Operation) else place)

    return line


def with_conjugated_matrix(right: Any) -> Any:
    # Of diagonal matrices alone: a circuit and its conjugate have the same distribution.
    def entries(matrix: Any) -> Any:
        diagonal = np.count_nonzero(matrix) == len(matrix) == np.count_nonzero(matrix.diagonal())
        return right(matrix.conj() if diagonal else matrix)

    return entries


def with_bits_in_order(_: Any) -> Any:
    return lambda size: np.ix_(range(size), range(size))


def with_reversed_controls(right: Any) -> Any:
    def add(circuit: Any, moment: int, positions: Any, action: gate_action.GateAction) -> None:
        places = [place for place, _ in action.controls]
        values = [value for _, value in action.controls][::-1]
        controls = tuple(zip(places, values, strict=True))
        right(circuit, moment, positions, action._replace(controls=controls))

    return add


def with_swaps_dropped(_: Any) -> Any:
    return lambda operations: [
        operation for operation in operations if operation.gate.name != "swap"
    ]


def with_reversed_bits(right: Any) -> Any:
    return lambda vector, act, places: right(vector, act, places[::-1])


def with_conjugates(right: Any) -> Any:
    # Of diagonal gates alone: a circuit and its conjugate have the same distribution.
    def action(operation: Operation) -> gate_action.GateAction:
        act: gate_action.GateAction = right(operation)
        return act._replace(matrix=act.matrix.conj()) if act.diagonal else act

    return action


def without_signs(right: Any) -> Any:
    return lambda operation: (rule := right(operation)) and rule._replace(signs=())


def with_rotated_result(right: Any) -> Any:
    """Return a function that rotates the bits of each result by one."""
    return lambda self, results: rotate(right(self, results), len(self._circuit.bits))


def with_rotated_results(right: Any) -> Any:
    return lambda self, results: [
        rotate(result, len(self._circuit.bits)) for result in right(self, results)
    ]


def with_rotated_words(right: Any) -> Any:
    return lambda self, words: np.array(
        [rotate(result, len(self._circuit.bits)) for result in right(self, words).tolist()]
    )


def with_rotated_columns(right: Any) -> Any:
    return lambda self, bits: np.roll(right(self, bits), 1, axis=1)


def with_rotated_bits(right: Any) -> Any:
    return lambda cells: right([*cells[-1:], *cells[:-1]])


def rotate(result: int, size: int) -> int:
    return (result << 1 | result >> size - 1) & (1 << size) - 1
