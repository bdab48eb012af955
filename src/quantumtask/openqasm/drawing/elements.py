"""Elements of a drawing: boxes, meters, barriers, and frames around blocks of statements."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Symbol(StrEnum):
    """Symbols on the target qubits of a gate."""

    BOX = "box"
    NOT = "not"
    DOT = "dot"
    SWAP = "swap"


@dataclass(frozen=True)
class Box:
    """A gate, or another operation that has a label.

    Attributes:
        label: The name in the drawing.
        qubits: The numbers of the target qubits. Empty for a jump or a global phase, which is
            drawn on the first wire around it.
        parameters: The parameters, as one text.
        controls: The numbers of the control qubits, each True for a control on 1.
        symbol: The symbol on the target qubits.
        family: The kind of the operation, which chooses the color.
        has_ports: The drawing numbers the target qubits, because their order matters.
        title: The statement.
        line: The line of the statement; 0 if it is not known.
    """

    label: str
    qubits: tuple[int, ...]
    parameters: str = ""
    controls: tuple[tuple[int, bool], ...] = ()
    symbol: Symbol = Symbol.BOX
    family: str = "gate"
    has_ports: bool = False
    title: str = ""
    line: int = 0

    @property
    def all_qubits(self) -> tuple[int, ...]:
        """The numbers of all qubits."""
        return (*self.qubits, *(qubit for qubit, _ in self.controls))


@dataclass(frozen=True)
class Meters:
    """Measurements that one column shows.

    Attributes:
        qubits: The numbers of the qubits.
        targets: The text of the bit of each outcome; "" for none.
        register: The number of the register that has the bits; None for other bits.
    """

    qubits: tuple[int, ...]
    targets: tuple[str, ...]
    register: int | None
    title: str = ""
    line: int = 0

    @property
    def all_qubits(self) -> tuple[int, ...]:
        """The numbers of the qubits."""
        return self.qubits

    def join(self, other: "Meters") -> "Meters | None":
        """Return both in one column; None if they share a qubit or have different targets."""
        if self.register != other.register or set(self.qubits) & set(other.qubits):
            return None
        return Meters(
            self.qubits + other.qubits,
            self.targets + other.targets,
            self.register,
            self.title if self.title == other.title else f"{self.title} {other.title}"[:200],
            self.line,
        )


@dataclass(frozen=True)
class Barrier:
    """A barrier on some qubits."""

    qubits: tuple[int, ...]
    title: str = ""
    line: int = 0

    @property
    def all_qubits(self) -> tuple[int, ...]:
        """The numbers of the qubits."""
        return self.qubits


@dataclass(frozen=True)
class Frame:
    """A block of statements.

    Attributes:
        label: The head of the block, such as "for i in [0:3]".
        body: The elements of the block.
        registers: The numbers of the registers that the head reads.
        line: The line of the head.
        statement_qubits: The qubits of all frames of the statement, such as of all branches.
    """

    label: str
    body: "tuple[Element, ...]"
    registers: tuple[int, ...] = ()
    line: int = 0
    statement_qubits: tuple[int, ...] = ()

    @property
    def all_qubits(self) -> tuple[int, ...]:
        """The numbers of the qubits of all elements, and of the frames beside this one."""
        own = {qubit for element in self.body for qubit in element.all_qubits}
        return tuple(own | set(self.statement_qubits))


Mark = Box | Meters | Barrier
Element = Mark | Frame


@dataclass(frozen=True)
class Drawing:
    """The elements of a circuit, in the order of the text.

    Attributes:
        qubits: The names of the qubits, by number.
        registers: The name and the size of each bit register.
        elements: The elements.
        omitted: The number of operations behind the last element.
    """

    qubits: dict[int, str]
    registers: tuple[tuple[str, int], ...]
    elements: tuple[Element, ...]
    omitted: int = 0

    def marks(self) -> Iterator[Mark]:
        """Yield all elements that are no frames, those in frames too."""
        return _marks(self.elements)


def _marks(elements: tuple[Element, ...]) -> Iterator[Mark]:
    for element in elements:
        if isinstance(element, Frame):
            yield from _marks(element.body)
        else:
            yield element
