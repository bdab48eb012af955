"""Pragmas: Braket's are run or refused by name, those of other tools are told to be ignored."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from quantumtask.openqasm.context import Context
from quantumtask.openqasm.gates import Matrix, Operation, Unitary
from quantumtask.openqasm.places import Places, as_sequence, of_symbol
from quantumtask.openqasm.process import Process
from quantumtask.openqasm.roots import MOST_QUBITS_OF_A_ROOT
from quantumtask.openqasm.source import Refusal, Span, shorten
from quantumtask.openqasm.syntax import Node, PhysicalQubit, nodes

TOLERANCE = 1e-5
"""How far a matrix times its adjoint may be from 1, in each element: it was written with digits."""

ROUNDING = 1e-12
LONGEST_ELEMENT = 200
"""Characters of one element of a matrix."""

_UNITARY = re.compile(r"\s*+unitary\s*+\(([^()]*+)\)([^()]*+)")
_ROWS = re.compile(r"\s*+\[((?:\s*+\[[^\[\]]*+\]\s*+,)*+\s*+\[[^\[\]]*+\]\s*+)\]\s*+")
_ROW = re.compile(r"\[([^\[\]]*+)\]")
_REAL = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_ELEMENT = re.compile(
    rf"\s*([+-]?)\s*({_REAL})\s*(?:(im)|([+-])\s*([+-]?)\s*({_REAL})\s*im)?\s*", re.ASCII
)
_TARGET = re.compile(
    r"\s*+(?:\$([0-9]++)|(\w++))\s*+"
    r"(?:\[\s*+([0-9]{1,9}+)\s*+(?::\s*+([0-9]{1,9}+)\s*+)?+\]\s*+)?+"
)

RESULTS = {
    "state_vector": 'ask for it with `return`: ["statevector"]',
    "amplitude": 'ask for the state with `return`: ["statevector"]',
    "probability": 'ask for them with `return`: ["probabilities"]',
    "density_matrix": '`return`: ["statevector"] has the state if there is no noise',
}
"""Braket's results that leave the counts as they are, and what to do for each."""

OBSERVED = ("expectation", "variance", "sample")
"""Braket's results of an observable, which qubits are turned for before they are measured."""


def pragma(context: Context, node: Any) -> None:
    """A `pragma`. Raises Refusal for one of Braket's that cannot be honoured."""
    tool, command = [*node.command.split(maxsplit=1), "", ""][:2]
    if tool != "braket":
        words = shorten(node.command.strip(), 40)
        context.warn("ignored", f"pragma {words!r} is ignored", node.span)
        return
    kind = _word(command)
    handler = _BRAKET.get(kind)
    if handler is None:
        raise Refusal("not_supported", f"there is no pragma `braket {shorten(kind)}`", node.span)
    handler(context, node, command)


def _word(text: str) -> str:
    """The word that a text begins with."""
    found = re.match(r"\w*", text)
    return found.group() if found else ""


def check_verbatim(tree: Sequence[Node]) -> None:
    """Raises Refusal for `pragma braket verbatim` that stands before no box."""
    for node, following in zip(tree, [*tree[1:], None], strict=True):
        verbatim = type(node) is nodes.Pragma and node.command.split() == ["braket", "verbatim"]
        if verbatim and type(following) is not nodes.Box:
            message = "`braket verbatim` must stand before a `box`"
            raise Refusal("misplaced", message, node.span)


def _verbatim(context: Context, node: Any, _: str) -> None:
    message = "`braket verbatim` changes nothing: a program on physical qubits runs as written"
    context.warn("ignored", message, node.span)


def _noise(_: Context, node: Any, command: str) -> None:
    words = command.split("(")[0].split()
    kind = shorten(words[1]) if len(words) > 1 else ""
    message = f"the pragma `braket noise {kind}` would change the result, and is not supported"
    hint = "Leave it out, and give rates or a device as `noise` of the task"
    raise Refusal("not_supported", message, node.span, hint)


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
        raise Refusal("not_supported", message, node.span, hint)
    raise Refusal("not_supported", f"there is no pragma `{name}`", node.span)


def _unitary(context: Context, node: Any, command: str) -> None:
    """`unitary([[0, 1], [1, 0]]) q[0]`: the first qubit is the highest bit of an index."""
    found = _UNITARY.fullmatch(command)
    if found is None:
        raise _unreadable(node.span)
    targets = [_target(context, part, node.span) for part in found.group(2).split(",")]
    size = sum(target.size for target in targets)
    gate = Unitary(_matrix(found.group(1), size, node.span))
    limit, span = context.settings.max_operations, node.span

    def run(process: Process) -> None:
        qubits = [q for target in targets for q in target.qubits(process.memory)]
        if len(set(qubits)) < len(qubits):
            message = "`braket unitary` is given the same qubit twice"
            raise Refusal("duplicate_qubit", message, span)
        operation = Operation(gate, (), tuple(reversed(qubits)))
        process.world.apply((operation,))  # type: ignore[union-attr]
        process.spend(1, limit, span)

    context.code.emit(run, span)


