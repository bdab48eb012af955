"""Other implementations of OpenQASM, each as one function from a text to sampled outcomes.

An outcome is a string with every bit of the result: the register that is declared first comes
first, with its lowest bit first; `.` is a bit that an implementation does not report.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

import numpy as np
from benchmarks.common.other_implementations import STDGATES_FOR_BRAKET
from numpy.typing import NDArray

from quantumtask.openqasm import Measure, Program, Reset
from quantumtask.openqasm.program.operations import Operation
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.engines.dense_reference import Dense
from tests.support.compile_circuit import compile_circuit

os.environ["QDK_PYTHON_TELEMETRY"] = "none"

SHOTS = 1000
SETTINGS = Settings()

Parameters = dict[str, Any]
Implementation = Callable[[str, Parameters, Program], Counter[str]]
"""Function that returns outcomes for a text, the values of its inputs, and our program of it."""


class Unable(Exception):
    """An implementation does not accept a program, or there is no result to compare."""


def _expect(truth: object, reason: str) -> None:
    if not truth:
        raise Unable(reason)


@contextmanager
def _unable_on_error() -> Iterator[None]:
    """Raise Unable for any exception of the implementation."""
    try:
        yield
    except BaseException as error:
        # A panic of a library in Rust is not an Exception.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise Unable(f"{type(error).__name__}: {error}") from error
        raise


def _is_version_2(text: str) -> bool:
    return re.search(r"^\s*OPENQASM\s+2", text, re.MULTILINE) is not None


# QuantumTask


def compiled(text: str, parameters: Parameters) -> Program:
    """Compile a text. Raises CircuitError."""
    return compile_circuit(text, SETTINGS, json.dumps(parameters) if parameters else None)


def ours(text: str, parameters: Parameters) -> Counter[str]:
    values = json.dumps(parameters) if parameters else None
    done = execute(TaskSpec(text, shots=SHOTS, seed=7, parameters=values), SETTINGS)
    if isinstance(done, Failure):
        raise Unable(f"{done.code}: {done.message}")
    counts: dict[str, int] = json.loads(done.counts)
    return Counter({key.replace(" ", "")[::-1]: shots for key, shots in counts.items()})


def state_by_us(program: Program) -> tuple[NDArray[np.complex128], list[int]]:
    """Return the exact state before the measurements, and for each bit its qubit, or -1."""
    circuit = program.circuit
    _expect(circuit is not None and circuit.terminal_measurements_only, "not measured at the end")
    assert circuit is not None
    steps = circuit.steps
    _expect(not any(isinstance(step, Reset) for step in steps), "not measured at the end")
    dense = Dense(program.qubits)
    dense.apply([step for step in steps if isinstance(step, Operation)])
    qubits = {step.outcome: step.qubit for step in steps if isinstance(step, Measure)}
    _expect(not any(bit == 1 for bit in circuit.bits), "a bit that is set")
    return dense.vector.reshape(-1), [qubits[-1 - bit] if bit else -1 for bit in circuit.bits]


# Qiskit


def read_by_qiskit(text: str, parameters: Parameters) -> Any:
    """Return the circuit of Qiskit's importers for a text, with its parameters bound."""
    from qiskit import qasm2, qasm3

    with _unable_on_error():
        if _is_version_2(text):
            gates = qasm2.LEGACY_CUSTOM_INSTRUCTIONS
            return qasm2.loads(text, custom_instructions=gates)
        circuit = qasm3.loads(text)
        return circuit.assign_parameters({p: parameters[p.name] for p in circuit.parameters})


def qiskit(text: str, parameters: Parameters, program: Program) -> Counter[str]:
    """Import with Qiskit and run on Aer. The bits are in order of declaration."""
    circuit = read_by_qiskit(text, parameters)
    width = circuit.num_clbits
    _expect(width == program.bits > 0, "other bits than ours")
    samples: Counter[str] = Counter()
    for key, shots in _run_by_aer(circuit).items():
        samples[f"{int(key, 16):0{width}b}"[::-1]] += shots
    return samples


@cache
def _aer() -> tuple[Any, Any]:
    """Return a simulator and its pass manager, which take long to create."""
    from qiskit import generate_preset_pass_manager
    from qiskit_aer import AerSimulator

    simulator = AerSimulator(max_parallel_threads=1)
    return simulator, generate_preset_pass_manager(0, simulator)


def _run_by_aer(circuit: Any) -> dict[str, int]:
    simulator, passes = _aer()
    with _unable_on_error():
        result = simulator.run(passes.run(circuit), shots=SHOTS, seed_simulator=7).result()
    _expect(result.success, str(result.status))
    counts: dict[str, int] = result.data().get("counts", {"0x0": SHOTS})
    return counts


