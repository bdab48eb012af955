"""Pragmas: those of Braket run or are errors; all others are ignored with a warning."""

import re
from collections.abc import Callable, Sequence

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.pragma_matrices import (
    REAL_PATTERN,
    nearest_isometry,
    parse_matrices,
)
from quantumtask.openqasm.compiler.pragma_targets import PragmaTarget, parse_targets
from quantumtask.openqasm.gates.channels import CHANNELS, complete_unitary, stack_operators
from quantumtask.openqasm.gates.roots import MAX_ROOT_QUBITS
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import Execution, Instruction, QuantumTarget
from quantumtask.openqasm.program.operations import Matrix, MatrixGate, Operation
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten

_UNITARY = re.compile(r"unitary\s*+\(([^()]*+)\)([^()]*+)")
_NOISE = re.compile(r"noise\s++(\w++)\s*+\(([^()]*+)\)([^()]*+)")
_NUMBER = re.compile(rf"\s*{REAL_PATTERN}\s*", re.ASCII)
UNCOMPUTED_RESULTS = {
    "state_vector": 'request it with `return`: ["statevector"]',
    "amplitude": 'request the state with `return`: ["statevector"]',
    "probability": 'request them with `return`: ["probabilities"]',
    "density_matrix": '`return`: ["statevector"] has the state if there is no noise',
}
"""Result types of Braket that do not change the counts, with the remedy for each."""

OBSERVABLE_RESULTS = ("expectation", "variance", "sample")
"""Result types of an observable, for which Braket rotates the qubits before the measurement."""


def compile_pragma(context: Context, node: nodes.Pragma) -> None:
    """Compile a `pragma`, or warn about it. Raises Diagnostic for an unsupported Braket pragma."""
    tool, command = [*node.command.split(maxsplit=1), "", ""][:2]
    if tool != "braket":
        words = shorten(node.command.strip(), 40)
        context.warn("ignored", f"pragma {words!r} is ignored", node.span)
        return
    kind = _first_word(command)
    handler = _BRAKET.get(kind)
    if handler is None:
        raise Diagnostic("not_supported", f"there is no pragma `braket {shorten(kind)}`", node.span)
    handler(context, node, command)


def _first_word(text: str) -> str:
    word = re.match(r"\w*", text)
    return word.group() if word else ""


def check_verbatim(tree: Sequence[Node]) -> None:
    """Raise Diagnostic for a `pragma braket verbatim` without a `box` after it."""
    for node, following in zip(tree, [*tree[1:], None], strict=True):
        is_verbatim = type(node) is nodes.Pragma and node.command.split() == ["braket", "verbatim"]
        if is_verbatim and type(following) is not nodes.Box:
            message = "`braket verbatim` must stand before a `box`"
            raise Diagnostic("misplaced", message, node.span)


def _compile_verbatim(context: Context, node: nodes.Pragma, _: str) -> None:
    message = "`braket verbatim` changes nothing: a program on physical qubits runs as written"
    context.warn("ignored", message, node.span)


def _compile_noise(context: Context, node: nodes.Pragma, command: str) -> None:
    """Compile a channel such as `noise bit_flip(0.1) q[0]`.

    The channel becomes a unitary on its qubits and on environment qubits (Stinespring dilation). A
    second instruction resets the environment, because a reset may need an outcome first.
    """
    match, span = _NOISE.fullmatch(command), node.span
    if match is None:
        raise _syntax_error("noise bit_flip(0.1) q[0]", span)
    targets = parse_targets(context, match[3], span)
    qubits = sum(target.size for target in targets)
    columns = stack_operators(_kraus_operators(match[1], match[2], qubits, span))
    added = len(columns).bit_length() - 1 - qubits
    _check_size(qubits + added, span)
    isometry = nearest_isometry(columns)
    if isometry is None:
        raise Diagnostic("not_unitary", "these operators do not preserve the trace", span)
    gate, allocator = MatrixGate(complete_unitary(isometry)), context.qubits
    context.noisy = True

    def environment() -> Sequence[int]:
        return range(allocator.count, allocator.count + added)

    def reset(_: Execution, quantum: QuantumTarget) -> None:
        quantum.reset(environment())

    context.code.emit(_apply_matrix(context, gate, targets, environment, span), span)
    context.code.emit(reset, span)


