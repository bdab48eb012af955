"""Noisy instructions of a program on a device, compiled for it or as written."""

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
    operation_key,
)
from quantumtask.engines.qiskit.circuits import build_circuit
from quantumtask.engines.qiskit.transpiler import build_pass_manager
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.openqasm.program.operations import BARRIER, DELAY, Operation
from quantumtask.openqasm.program.program import Measure, Program
from quantumtask.shared.settings import Settings

MAX_CACHED_ERRORS = 4096
MAX_CACHED_SEGMENTS = 1024


class DeviceErrorModel:
    """Errors of a device; see `InstructionErrors`."""

    clifford = False
    has_kraus = True

    def __init__(self, device: DeviceSnapshot) -> None:
        self._device = device

    def error(self, name: str, qubits: tuple[int, ...]) -> Channel | None:
        """Return the error of an instruction.

        Raises:
            ResourceError: The device has no reset (`backend_unsuitable`).
        """
        if name == RESET and not any(gate.name == RESET for gate in self._device.gates):
            raise backend_unsuitable(f"it resets a qubit, and {self._device.name} has no reset")
        return _error(self._device, name, qubits)

    def confusion(self, qubit: int) -> ConfusionMatrix:
        """Return the readout error of a qubit."""
        error = self._device.qubits[qubit].readout_error or 0.0
        return (1 - error, error), (error, 1 - error)


@lru_cache(MAX_CACHED_ERRORS)
def _error(device: DeviceSnapshot, name: str, qubits: tuple[int, ...]) -> Channel | None:
    model = device_noise_model(device, qubits, frozenset([(name, qubits)]))
    return parse_error_model(model.to_dict()).error(name, tuple(range(len(qubits))))


@lru_cache(MAX_CACHED_ERRORS)
def relaxation_channel(qubit: QubitCalibration, seconds: float) -> Channel | None:
    """Return the decay of a qubit in some seconds; None if its T1 and T2 cause no decay."""
    if not seconds or (qubit.t1_s is None and qubit.t2_s is None):
        return None
    t1 = float("inf") if qubit.t1_s is None else qubit.t1_s
    t2 = 2 * t1 if qubit.t2_s is None else min(qubit.t2_s, 2 * t1)
    error = thermal_relaxation_error(t1, t2, seconds)
    model = parse_error_model({"errors": [{**error.to_dict(), "operations": [DELAY]}]})
    return model.error(DELAY, (0,))