def state_by_qiskit(text: str, parameters: Parameters) -> tuple[NDArray[np.complex128], list[int]]:
    """Return the exact state before the measurements, and for each bit its qubit, or -1."""
    from qiskit.quantum_info import Statevector

    circuit = read_by_qiskit(text, parameters)
    before, sources = circuit.copy_empty_like(), [-1] * circuit.num_clbits
    measured = set()
    for step in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in step.qubits]
        name = step.operation.name
        if name == "measure":
            measured.add(qubits[0])
            sources[circuit.find_bit(step.clbits[0]).index] = qubits[0]
        elif name not in ("barrier", "delay"):
            _expect(name not in _NO_GATES and not measured & set(qubits), "not measured at the end")
            before.append(step.operation, step.qubits)
    with _unable_on_error():
        state: NDArray[np.complex128] = np.asarray(Statevector(before).data)
    return state, sources


_NO_GATES = ("reset", "if_else", "while_loop", "for_loop", "switch_case", "store", "box")


# QDK

_names = map("differential{}".format, count())


def qdk(text: str, parameters: Parameters, program: Program) -> Counter[str]:
    """Run on QDK, which reports the `output` variables, or else all variables."""
    from qdk import qsharp

    _expect(not parameters and not _is_version_2(text), "nothing for QDK")
    outputs = {name for name, _ in program.outputs}
    rows = _run_by_qdk(text)
    reported = "".join(
        ("x" if register.name in outputs or not outputs else ".") * register.size
        for register in program.registers
    )
    samples: Counter[str] = Counter()
    for row in rows:
        bits = "".join("01"[bit == qsharp.Result.One] for bit in _bits(row))
        _expect(len(bits) == reported.count("x") > 0, "other bits than ours")
        rest = iter(bits)
        samples["".join(next(rest) if place == "x" else "." for place in reported)] += 1
    return samples


def _run_by_qdk(text: str) -> list[Any]:
    from qdk import code, openqasm

    name = next(_names)
    with _unable_on_error():
        openqasm.import_openqasm(text, name=name, program_type=openqasm.ProgramType.File)
        entry = getattr(code.qasm_import, name)
        # One seed for each shot: with one seed for all, the outcomes would be equal.
        return [openqasm.run(entry, 1, seed=shot)[0] for shot in range(SHOTS)]


def _bits(value: Any) -> Iterable[Any]:
    """Return all measurement results in a value, in order."""
    from qdk import qsharp

    if isinstance(value, qsharp.Result):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _bits(each)


# Braket

_INCLUDE = re.compile(r'include\s*"stdgates\.inc"\s*;')


def braket(text: str, parameters: Parameters, program: Program) -> Counter[str]:
    """Run on Braket's local state-vector simulator, which reports the measured qubits."""
    from braket.default_simulator import StateVectorSimulator
    from braket.ir.openqasm import Program as Task

    class Simulator(StateVectorSimulator):
        def _parse_program_with_shots(self, program: Any, shots: int) -> Any:
            self.context = super()._parse_program_with_shots(program, shots)
            return self.context

        def initialize_simulation(self, **options: Any) -> Any:
            simulation = super().initialize_simulation(**options)
            simulation._rng_generator = random
            return simulation

    _expect(not _is_version_2(text), "nothing for Braket")
    source = _INCLUDE.sub(STDGATES_FOR_BRAKET.replace("\n", " "), text)
    random = np.random.default_rng(7)
    simulator = Simulator()
    with _unable_on_error():
        result = simulator.run(Task(source=source, inputs=parameters), shots=SHOTS)
    return _read(result.measurements, simulator.context.circuit, program)


def _read(rows: Any, circuit: Any, program: Program) -> Counter[str]:
    columns = {(r.name, at): column for column, (r, at, _) in enumerate(circuit.measurement_slots)}
    sizes = {register.name: register.size for register in circuit.classical_registers}
    bits = [(r.name, at) for r in program.registers for at in range(r.size)]
    _expect(columns, "nothing measured")
    _expect(all(sizes.get(r.name) == r.size for r in program.registers), "other bits than ours")
    samples: Counter[str] = Counter()
    for row in rows:
        samples["".join(str(row[columns[k]]) if k in columns else "." for k in bits)] += 1
    return samples


OTHERS: dict[str, Implementation] = {"qiskit": qiskit, "qdk": qdk, "braket": braket}
