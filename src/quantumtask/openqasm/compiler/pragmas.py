"""Pragmas: those of Braket run or are refused by name, all others are ignored with a warning."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.pragma_matrices import REAL, isometry, matrices
from quantumtask.openqasm.compiler.pragma_targets import Target, targets_of
from quantumtask.openqasm.gates.channels import CHANNELS, complete_unitary, stack_operators
from quantumtask.openqasm.gates.roots import MAX_ROOT_QUBITS
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import Execution, Instruction, QuantumTarget
from quantumtask.openqasm.program.operations import Matrix, MatrixGate, Operation
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten

_UNITARY = re.compile(r"unitary\s*+\(([^()]*+)\)([^()]*+)")
_NOISE = re.compile(r"noise\s++(\w++)\s*+\(([^()]*+)\)([^()]*+)")
_NUMBER = re.compile(rf"\s*{REAL}\s*", re.ASCII)
RESULTS = {
    "state_vector": 'ask for it with `return`: ["statevector"]',
    "amplitude": 'ask for the state with `return`: ["statevector"]',
    "probability": 'ask for them with `return`: ["probabilities"]',
    "density_matrix": '`return`: ["statevector"] has the state if there is no noise',
}
"""Braket's results that do not change the counts, with the remedy for each."""

OBSERVED = ("expectation", "variance", "sample")
"""Braket's results of an observable: Braket turns the qubits before it measures them."""


def pragma(context: Context, node: Any) -> None:
    """Runs a `pragma`, or warns about it. Raises Diagnostic for an unsupported one of Braket."""
    tool, command = [*node.command.split(maxsplit=1), "", ""][:2]
    if tool != "braket":
        words = shorten(node.command.strip(), 40)
        context.warn("ignored", f"pragma {words!r} is ignored", node.span)
        return
    kind = _word(command)
    handler = _BRAKET.get(kind)
    if handler is None:
        raise Diagnostic("not_supported", f"there is no pragma `braket {shorten(kind)}`", node.span)
    handler(context, node, command)


def _word(text: str) -> str:
    """The word that a text begins with."""
    found = re.match(r"\w*", text)
    return found.group() if found else ""


def check_verbatim(tree: Sequence[Node]) -> None:
    """Raises Diagnostic for a `pragma braket verbatim` without a `box` behind it."""
    for node, following in zip(tree, [*tree[1:], None], strict=True):
        verbatim = type(node) is nodes.Pragma and node.command.split() == ["braket", "verbatim"]
        if verbatim and type(following) is not nodes.Box:
            message = "`braket verbatim` must stand before a `box`"
            raise Diagnostic("misplaced", message, node.span)


def _verbatim(context: Context, node: Any, _: str) -> None:
    message = "`braket verbatim` changes nothing: a program on physical qubits runs as written"
    context.warn("ignored", message, node.span)


def _noise(context: Context, node: Any, command: str) -> None:
    """Adds a channel such as `noise bit_flip(0.1) q[0]`, as a unitary on qubits and environment.

    A second instruction resets the environment, because a reset may have to wait for an outcome.
    """
    found, span = _NOISE.fullmatch(command), node.span
    if found is None:
        raise _unreadable("noise bit_flip(0.1) q[0]", span)
    targets = targets_of(context, found[3], span)
    qubits = sum(target.size for target in targets)
    columns = stack_operators(_operators(found[1], found[2], qubits, span))
    added = len(columns).bit_length() - 1 - qubits
    _check_size(qubits + added, span)
    exact = isometry(columns)
    if exact is None:
        raise Diagnostic("not_unitary", "these operators do not keep the trace", span)
    gate, declared = MatrixGate(complete_unitary(exact)), context.qubits
    context.noisy = True

    def environment() -> Sequence[int]:
        return range(declared.count, declared.count + added)

    def reset(_: Execution, quantum: QuantumTarget) -> None:
        quantum.reset(environment())

    context.code.emit(_applied(context, gate, targets, environment, span), span)
    context.code.emit(reset, span)


