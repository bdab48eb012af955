"""Everything that can be said about a circuit without running it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.pipeline import (
    NOTHING_MEASURED,
    build_first_program,
    compile_source,
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


class Declaration(NamedTuple):
    """An `input` or `output` variable, with its type as OpenQASM writes it."""

    name: str
    type: str


@dataclass(frozen=True)
class Validation:
    """What is wrong with a circuit (errors and warnings, in the order of the text), and its shape.

    `operations`: what every shot does; None where that depends on a measurement or on an input
    that has no value yet, and for a circuit that is wrong.
    """

    problems: tuple[Problem, ...]
    inputs: tuple[Declaration, ...] = ()
    outputs: tuple[Declaration, ...] = ()
    registers: tuple[Register, ...] = ()
    qubits: int = 0
    operations: int | None = None

    @property
    def valid(self) -> bool:
        return all(problem.severity != "error" for problem in self.problems)


def validate_circuit(text: str, settings: Settings, parameters: str | None = None) -> Validation:
    """Checks a circuit; without `parameters` (a JSON object) its inputs need no values."""
    try:
        source = preprocess(text, settings)
        with report_errors_in(source), gc_paused():
            return _validated(compile_source(source, settings, parse_inputs(parameters)), source)
    except CircuitError as error:
        return Validation(error.problems)


def _validated(context: Context, source: Source) -> Validation:
    refusals, warnings = list(context.refusals.values()), list(context.warnings.values())
    circuit = None
    if not refusals and (context.parameters is not None or not context.inputs):
        try:
            circuit = build_first_program(context).circuit
        except Diagnostic as refusal:
            refusals.append(refusal)
    if not refusals:
        warnings += _unused(context, circuit)
    return Validation(
        _problems(source, refusals, warnings),
        tuple(Declaration(one.name, str(one.type)) for one in context.inputs),
        tuple(Declaration(name, str(to)) for name, to, _ in context.outputs),
        tuple(context.bits),
        context.qubits.count,
        None if circuit is None else len(circuit.steps),
    )


def _problems(
    source: Source, refusals: Iterable[Diagnostic], warnings: Iterable[Diagnostic]
) -> tuple[Problem, ...]:
    errors = [source.problem(refusal) for refusal in refusals]
    errors += [replace(source.problem(w), severity="warning") for w in warnings]
    return tuple(sorted(errors, key=lambda p: (p.line or 0, p.column or 0))[: 2 * MAX_PROBLEMS])


def _unused(context: Context, circuit: Circuit | None) -> list[Diagnostic]:
    """Warnings: qubits that nothing touches, or that nobody measures."""
    if circuit is None:
        return []
    touched, measured = set(circuit.active_qubits), _measured(circuit)
    found = []
    for name, numbers, span in context.declared:
        idle = [k for k, number in enumerate(numbers) if number not in touched]
        blind = [k for k, n in enumerate(numbers) if n in touched and n not in measured]
        if idle:
            message = f"{_some(name, idle, len(numbers))} never used"
            found.append(Diagnostic("unused_qubit", message, span))
        if blind and measured:
            message = f"{_some(name, blind, len(numbers))} never measured"
            found.append(Diagnostic("unmeasured_qubit", message, span))
    if not measured:
        place = context.declared[0][2] if context.declared else OffsetSpan(0, 0)
        hint = "Measure the qubits: c = measure q;"
        found.append(Diagnostic("nothing_measured", NOTHING_MEASURED, place, hint))
    return found


def _measured(circuit: Circuit) -> set[int]:
    return {step.qubit for step in circuit.steps if isinstance(step, Measure)}


def _some(name: str, which: list[int], size: int) -> str:
    """ "qubit 2 of `q` is", "all qubits of `q` are"."""
    name = shorten(name)
    if len(which) == size:
        return f"`{name}` is" if size == 1 else f"all {size} qubits of `{name}` are"
    numbers = ", ".join(str(k) for k in which[:5]) + (", …" if len(which) > 5 else "")
    return (
        f"qubit {numbers} of `{name}` is"
        if len(which) == 1
        else f"qubits {numbers} of `{name}` are"
    )
