"""Adapters with one mistake each, which the tests of agreement must notice.

A mutant changes a table or a function of one engine's adapter; `way` is how the engine is asked.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from quantumtask.engines.gates import gate_action
from quantumtask.engines.qiskit import circuits
from quantumtask.engines.sampling.clbit_map import ClbitMap
from quantumtask.engines.selection.methods import engine_version
from quantumtask.engines.simulators import aer, shot_branching
from quantumtask.engines.simulators.base import load_engine
from quantumtask.engines.simulators.native import kernels, statevector, tableau
from quantumtask.openqasm.program.operations import BASIC_GATES, Operation
from tests.engines.agreement import EXACT, Way, examples, wrong_exactly, wrong_in_shots
from tests.engines.sketch import Sketch

Patch = Callable[[pytest.MonkeyPatch], None]

OTHER = {
    "x": "y", "y": "z", "z": "x", "h": "x", "s": "sdg", "sdg": "s", "t": "tdg", "tdg": "t",
    "sx": "sxdg", "sxdg": "sx", "p": "rx", "rx": "ry", "ry": "rz", "rz": "rx", "id": "x",
    "cx": "cy", "cy": "cz", "cz": "cx", "ch": "cx", "csx": "ch", "swap": "cx", "cp": "crz",
    "crx": "cry", "cry": "crz", "crz": "crx", "rxx": "ryy", "ryy": "rzz", "rzz": "rxx",
    "ccx": "cswap", "cswap": "ccx",
}  # fmt: skip
"""For each gate another one of as many qubits and parameters."""

OWN_INVERSES = ("PauliX", "PauliY", "PauliZ", "Hadamard", "SWAP")


class Mutant(NamedTuple):
    """A mistake; sketches with `gate` are the first to be tried."""

    name: str
    way: Way
    patch: Patch
    gate: str = ""

    def is_found(self) -> bool:
        word = re.compile(rf"\b{self.gate}\b")
        sketches = sorted(examples(), key=lambda sketch: not word.search(sketch.text()))
        return any(self.shows_in(sketch) for sketch in sketches)

    def shows_in(self, sketch: Sketch) -> bool:
        exact = [m for m in EXACT if Way(m.engine, m.name) == self.way]
        return any(wrong_exactly(method, sketch) for method in exact) or bool(
            wrong_in_shots(self.way, sketch, self.name)
        )


def mutants() -> list[Mutant]:
    """Those of all engines that are installed."""
    of_engines = {
        "aer": of_aer, "lightning": of_lightning, "stim": of_stim, "quantumtask": of_histories,
    }  # fmt: skip
    return [
        mutant for engine, of in of_engines.items() if engine_version(engine) for mutant in of()
    ]


def of_aer() -> Iterator[Mutant]:
    vector, chain = Way("aer", "statevector"), Way("aer", "matrix_product_state")
    yield from replaced(vector, circuits._PARAMETERLESS)
    for gate in (name for name, basic in BASIC_GATES.items() if basic.num_parameters):
        yield Mutant(f"aer: {gate} turns back", vector, turned_back(gate), gate)
    yield Mutant("aer: qubits reversed", vector, around(aer, "build_circuit", on_reversed))
    yield Mutant("aer: bits shifted", vector, around(ClbitMap, "from_indices", shifted_all))
    yield Mutant("chain: qubits reversed", chain, around(aer, "_gates_to_route", placed_reversed))
    yield Mutant("chain: bits shifted", chain, around(ClbitMap, "from_values", shifted))
    sampled = Way("aer", "stabilizer")
    yield Mutant("aer: sampled bits shifted", sampled, around(ClbitMap, "from_bits", shifted))


def of_lightning() -> Iterator[Mutant]:
    module: Any = load_engine("lightning")
    way = Way("lightning", "statevector")
    yield from replaced(way, module.GATE_METHODS)
    yield from replaced(way, module.CONTROLLED_METHODS)
    for gate, call in module.GATE_METHODS.items():
        if call.method not in OWN_INVERSES:
            back = call._replace(inverse=not call.inverse)
            yield Mutant(
                f"lightning: {gate} back", way, entry(module.GATE_METHODS, gate, back), gate
            )
    for name in ("_apply", "_apply_matrix"):
        patch = around(module, name, wires_reversed)
        yield Mutant(f"lightning: wires of {name} reversed", way, patch)
    yield Mutant("lightning: bits shifted", way, around(ClbitMap, "from_indices", shifted_all))


def of_stim() -> Iterator[Mutant]:
    module: Any = load_engine("stim")
    way = Way("stim", "stabilizer")
    yield from replaced(way, module.GATE_NAMES)
    yield Mutant("stim: qubits reversed", way, around(module, "_step_text", line_reversed))
    yield Mutant("stim: bits shifted", way, around(ClbitMap, "from_bits", shifted))


def of_histories() -> Iterator[Mutant]:
    by_vector = Way("quantumtask", "statevector")
    by_tableau = Way("quantumtask", "stabilizer")
    yield Mutant("histories: turn back", by_vector, around(statevector, "gate_action", conjugated))
    yield Mutant("histories: qubits reversed", by_vector, around(kernels, "apply", places_reversed))
    yield Mutant("histories: no signs", by_tableau, around(tableau, "clifford_table", unsigned))
    for way in (by_vector, by_tableau):
        yield Mutant(
            f"{way.method}: bits shifted", way, around(shot_branching, "_read", bits_shifted)
        )


def replaced(way: Way, table: dict[str, Any]) -> Iterator[Mutant]:
    """Each entry of a basic gate replaced by that of another one.

    The other entries are names that devices have for gates: programs for devices are compared with
    Aer itself (tests/engines/test_device_programs.py).
    """
    for gate in (name for name in table if name in BASIC_GATES):
        name = f"{way.engine}: {gate} is {OTHER[gate]} in a table of {len(table)}"
        yield Mutant(name, way, entry(table, gate, table[OTHER[gate]]), gate)


def entry(table: dict[str, Any], gate: str, value: Any) -> Patch:
    return lambda monkeypatch: monkeypatch.setitem(table, gate, value)


def turned_back(gate: str) -> Patch:
    make = circuits._CLASSES[gate]
    return entry(circuits._CLASSES, gate, lambda *angles: make(*(-angle for angle in angles)))


def around(place: Any, name: str, make: Callable[[Any], Any]) -> Patch:
    """A function replaced by what is made of it."""
    return lambda monkeypatch: monkeypatch.setattr(place, name, make(getattr(place, name)))


# Each takes the right function and gives the wrong one.


def on_reversed(right: Any) -> Any:
    return lambda steps, qubits, bits: right(steps, list(qubits)[::-1], bits)


def placed_reversed(right: Any) -> Any:
    return lambda circuit: [(gate, places[::-1]) for gate, places in right(circuit)]


def wires_reversed(right: Any) -> Any:
    return lambda state, operation, wires, precision: right(
        state, operation, wires[::-1], precision
    )


def line_reversed(right: Any) -> Any:
    def line(step: Any, place: dict[int, int]) -> Any:
        back = {qubit: len(place) - 1 - k for qubit, k in place.items()}
        return right(step, back if isinstance(step, Operation) else place)

    return line


def places_reversed(right: Any) -> Any:
    return lambda vector, act, places: right(vector, act, places[::-1])


def conjugated(right: Any) -> Any:
    # Of diagonal gates alone: a circuit and its conjugate have the same distribution.
    def action(operation: Operation) -> gate_action.GateAction:
        act: gate_action.GateAction = right(operation)
        return act._replace(matrix=act.matrix.conj()) if act.diagonal else act

    return action


def unsigned(right: Any) -> Any:
    return lambda operation: (rule := right(operation)) and rule._replace(signs=())


def shifted(right: Any) -> Any:
    """Every bit of the result one place further, the last one first."""
    return lambda self, found: turned(right(self, found), len(self._circuit.bits))


def shifted_all(right: Any) -> Any:
    return lambda self, found: [
        turned(result, len(self._circuit.bits)) for result in right(self, found)
    ]


def bits_shifted(right: Any) -> Any:
    return lambda cells: right([*cells[-1:], *cells[:-1]])


def turned(result: int, size: int) -> int:
    return (result << 1 | result >> size - 1) & (1 << size) - 1
