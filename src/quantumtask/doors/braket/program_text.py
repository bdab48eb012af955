"""The lines of a Braket program that only this door reads: results, registers and measurements.

Nothing else of the program is read here. What these lines do not say with plain names and numbers
is refused where an answer needs it.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from quantumtask.shared.errors import InvalidRequest

_TOKEN = re.compile(
    r'(?P<pragma>^[ \t]*#?pragma\b[^\n]*)|//[^\n]*|/\*.*?(?:\*/|\Z)|"[^"\n]*"?',
    re.MULTILINE | re.DOTALL,
)
"""A pragma, or a comment or string, in which nothing is a pragma."""
_JOINED_PRAGMA = re.compile(
    r'//[^\n]*|/\*.*?(?:\*/|\Z)|"[^"\n]*"?|(?P<joint>(?<=[^\s])[ \t]*+(?=#pragma\b))', re.DOTALL
)
"""A comment or a string, or the place before a pragma that is not on a line of its own."""
_RESULT = re.compile(r"[ \t]*#?pragma\s+braket\s+result\b(.*)")
_NOISE = re.compile(r"[ \t]*#?pragma\s+braket\s+noise\b")
_QUBITS = re.compile(
    r"\bqubit\b\s*+(?:\[([^\[\];]*+)\]\s*+)?(\w++)\s*+;"
    r"|\bqreg\s++(\w++)\s*+(?:\[([^\[\];]*+)\]\s*+)?;"
)
_PLACE = r"(\$?\w++)\s*+(?:\[\s*+(\w++)\s*+\]\s*+)?"
_MEASURE = re.compile(
    rf"(?<![\w$]){_PLACE}=\s*+measure\s++{_PLACE};|\bmeasure\s++{_PLACE}->\s*+{_PLACE};"
)
"""Quantifiers are possessive: no text makes a search go back."""

MAX_PROGRAM_QUBITS = 1000
"""Most qubits of a program of this door, as far as it declares them."""

_PHYSICAL = re.compile(r"\$(\d+)")


@dataclass(frozen=True)
class BitPlace:
    """A bit of a register; `index` None: all bits of it, or the only one."""

    register: str
    index: int | None


@dataclass(frozen=True)
class QubitRegister:
    """A register of qubits; `size` None: the declaration has one qubit without an index."""

    name: str
    size: int | None
    first: int

    @property
    def count(self) -> int:
        """The number of its qubits."""
        return 1 if self.size is None else self.size


class ResultLine(NamedTuple):
    """A pragma that requests a result.

    Attributes:
        number: The number of its line, from 0.
        text: The text after `result`.
    """

    number: int
    text: str


@dataclass(frozen=True)
class BitMeasurement:
    """A measurement of a qubit, or a register, into a bit or a register."""

    bit: BitPlace
    qubit: BitPlace


class ProgramText:
    """A program, and what this door reads of it.

    Attributes:
        source: The text as it was submitted, with each pragma on a line of its own.
        results: The pragmas that request results, in their order.
        has_noise: A pragma adds noise.
    """

    def __init__(self, source: str) -> None:
        source = _JOINED_PRAGMA.sub(_separate, source)
        self.source = source
        self.results: list[ResultLine] = []
        self.has_noise = False
        self._line = self._at = 0
        self._code = _TOKEN.sub(self._blank, source)

    def _blank(self, match: re.Match[str]) -> str:
        """Return the blanks that take the place of a comment, a string or a pragma."""
        if match["pragma"] and _NOISE.match(match[0]):
            self.has_noise = True
        if match["pragma"] and (result := _RESULT.fullmatch(match[0])):
            self._line += self.source.count("\n", self._at, match.start())
            self._at = match.start()
            self.results.append(ResultLine(self._line, result[1].strip()))
        return "\n" * match[0].count("\n") or " "

    @property
    def measures(self) -> bool:
        """True if the program measures qubits itself."""
        return re.search(r"\bmeasure\b", self._code) is not None

    @property
    def has_outputs(self) -> bool:
        """True if the program declares an `output`."""
        return re.search(r"\boutput\s", self._code) is not None

    @property
    def inputs(self) -> set[str]:
        """The names of the declared inputs."""
        statements = (each for each in self._code.split(";") if re.search(r"\binput\s", each))
        return {statement.split()[-1] for statement in statements}

    def declared_registers(self) -> list[QubitRegister]:
        """Return the registers of a program without physical qubits, or raise InvalidRequest."""
        if _PHYSICAL.search(self._code):
            raise InvalidRequest(
                "action.source: a program with results, or without measurements, needs declared "
                "qubits; write `qubit[n] q;` and q[0] for $0"
            )
        registers = self.registers()
        if not registers:
            raise InvalidRequest("action.source: the program declares no qubits")
        return registers

    def registers(self) -> list[QubitRegister]:
        """Return the registers of qubits in the order of declaration.

        Raises:
            InvalidRequest: a size is no number.
        """
        registers, first = [], 0
        for match in _QUBITS.finditer(self._code):
            name, size = match[2] or match[3], match[1] if match[2] else match[4]
            if size is not None and not re.fullmatch(r"\s*[0-9]{1,6}\s*", size):
                raise InvalidRequest(
                    f"action.source: the size of the qubits {name[:40]!r} must be a number: "
                    "the result names qubits"
                )
            count = None if size is None else int(size)
            registers.append(QubitRegister(name, count, first))
            first += 1 if count is None else count
            if first > MAX_PROGRAM_QUBITS:
                raise InvalidRequest(
                    f"action.source: must declare at most {MAX_PROGRAM_QUBITS:,} qubits"
                )
        return registers

    def measurements(self) -> list[BitMeasurement]:
        """Return the measurements of the program.

        Raises:
            InvalidRequest: a measurement is not an assignment with plain names and numbers.
        """
        plain = [
            each for match in _MEASURE.finditer(self._code) if (each := _bit_measurement(match))
        ]
        if len(plain) != len(re.findall(r"\bmeasure\b", self._code)):
            raise InvalidRequest(
                "action.source: write each measurement as `b[0] = measure q[1];` or `b = measure "
                "q;`, with numbers: the result names the measured qubits"
            )
        return plain


def _separate(match: re.Match[str]) -> str:
    return match[0] if match["joint"] is None else "\n"


def _bit_measurement(match: re.Match[str]) -> BitMeasurement | None:
    bit, qubit = (match.group(1, 2), match.group(3, 4))
    if match[1] is None:
        bit, qubit = match.group(7, 8), match.group(5, 6)
    if any(index and not re.fullmatch("[0-9]{1,6}", index) for _, index in (bit, qubit)):
        return None
    return BitMeasurement(*(BitPlace(name, int(i) if i else None) for name, i in (bit, qubit)))


_HEAD, _MARK = "// ", "\n// Results of Braket, of the lines: "


def without_results(text: ProgramText, added: str) -> str:
    """Return the program with its results as comments, and with lines at its end.

    `original_source` returns the program as it was.
    """
    lines = text.source.split("\n")
    for result in text.results:
        lines[result.number] = _HEAD + lines[result.number]
    numbers = " ".join(str(result.number) for result in text.results)
    return "\n".join(lines) + f"{_MARK}{numbers}\n{added}"


def original_source(circuit: str) -> str:
    """Return the program of Braket from which `without_results` made a circuit."""
    source, _, added = circuit.rpartition(_MARK)
    lines = source.split("\n")
    for number in added.partition("\n")[0].split():
        lines[int(number)] = lines[int(number)].removeprefix(_HEAD)
    return "\n".join(lines)
