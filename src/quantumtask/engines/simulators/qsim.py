"""qsim, the fastest state vector of many qubits, in single precision.

The compiled modules of the package qsimcirq are used directly, because the package imports cirq.
Position k of a qubit is bit k of a state index. The first qubit of a matrix is its highest bit.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from math import cos, isfinite, sin
from operator import itemgetter
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import (
    MAX_CACHED_GATES,
    GateAction,
    gate_action,
    gate_matrix,
)
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators import exact_sampling
from quantumtask.engines.simulators.native.marginals import sum_over_others
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.engines.transforms.swap_removal import remove_swaps
from quantumtask.openqasm.program.operations import (
    BasicGate,
    Matrix,
    Operation,
    controlled_matrix,
)
from quantumtask.openqasm.program.program import Circuit
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.task import FailureCode

INSTRUCTION_SETS = ("avx512", "avx2", "sse", "basic")
"""Compiled modules of qsim, by the number that its own detection returns."""

MAX_FUSED_QUBITS = 3
"""Largest number of qubits of the matrices to which qsim fuses gates: the fastest (measured)."""

SQUARED_AMPLITUDES = 1 << 15
"""Amplitudes that are squared together, so that they stay in the cache of the CPU."""

FIXED_OPTIONS = {"g": False, "gmode": 0, "s": 0, "v": 0, "z": False, "f": MAX_FUSED_QUBITS}
"""Options of a run: no GPU, seed, log level, denormal numbers stay, size of the gates.

With `z`, qsim would make denormal numbers zeros in all later arithmetic of the process.
"""


@cache
def load_library() -> Any:
    """Return the module of qsim for the instructions of this processor.

    Raises:
        ImportError: The package is not installed.
    """
    number: int = _import_compiled("qsim_decide").detect_instructions()
    return _import_compiled(f"qsim_{INSTRUCTION_SETS[number]}")


def _import_compiled(name: str) -> ModuleType:
    """Import a compiled module of the package without the package itself."""
    package = find_spec("qsimcirq")
    folders = package.submodule_search_locations if package else None
    spec = PathFinder.find_spec(f"qsimcirq.{name}", folders) if folders else None
    if spec is None or spec.loader is None:
        raise ImportError(f"qsimcirq has no module {name}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_library = load_library()


def run(sampling: SamplingRun, plan: RunPlan) -> ShotOrder | None:
    """Sample a circuit that measures at its end; see `Engine.run`."""
    compute = partial(probabilities, threads=sampling.threads)
    return exact_sampling.sample(sampling, plan, compute)


def probabilities(
    circuit: Circuit, qubits: tuple[int, ...], *, threads: int
) -> NDArray[np.float64]:
    """Return the probabilities of all values of some qubits; see `Probabilities`.

    They take the memory of the state, and for some of the qubits as much again as their number.

    Raises:
        MemoryError: The state does not fit the memory.
        ResourceError: An angle is too large, or qsim refuses the circuit (`engine_refused`).
    """
    places = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    values = _square(_evolve(_translate(circuit, places), len(places), threads))
    return sum_over_others(values, [places[qubit] for qubit in qubits])


def _evolve(library_circuit: Any, qubits: int, threads: int) -> NDArray[np.float32]:
    """Return the state: the real and the imaginary part of each amplitude."""
    np.empty(2 << qubits, dtype=np.float32)  # qsim itself ends the process if this fails
    options = {**FIXED_OPTIONS, "c": library_circuit, "t": threads}
    state: NDArray[np.float32] = _library.qsim_simulate_fullstate(options, 0)
    if len(state) != 2 << qubits:
        raise ResourceError(FailureCode.ENGINE_REFUSED, "qsim cannot run this circuit")
    return state


def _square(state: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the squared amplitudes, in the memory of the state."""
    squares = state.view(np.float64)
    for start in range(0, len(squares), SQUARED_AMPLITUDES):
        stop = start + SQUARED_AMPLITUDES
        parts = state[2 * start : 2 * stop].astype(np.float64)
        parts *= parts
        np.add(parts[::2], parts[1::2], out=squares[start:stop])
    return squares


def _translate(circuit: Circuit, places: dict[int, int]) -> Any:
    """Return the circuit of qsim, with the gates ordered by moments, as its fusion expects."""
    operations = [step for step in circuit.steps if step.__class__ is Operation]
    next_moments = [0] * len(places)
    gates: list[tuple[int, list[int], Operation]] = []
    for operation in remove_swaps(operations):
        positions = [places[qubit] for qubit in operation[2]]
        moment = max([next_moments[position] for position in positions])
        for position in positions:
            next_moments[position] = moment + 1
        gates.append((moment, positions, operation))
    gates.sort(key=itemgetter(0))
    library_circuit = _library.Circuit()
    library_circuit.num_qubits = len(places)
    add_matrix = _library.add_matrix_gate
    for moment, positions, operation in gates:
        if len(positions) > MAX_FUSED_QUBITS and (action := gate_action(operation)).controls:
            _add_controlled(library_circuit, moment, positions, action)
        else:
            add_matrix(moment, positions, _entries(operation), library_circuit)
    return library_circuit


def _add_controlled(
    library_circuit: Any, moment: int, positions: list[int], action: GateAction
) -> None:
    targets = [positions[k] for k in action.targets]
    _library.add_matrix_gate(moment, targets, _to_entries(action.matrix), library_circuit)
    controls = [positions[k] for k, _ in action.controls]
    values = [value for _, value in action.controls]
    _library.control_last_gate(controls, values, library_circuit)


def _entries(operation: Operation) -> Sequence[float]:
    """Return the entries of the matrix on all qubits of an operation."""
    gate, params, _, controls = operation
    if isinstance(gate, BasicGate):
        return _basic_entries(gate, params, controls)
    return _to_entries(controlled_matrix(gate.entries, controls) if controls else gate.entries)


HALF_ANGLE_ENTRIES: dict[str, Callable[[float, float], Sequence[float]]] = {
    "rx": lambda cos, sin: (cos, 0.0, 0.0, -sin, 0.0, -sin, cos, 0.0),
    "ry": lambda cos, sin: (cos, 0.0, -sin, 0.0, sin, 0.0, cos, 0.0),
    "rz": lambda cos, sin: (cos, -sin, 0.0, 0.0, 0.0, 0.0, cos, sin),
}
"""Entries by the cosine and the sine of half the angle: circuits have many different angles."""


@lru_cache(MAX_CACHED_GATES)
def _basic_entries(
    gate: BasicGate, params: tuple[float, ...], controls: tuple[bool, ...]
) -> Sequence[float]:
    rotation = None if controls else HALF_ANGLE_ENTRIES.get(gate.name)
    if rotation is not None and isfinite(params[0]):
        return rotation(cos(params[0] / 2), sin(params[0] / 2))
    matrix = gate_matrix(gate, params)
    return _to_entries(controlled_matrix(matrix, controls) if controls else matrix)


def _to_entries(matrix: Matrix) -> list[float]:
    """Return the real and the imaginary part of each entry, in qsim's order of qubits."""
    if len(matrix) > 2:
        matrix = matrix[_reversed_bits(len(matrix))]
    entries: list[float] = np.ascontiguousarray(matrix).view(np.float64).ravel().tolist()
    return entries


@cache
def _reversed_bits(size: int) -> tuple[NDArray[np.intp], ...]:
    """Return the index of the matrix that has the qubits in the opposite order."""
    qubits = size.bit_length() - 1
    order = np.arange(size).reshape((2,) * qubits).transpose().reshape(-1)
    return np.ix_(order, order)
