"""Validation of a circuit without running it: errors, warnings and its shape."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from quantumtask.openqasm.compiler.context import Context, DeclaredRegister
from quantumtask.openqasm.compiler.pipeline import (
    NOTHING_MEASURED,
    build_first_program,
    compile_source,
    measurement_hint,
    parse_inputs,
    preprocess,
    report_errors_in,
)
from quantumtask.openqasm.program.program import Circuit, Measure, Register
from quantumtask.openqasm.text.source import MAX_PROBLEMS, Diagnostic, OffsetSpan, Source, shorten
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.processes import gc_paused
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Problem


class IoDeclaration(NamedTuple):
    """An `input` or `output` variable, with its type in the syntax of OpenQASM."""

    name: str
    type: str


@dataclass(frozen=True)
class Validation:
    """The problems of a circuit, and its shape.

    Attributes:
        problems: Errors and warnings, in the order of the text.
        registers: The bit registers of the result.
        operations: The number of operations of a shot. None if it depends on an outcome or on an
            input without a value, and for a circuit with errors.
    """

    problems: tuple[Problem, ...]
    inputs: tuple[IoDeclaration, ...] = ()
    outputs: tuple[IoDeclaration, ...] = ()
    registers: tuple[Register, ...] = ()
    qubits: int = 0
    operations: int | None = None

    @property
    def valid(self) -> bool:
        """The circuit has no errors."""
        return all(problem.severity != "error" for problem in self.problems)


def validate_circuit(text: str, settings: Settings, parameters: str | None = None) -> Validation:
    """Check a circuit.

    Args:
        text: The circuit text.
        settings: The limits of the service.
        parameters: The values of the inputs, as a JSON object; None: inputs need no values.
    """
    try:
        source = preprocess(text, settings)
        with report_errors_in(source), gc_paused():
            context = compile_source(source, settings, parse_inputs(parameters))
            return _build_validation(context, source)
    except CircuitError as error:
        return Validation(error.problems)


def _build_validation(context: Context, source: Source) -> Validation:
    errors, warnings = list(context.errors.values()), list(context.warnings.values())
    circuit = None
    if not errors and (context.parameters is not None or not context.inputs):
        try:
            circuit = build_first_program(context).circuit
        except Diagnostic as error:
            errors.append(error)
    if not errors and circuit is not None:
        warnings += _usage_warnings(context, circuit)
    return Validation(
        _build_problems(source, errors, warnings),
        tuple(IoDeclaration(variable.name, str(variable.type)) for variable in context.inputs),
        tuple(IoDeclaration(output.name, str(output.type)) for output in context.outputs),
        tuple(context.result_registers),
        context.qubits.count,
        None if circuit is None else len(circuit.steps),
    )


def _build_problems(
    source: Source, errors: Iterable[Diagnostic], warnings: Iterable[Diagnostic]
) -> tuple[Problem, ...]:
    problems = [source.problem(error) for error in errors]
    problems += [replace(source.problem(warning), severity="warning") for warning in warnings]
    problems.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
    return tuple(problems[: 2 * MAX_PROBLEMS])


def _usage_warnings(context: Context, circuit: Circuit) -> list[Diagnostic]:
    """Return warnings about qubits without operations, and about qubits without measurements."""
    measured = {step.qubit for step in circuit.steps if isinstance(step, Measure)}
    active = set(circuit.active_qubits)
    warnings: list[Diagnostic] = []
    for register in context.declared_registers:
        warnings += _register_warnings(register, active, measured)
    if not measured:
        registers = context.declared_registers
        span = registers[0].span if registers else OffsetSpan(0, 0)
        hint = measurement_hint(len(circuit.bits), context.qubits.count)
        warnings.append(Diagnostic("nothing_measured", NOTHING_MEASURED, span, hint))
    return warnings


def _register_warnings(
    register: DeclaredRegister, active: set[int], measured: set[int]
) -> list[Diagnostic]:
    name, qubits, span = register
    unused = [k for k, qubit in enumerate(qubits) if qubit not in active]
    unmeasured = [k for k, q in enumerate(qubits) if q in active and q not in measured]
    warnings = []
    if unused:
        message = f"{_describe(name, unused, len(qubits))} never used"
        warnings.append(Diagnostic("unused_qubit", message, span))
    if unmeasured and measured:
        message = f"{_describe(name, unmeasured, len(qubits))} never measured"
        warnings.append(Diagnostic("unmeasured_qubit", message, span))
    return warnings


def _describe(name: str, indices: Sequence[int], size: int) -> str:
    """Return a phrase such as "qubit 2 of `q` is" or "all 3 qubits of `q` are"."""
    name = shorten(name)
    if len(indices) == size:
        return f"`{name}` is" if size == 1 else f"all {size} qubits of `{name}` are"
    numbers = ", ".join(str(k) for k in indices[:5]) + (", …" if len(indices) > 5 else "")
    if len(indices) == 1:
        return f"qubit {numbers} of `{name}` is"
    return f"qubits {numbers} of `{name}` are"