class DeviceSource:
    """Source of noisy instructions on a device; see `InstructionSource`.

    Unless the program runs as written, the gates between two measurements are compiled together;
    each segment begins with the layout at the end of the segment before.

    Attributes:
        compile_report: The `compiled` field of the result.
    """

    def __init__(
        self,
        program: Program,
        device: DeviceSnapshot,
        seed: int,
        settings: Settings,
        *,
        as_written: bool,
        timed: bool,
        model: InstructionErrors,
        rename_gates: Callable[[QuantumCircuit], QuantumCircuit],
    ) -> None:
        """Create a source, and choose the initial layout.

        Args:
            program: The program.
            device: The device.
            seed: Seed of the compiler.
            settings: Settings of the slot.
            as_written: Keep the qubits and gates of the program.
            timed: Idle qubits decay.
            model: The errors of the instructions.
            rename_gates: Function that gives the gates of a circuit the names of the model.

        Raises:
            ResourceError: The device cannot run the program (`backend_unsuitable`).
        """
        self.model = model
        self.timed = timed
        self._rename_gates = rename_gates
        self.compile_report: dict[str, Any] = {}
        self._device = device
        self._seed = seed % (1 << 31)
        self._as_written = as_written
        self._cache: dict[Any, tuple[Sequence[Operation], Segment]] = {}
        self.layout = self._initial_layout(program, settings)

    def check(self, operations: Sequence[Operation]) -> None:
        """Raise ResourceError for gates as written that the device lacks."""
        if self._as_written:
            check_steps(operations, self._device)

    def build_segment(self, operations: Sequence[Operation], layout: Layout) -> Segment:
        """Return the noisy instructions of operations that begin with a layout."""
        layout_key = None if layout is None else tuple(layout.items())
        key = (layout_key, *[operation_key(operation) for operation in operations])
        entry = self._cache.get(key)
        if entry is None:
            if len(self._cache) >= MAX_CACHED_SEGMENTS:
                self._cache.clear()
            entry = self._cache[key] = (operations, self._compile_segment(operations, layout))
        return entry[1]

    def idle_error(self, qubit: int, seconds: float) -> Channel | None:
        """Return the decay of an idle physical qubit."""
        return relaxation_channel(self._device.qubits[qubit], seconds) if self.timed else None

    def measurement_seconds(self, qubit: int) -> float:
        """Return the duration of a measurement of a physical qubit."""
        return instruction_durations(self._device).get(("measure", (qubit,)), 0.0)

    def _initial_layout(self, program: Program, settings: Settings) -> Layout:
        """Return the best layout for one sampled shot of the program."""
        size = len(self._device.qubits)
        if self._as_written:
            self.compile_report = {"as_written": True}
            return None
        if program.qubits > size:
            raise backend_unsuitable(
                f"it uses {program.qubits:,} qubits, and {self._device.name} has {size}"
            )
        steps, active = convert_delays(extract_features(program).steps, self._device)
        outcomes = dict.fromkeys(step.outcome for step in steps if isinstance(step, Measure))
        clbits = {outcome: k for k, outcome in enumerate(outcomes)}
        circuit = build_circuit(steps, active, clbits)
        transpiled = transpile_for_device(circuit, self._device, self._seed, settings)
        self.compile_report = transpiled.report(active, program.qubits)
        layout = dict(zip(active, transpiled.places, strict=True))
        free = iter(sorted(set(range(size)) - set(layout.values())))
        qubits = range(program.qubits)
        return {q: layout[q] if q in layout else next(free) for q in qubits}

    def _compile_segment(self, operations: Sequence[Operation], layout: Layout) -> Segment:
        steps, qubits = convert_delays(operations, self._device)
        if layout is None:
            circuit = place_as_written(steps, qubits, {}, self._device).circuit
        else:
            circuit, layout = self._transpile(build_circuit(steps, list(layout), {}), layout)
        return self._add_errors(circuit, layout)

    def _transpile(self, circuit: QuantumCircuit, layout: Layout) -> tuple[QuantumCircuit, Layout]:
        """Return a circuit on the device, and the layout at its end."""
        assert layout is not None
        passes = _pass_manager(self._device, self._seed, tuple(layout.values()))
        try:
            transpiled = passes.run(circuit)
        except TranspilerError:
            reason = f"its gates cannot be compiled for {self._device.name}"
            raise backend_unsuitable(reason) from None
        final = transpiled.layout.final_index_layout(filter_ancillas=True)
        return transpiled, dict(zip(layout, final, strict=True))

    def _add_errors(self, circuit: QuantumCircuit, layout: Layout) -> Segment:
        """Return the instructions, with the decay of qubits that are idle between them."""
        number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
        times = schedule_alap(circuit, self._device)
        instructions: list[NoisyInstruction] = []
        for item, gaps in zip(circuit.data, times.gaps, strict=True):
            targets = tuple([number[qubit] for qubit in item.qubits])
            if item.operation.name == DELAY:
                seconds = delay_seconds(item.operation, self._device)
                instructions += self._decay(targets[0], seconds)
            elif item.operation.name != BARRIER:
                gate = QuantumCircuit(len(targets))
                gate.append(item.operation, range(len(targets)))
                instructions += build_instructions(self._rename_gates(gate), self.model, targets)
            if self.timed:
                for qubit, seconds in gaps.items():
                    instructions += self._decay(qubit, seconds)
        if not self.timed:
            return Segment(instructions, layout)
        return Segment(instructions, layout, times.duration, times.leading, times.trailing)

    def _decay(self, qubit: int, seconds: float) -> list[NoisyInstruction]:
        channel = relaxation_channel(self._device.qubits[qubit], seconds)
        return [] if channel is None else [NoisyInstruction(NoisyGate(None, channel), (qubit,))]


@lru_cache(64)
def _pass_manager(
    device: DeviceSnapshot, seed: int, physical_qubits: tuple[int, ...]
) -> PassManager:
    return build_pass_manager(
        OPTIMIZATION_LEVEL,
        target=full_target(device),
        seed_transpiler=seed,
        initial_layout=list(physical_qubits),
    )
