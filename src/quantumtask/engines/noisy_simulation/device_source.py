"""Gates of a program whose shots differ, compiled for a device or as written, with noise."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from qiskit import QuantumCircuit
from qiskit.transpiler import PassManager, TranspilerError
from qiskit_aer.noise import thermal_relaxation_error

from quantumtask.engines.compilation.idle_schedule import schedule_alap
from quantumtask.engines.compilation.idle_time import (
    convert_delays,
    delay_seconds,
    instruction_durations,
)
from quantumtask.engines.compilation.physical_programs import check_steps, place_as_written
from quantumtask.engines.compilation.transpile import (
    OPTIMIZATION_LEVEL,
    backend_unsuitable,
    device_noise_model,
    transpile_for_device,
)
from quantumtask.engines.devices.calibration import DeviceSnapshot, QubitCalibration
from quantumtask.engines.devices.qiskit_target import full_target
from quantumtask.engines.noise.error_model import RESET, Channel, ConfusionMatrix
from quantumtask.engines.noise.error_model_json import parse_error_model
from quantumtask.engines.noisy_simulation.instructions import (
    InstructionErrors,
    Layout,
    NoisyGate,
    NoisyInstruction,
    Segment,
    build_instructions,
)
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.engines.qiskit.transpiler import build_pass_manager
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.openqasm.program.operations import BARRIER, DELAY, BasicGate, Operation
from quantumtask.openqasm.program.program import Measure, Program
from quantumtask.shared.settings import Settings

MAX_CACHED_ERRORS = 4096
MAX_CACHED_SEGMENTS = 1024


class DeviceErrorModel:
    """The noise of a device, with the interface of `ErrorModel`."""

    clifford = False

    def __init__(self, device: DeviceSnapshot) -> None:
        self._device = device

    def error(self, name: str, qubits: tuple[int, ...]) -> Channel | None:
        if name == RESET and not any(gate.name == RESET for gate in self._device.gates):
            raise backend_unsuitable(f"it resets a qubit, and {self._device.name} has no reset")
        return _error(self._device, name, qubits)

    def confusion(self, qubit: int) -> ConfusionMatrix:
        wrong = self._device.qubits[qubit].readout_error or 0.0
        return (1 - wrong, wrong), (wrong, 1 - wrong)


@lru_cache(MAX_CACHED_ERRORS)
def _error(device: DeviceSnapshot, name: str, qubits: tuple[int, ...]) -> Channel | None:
    model = device_noise_model(device, qubits, frozenset([(name, qubits)]))
    return parse_error_model(model.to_dict()).error(name, tuple(range(len(qubits))))


@lru_cache(MAX_CACHED_ERRORS)
def relaxation_channel(qubit: QubitCalibration, seconds: float) -> Channel | None:
    """The decay of a qubit in some seconds; None if its T1 and T2 are unknown or cause none."""
    if not seconds or (qubit.t1_s is None and qubit.t2_s is None):
        return None
    t1 = float("inf") if qubit.t1_s is None else qubit.t1_s
    t2 = 2 * t1 if qubit.t2_s is None else min(qubit.t2_s, 2 * t1)
    error = thermal_relaxation_error(t1, t2, seconds)
    given = {"errors": [{**error.to_dict(), "operations": [DELAY]}]}
    return parse_error_model(given).error(DELAY, (0,))


class DeviceSource:
    """Gates on a device, with the errors of a model.

    `circuit_for` makes a small circuit whose gates have the names of the model. `timed`: idle
    qubits decay. Unless the program is `written` for the device, the gates between two measurements
    are compiled together; each segment begins with the layout that the segment before left.
    """

    def __init__(
        self,
        program: Program,
        device: DeviceSnapshot,
        seed: int,
        settings: Settings,
        *,
        written: bool,
        timed: bool,
        model: InstructionErrors,
        circuit_for: Callable[[QuantumCircuit], QuantumCircuit],
    ) -> None:
        self.model = model
        self.timed = timed
        self._circuit_for = circuit_for
        self.compile_report: dict[str, Any] = {}
        self._device = device
        self._seed = seed % (1 << 31)
        self._written = written
        self._segments: dict[Any, tuple[Sequence[Operation], Segment]] = {}
        self.layout = self._begun(program, settings)

    def check(self, operations: Sequence[Operation]) -> None:
        """Raises ResourceError for gates as written that the device lacks."""
        if self._written:
            check_steps(operations, self._device)

    def placed(self, operations: Sequence[Operation], layout: Layout) -> Segment:
        where = None if layout is None else tuple(layout.items())
        key = (where, *[_key(operation) for operation in operations])
        known = self._segments.get(key)
        if known is None:
            if len(self._segments) >= MAX_CACHED_SEGMENTS:
                self._segments.clear()
            known = self._segments[key] = (operations, self._made(operations, layout))
        return known[1]

    def waiting(self, place: int, seconds: float) -> Channel | None:
        return relaxation_channel(self._device.qubits[place], seconds) if self.timed else None

    def reading(self, place: int) -> float:
        return instruction_durations(self._device).get(("measure", (place,)), 0.0)

    def _begun(self, program: Program, settings: Settings) -> Layout:
        """The initial layout: the best one for a single sampled shot of the program."""
        there = len(self._device.qubits)
        if self._written:
            self.compile_report = {"as_written": True}
            return None
        if program.qubits > there:
            raise backend_unsuitable(
                f"it uses {program.qubits:,} qubits, and {self._device.name} has {there}"
            )
        steps, touched = convert_delays(extract_features(program).steps, self._device)
        bits = {step.outcome: k for k, step in enumerate(steps) if isinstance(step, Measure)}
        bits = {outcome: k for k, outcome in enumerate(bits)}
        found = transpile_for_device(
            build_circuit(steps, touched, bits), self._device, self._seed, settings
        )
        self.compile_report = found.report(touched, program.qubits)
        layout = dict(zip(touched, found.places, strict=True))
        free = iter(sorted(set(range(there)) - set(layout.values())))
        qubits = range(program.qubits)
        return {q: layout[q] if q in layout else next(free) for q in qubits}

    def _made(self, operations: Sequence[Operation], layout: Layout) -> Segment:
        if layout is None:
            steps, qubits = convert_delays(operations, self._device)
            circuit = place_as_written(steps, qubits, {}, self._device).circuit
        else:
            steps, _ = convert_delays(operations, self._device)
            circuit, layout = self._compiled(build_circuit(steps, list(layout), {}), layout)
        return self._timed(circuit, layout)

    def _compiled(self, circuit: QuantumCircuit, layout: Layout) -> tuple[QuantumCircuit, Layout]:
        assert layout is not None
        passes = _passes(self._device, self._seed, tuple(layout.values()))
        try:
            found = passes.run(circuit)
        except TranspilerError:
            why = f"its gates cannot be compiled for {self._device.name}"
            raise backend_unsuitable(why) from None
        after = found.layout.final_index_layout(filter_ancillas=True)
        return found, dict(zip(layout, after, strict=True))

    def _timed(self, circuit: QuantumCircuit, layout: Layout) -> Segment:
        """The instructions, with the decay of qubits that are idle between them."""
        number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
        times = schedule_alap(circuit, self._device)
        found: list[NoisyInstruction] = []
        for item, waits in zip(circuit.data, times.gaps, strict=True):
            on = tuple([number[qubit] for qubit in item.qubits])
            if item.operation.name == DELAY:
                found += self._decay(on[0], delay_seconds(item.operation, self._device))
            elif item.operation.name != BARRIER:
                single = QuantumCircuit(len(on))
                single.append(item.operation, range(len(on)))
                found += build_instructions(self._circuit_for(single), self.model, on)
            if self.timed:
                for place, seconds in waits.items():
                    found += self._decay(place, seconds)
        if not self.timed:
            times = times._replace(duration=0.0, leading={}, trailing={})
        return Segment(found, layout, times.duration, times.leading, times.trailing)

    def _decay(self, place: int, seconds: float) -> list[NoisyInstruction]:
        channel = relaxation_channel(self._device.qubits[place], seconds)
        return [] if channel is None else [NoisyInstruction(NoisyGate(None, channel), (place,))]


@lru_cache(64)
def _passes(device: DeviceSnapshot, seed: int, places: tuple[int, ...]) -> PassManager:
    target = full_target(device)
    return build_pass_manager(
        OPTIMIZATION_LEVEL, target=target, seed_transpiler=seed, initial_layout=list(places)
    )


def _key(operation: Operation) -> Any:
    gate = operation.gate
    return operation if isinstance(gate, BasicGate) else (id(gate), *operation[1:])