def _kraus_operators(name: str, text: str, qubits: int, span: Span) -> list[Matrix]:
    """Return the Kraus operators of a channel. Raises Diagnostic."""
    if name == "kraus":
        _check_size(qubits, span)
        operators = parse_matrices(text, qubits, span)
        if not operators:
            raise _syntax_error("noise kraus([[1, 0], [0, 1]]) q[0]", span)
        return operators
    channel = CHANNELS.get(name)
    if channel is None:
        message = f"there is no pragma `braket noise {shorten(name)}`"
        raise Diagnostic(
            "not_supported", message, span, f"There are {', '.join(CHANNELS)} and kraus"
        )
    numbers = text.split(",")
    if qubits != channel.num_qubits or len(numbers) != channel.num_parameters:
        message = (
            f"`braket noise {name}` takes {channel.num_parameters} numbers and "
            f"{channel.num_qubits} qubits, not {len(numbers)} and {qubits}"
        )
        raise Diagnostic("wrong_arity", message, span)
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise _syntax_error(f"noise {name}(0.1) q[0]", span)
    try:
        return channel.kraus_operators(*map(float, numbers))
    except ValueError:
        message = f"the probabilities of `braket noise {name}` must be from 0 to 1, and sum to 1"
        raise Diagnostic("not_finite", message, span) from None


def _compile_result(context: Context, node: nodes.Pragma, command: str) -> None:
    words = command.split()
    kind = _first_word(words[1]) if len(words) > 1 else ""
    name = f"braket result {shorten(kind)}"
    if kind in UNCOMPUTED_RESULTS:
        message = f"`{name}` is not computed, only the counts are: {UNCOMPUTED_RESULTS[kind]}"
        context.warn("ignored", message, node.span)
        return
    if kind in OBSERVABLE_RESULTS:
        message = f"the pragma `{name}` measures an observable, and is not supported"
        hint = "Remove it, and set the `observables` of the task"
        raise Diagnostic("not_supported", message, node.span, hint)
    raise Diagnostic("not_supported", f"there is no pragma `{name}`", node.span)


def _compile_unitary(context: Context, node: nodes.Pragma, command: str) -> None:
    """Compile a gate such as `unitary([[0, 1], [1, 0]]) q[0]`.

    The first qubit is the most significant bit of a matrix index.
    """
    match, span = _UNITARY.fullmatch(command), node.span
    if match is None:
        raise _syntax_error(_EXAMPLE, span)
    targets = parse_targets(context, match[2], span)
    size = sum(target.size for target in targets)
    _check_size(size, span)
    matrices = parse_matrices(match[1], size, span)
    if len(matrices) != 1:
        raise _syntax_error(_EXAMPLE, span)
    matrix = nearest_isometry(matrices[0])
    if matrix is None:
        raise Diagnostic("not_unitary", "this matrix is not unitary", span)
    context.code.emit(_apply_matrix(context, MatrixGate(matrix), targets, lambda: (), span), span)


def _check_size(qubits: int, span: Span) -> None:
    if qubits > MAX_ROOT_QUBITS:
        message = f"a matrix on {qubits} qubits is not supported"
        hint = f"The limit is {MAX_ROOT_QUBITS} qubits; noise needs more, for its operators"
        raise Diagnostic("not_supported", message, span, hint)


def _apply_matrix(
    context: Context,
    gate: MatrixGate,
    targets: Sequence[PragmaTarget],
    environment: Callable[[], Sequence[int]],
    span: Span,
) -> Instruction:
    """Return the instruction that applies a matrix.

    The last target is bit 0 of a matrix index; the `environment` has the most significant bits.
    """
    limit = context.settings.max_operations

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        qubits = [q for target in targets for q in target.qubits(execution.memory)]
        if len(set(qubits)) < len(qubits):
            raise Diagnostic("duplicate_qubit", "this pragma names the same qubit twice", span)
        operation = Operation(gate, (), (*reversed(qubits), *environment()))
        quantum.apply((operation,))
        execution.charge_operations(1, limit, span)

    return run


_BRAKET: dict[str, Callable[[Context, nodes.Pragma, str], None]] = {
    "unitary": _compile_unitary,
    "noise": _compile_noise,
    "result": _compile_result,
    "verbatim": _compile_verbatim,
}


_EXAMPLE = "unitary([[0, 1], [1, 0]]) q[0]"


def _syntax_error(example: str, span: Span) -> Diagnostic:
    message = f"invalid syntax of this pragma; write it as #pragma braket {example}"
    return Diagnostic("syntax_error", message, span)
