"""Target of Qiskit for a backend of the service."""

from typing import Any

from qiskit.circuit import (
    BoxOp,
    BreakLoopOp,
    ContinueLoopOp,
    Delay,
    ForLoopOp,
    Gate,
    IfElseOp,
    Measure,
    Parameter,
    Reset,
    Store,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit import library as gates
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.transpiler import InstructionProperties, QubitProperties, Target

from quantumtask.client.connection import Json
from quantumtask.export.gates import CALLS

CONTROL_FLOW = {
    "if_else": IfElseOp, "for_loop": ForLoopOp, "while_loop": WhileLoopOp,
    "switch_case": SwitchCaseOp, "box": BoxOp, "break_loop": BreakLoopOp,
    "continue_loop": ContinueLoopOp, "store": Store,
}  # fmt: skip
VARIADIC_GATES = {"mcx": gates.MCXGate, "mcphase": gates.MCPhaseGate}
DEPRECATED_GATES = ("u1", "u2", "u3", "cu1", "cu3")
"""Gates that Qiskit no longer recommends: they run, but nothing is compiled to them."""


def build_target(info: Json) -> Target:
    """Return the target of a backend, from the answer of `GET /backends/{name}`."""
    target = _device(info) if info.get("noisy") else _ideal(info["qubits"])
    for name, operation in CONTROL_FLOW.items():
        target.add_instruction(operation, name=name)
    return target


def _ideal(qubits: int) -> Target:
    """Return a target with every gate on all qubits, without errors."""
    target = Target(num_qubits=qubits)
    for name, gate in get_standard_gate_name_mapping().items():
        if type(gate) in _native() and name not in DEPRECATED_GATES:
            target.add_instruction(gate)
    for name, operation in VARIADIC_GATES.items():
        target.add_instruction(operation, name=name)
    for instruction in (Measure(), Reset(), Delay(Parameter("t"))):
        target.add_instruction(instruction)
    return target


def _native() -> set[type]:
    return {*CALLS, *(getattr(gate, "base_class", gate) for gate in CALLS)}


def _device(info: Json) -> Target:
    """Return the target with the gates of a device and `reset`, with errors and durations."""
    target = Target(
        num_qubits=info["qubits"],
        dt=_seconds(info.get("dt_ns")),
        qubit_properties=[_qubit(each) for each in info["qubits_properties"]],
    )
    properties_by_gate: dict[str, dict[tuple[int, ...], InstructionProperties]] = {}
    for gate in info["gates"]:
        properties = InstructionProperties(_seconds(gate.get("duration_ns")), gate.get("error"))
        properties_by_gate.setdefault(gate["name"], {})[tuple(gate["qubits"])] = properties
    all_qubits: dict[tuple[int, ...], Any] = {(qubit,): None for qubit in range(info["qubits"])}
    classes = get_standard_gate_name_mapping()
    for name, properties_at in properties_by_gate.items():
        if isinstance(classes.get(name), Gate):
            target.add_instruction(classes[name], properties_at)
    target.add_instruction(Measure(), _measurements(info["qubits_properties"]))
    if "reset" in properties_by_gate:
        target.add_instruction(Reset(), properties_by_gate["reset"])
    target.add_instruction(Delay(Parameter("t")), all_qubits)
    return target


def _measurements(qubits: list[Json]) -> dict[tuple[int, ...], InstructionProperties]:
    return {
        (k,): InstructionProperties(_seconds(qubit.get("readout_ns")), qubit["readout_error"])
        for k, qubit in enumerate(qubits)
    }


def _qubit(qubit: Json) -> QubitProperties:
    frequency = qubit.get("frequency_ghz")
    return QubitProperties(
        t1=_seconds(qubit.get("t1_us"), 1e-6),
        t2=_seconds(qubit.get("t2_us"), 1e-6),
        frequency=None if frequency is None else frequency * 1e9,
    )


def _seconds(value: float | None, unit: float = 1e-9) -> float | None:
    return None if value is None else value * unit