_BRAKET: dict[str, Callable[[Context, Any, str], None]] = {
    "unitary": _unitary,
    "noise": _noise,
    "result": _result,
    "verbatim": _verbatim,
}


def _unreadable(span: Span) -> Refusal:
    message = "this pragma cannot be read: braket unitary([[0, 1], [1, 0]]) q[0]"
    return Refusal("syntax_error", message, span)


class _Target(NamedTuple):
    """Qubits, or one or some of a register: those from `first` to `last`."""

    places: Places
    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    def qubits(self, memory: list[Any]) -> Sequence[int]:
        fixed = self.places.fixed
        found = as_sequence(self.places.find(memory) if fixed is None else fixed)
        return found[self.first : self.last + 1]


def _target(context: Context, text: str, span: Span) -> _Target:
    found = _TARGET.fullmatch(text)
    if found is None:
        raise _unreadable(span)
    digits, name, first, last = found.groups()
    places = _places(context, digits, name, span)
    size = places.type.size if places.type.kind == "qubits" else 1
    if size is None or first is None:
        return _Target(places, 0, (size or 0) - 1)
    begin, end = int(first), int(last or first)
    if digits or not begin <= end < size:
        plural = "" if size == 1 else "s"
        message = f"`{shorten(text.strip())}`: `{shorten(places.name)}` has {size} qubit{plural}"
        raise Refusal("index_out_of_range", message, span)
    return _Target(places, begin, end)


def _places(context: Context, digits: str | None, name: str, span: Span) -> Places:
    if digits:
        return context.physical(PhysicalQubit(digits, span))
    symbol = context.scope.find(name)
    if symbol is None:
        message = f"`{shorten(name)}` is not declared"
        raise Refusal("undeclared_name", message, span)
    places = of_symbol(symbol, name, span)
    if not places.is_quantum:
        message = f"`{shorten(name)}` is no qubit, and one is needed here"
        raise Refusal("wrong_type", message, span)
    return places


def _matrix(text: str, qubits: int, span: Span) -> Matrix:
    """The matrix as it is written, made unitary to the last digit. Raises Refusal."""
    rows = _elements(text, span)
    if qubits > MOST_QUBITS_OF_A_ROOT:
        message = f"a matrix on {qubits} qubits is not supported"
        raise Refusal(
            "not_supported", message, span, f"At most {MOST_QUBITS_OF_A_ROOT} qubits can have one"
        )
    size = 1 << qubits
    if len(rows) != size or any(len(row) != size for row in rows):
        noun = "qubit needs" if qubits == 1 else "qubits need"
        message = f"{qubits} {noun} a matrix of {size} rows and columns, and this is another"
        raise Refusal("size_mismatch", message, span)
    matrix = np.array(rows, dtype=np.complex128)
    if not np.isfinite(matrix).all():
        raise Refusal("not_finite", "an element of this matrix is too large", span)
    if np.abs(matrix).max() > 1 + TOLERANCE or _deviation(matrix) > TOLERANCE:
        raise Refusal("not_unitary", "this matrix is not unitary", span)
    return matrix if _deviation(matrix) < ROUNDING else _nearest_unitary(matrix)


def _deviation(matrix: Matrix) -> float:
    return float(np.abs(matrix @ matrix.conj().T - np.eye(len(matrix))).max())


def _nearest_unitary(matrix: Matrix) -> Matrix:
    """The unitary factor of the polar decomposition, with the zeros of the matrix."""
    left, _, right = np.linalg.svd(matrix)
    nearest: Matrix = left @ right
    nearest[(matrix == 0) & (np.abs(nearest) < ROUNDING)] = 0
    return nearest


def _elements(text: str, span: Span) -> list[list[complex]]:
    found = _ROWS.fullmatch(text)
    if found is None:
        raise _unreadable(span)
    return [
        [_element(element, span) for element in row.split(",")]
        for row in _ROW.findall(found.group(1))
    ]


def _element(text: str, span: Span) -> complex:
    """`1`, `-0.5im`, `0.5 - 0.5im`."""
    found = _ELEMENT.fullmatch(text) if len(text) <= LONGEST_ELEMENT else None
    if found is None:
        message = f"`{shorten(text.strip())}` is no element of a matrix"
        raise Refusal("syntax_error", message, span)
    sign, number, imaginary, plus, again, other = found.groups()
    value = float(f"{sign}{number}")
    if other is None:
        return complex(0, value) if imaginary else complex(value)
    return complex(value, float(other) * (-1 if (plus == "-") != (again == "-") else 1))