def _operators(name: str, text: str, qubits: int, span: Span) -> list[Matrix]:
    """The Kraus operators of a channel. Raises Diagnostic."""
    if name == "kraus":
        _check_size(qubits, span)
        operators = matrices(text, qubits, span)
        if not operators:
            raise _unreadable("noise kraus([[1, 0], [0, 1]]) q[0]", span)
        return operators
    kind = CHANNELS.get(name)
    if kind is None:
        message = f"there is no pragma `braket noise {shorten(name)}`"
        raise Diagnostic(
            "not_supported", message, span, f"There are {', '.join(CHANNELS)} and kraus"
        )
    numbers = text.split(",")
    if qubits != kind.num_qubits or len(numbers) != kind.num_parameters:
        message = (
            f"`braket noise {name}` takes {kind.num_parameters} numbers "
            f"and {kind.num_qubits} qubits, not {len(numbers)} and {qubits}"
        )
        raise Diagnostic("wrong_arity", message, span)
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise _unreadable(f"noise {name}(0.1) q[0]", span)
    try:
        return kind.kraus_operators(*map(float, numbers))
    except ValueError:
        message = f"the probabilities of `braket noise {name}` must be from 0 to 1, and sum to 1"
        raise Diagnostic("not_finite", message, span) from None


def _result(context: Context, node: Any, command: str) -> None:
    words = command.split()
    kind = _word(words[1]) if len(words) > 1 else ""
    name = f"braket result {shorten(kind)}"
    if kind in RESULTS:
        message = f"`{name}` is not computed, only the counts are: {RESULTS[kind]}"
        context.warn("ignored", message, node.span)
        return
    if kind in OBSERVED:
        message = f"the pragma `{name}` measures an observable, and is not supported"
        hint = "Leave it out, and give `observables` with the task"
        raise Diagnostic("not_supported", message, node.span, hint)
    raise Diagnostic("not_supported", f"there is no pragma `{name}`", node.span)


def _unitary(context: Context, node: Any, command: str) -> None:
    """Adds a gate such as `unitary([[0, 1], [1, 0]]) q[0]`.

    The first qubit is the highest bit of an index.
    """
    found, span = _UNITARY.fullmatch(command), node.span
    if found is None:
        raise _unreadable(_EXAMPLE, span)
    targets = targets_of(context, found[2], span)
    size = sum(target.size for target in targets)
    _check_size(size, span)
    written = matrices(found[1], size, span)
    if len(written) != 1:
        raise _unreadable(_EXAMPLE, span)
    exact = isometry(written[0])
    if exact is None:
        raise Diagnostic("not_unitary", "this matrix is not unitary", span)
    context.code.emit(_applied(context, MatrixGate(exact), targets, lambda: (), span), span)


def _check_size(qubits: int, span: Span) -> None:
    if qubits > MAX_ROOT_QUBITS:
        message = f"a matrix on {qubits} qubits is not supported"
        hint = f"At most {MAX_ROOT_QUBITS} can have one; noise needs more for its operators"
        raise Diagnostic("not_supported", message, span, hint)


def _applied(
    context: Context,
    gate: MatrixGate,
    targets: Sequence[Target],
    more: Callable[[], Sequence[int]],
    span: Span,
) -> Instruction:
    """The instruction for a matrix: the last target is bit 0 of an index, `more` the highest."""
    limit = context.settings.max_operations

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        qubits = [q for target in targets for q in target.qubits(execution.memory)]
        if len(set(qubits)) < len(qubits):
            raise Diagnostic("duplicate_qubit", "this pragma is given the same qubit twice", span)
        operation = Operation(gate, (), (*reversed(qubits), *more()))
        quantum.apply((operation,))
        execution.charge_operations(1, limit, span)

    return run


_BRAKET: dict[str, Callable[[Context, Any, str], None]] = {
    "unitary": _unitary,
    "noise": _noise,
    "result": _result,
    "verbatim": _verbatim,
}


_EXAMPLE = "unitary([[0, 1], [1, 0]]) q[0]"


def _unreadable(example: str, span: Span) -> Diagnostic:
    message = f"this pragma cannot be read: write it as #pragma braket {example}"
    return Diagnostic("syntax_error", message, span)
