"""The shots of a task as they come in, and the texts of its result."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.limits import check_result_size
from quantumtask.engines.sampling.bitstrings import Formatter
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.settings import Settings

SEPARATORS = (",", ":")


Order = NDArray[np.intp]
"""For each shot, in order, the number of its ending."""


class Table(NamedTuple):
    """Outcomes as rows of bits, the lowest first, and how many shots have each."""

    bits: NDArray[np.uint8]
    shots: NDArray[np.int64]


class Texts(NamedTuple):
    """The parts of a result, as JSON texts: see `Result`; of the outputs, one for each name."""

    counts: str
    memory: str | None
    outputs: dict[str, str] | None


Ending = tuple[int, tuple[str, ...]]
"""How a shot can end: the outcome, a number over all bits; the outputs' values as JSON."""


class Tally:
    """How many shots ended in which way; `ordered`: the result tells of single shots.

    Raises ResourceError as soon as the result is too large, before it is written.
    """

    def __init__(self, program: Program, shots: int, memory: bool, settings: Settings) -> None:
        self._formatter = Formatter(program.registers)
        self._settings = settings
        self._memory = memory
        self._names = [name for name, _ in program.outputs]
        self.ordered = memory or bool(self._names)
        self._counts: Counter[int] = Counter()
        self._numbers: dict[Ending, int] = {}
        self._shots: list[int] = []
        self._size = 0
        if memory:
            self._grow(shots * (self._formatter.width + 3) + 2)

    def _grow(self, size: int) -> None:
        self._size += size
        check_result_size(self._size, self._settings)

    def add(self, outcome: int, shots: int, outputs: Mapping[str, Any] | None = None) -> int:
        """Counts shots that ended alike. Gives the number of that ending, from 0, if `ordered`."""
        if outcome not in self._counts:
            self._grow(self._formatter.width + 5)
        self._counts[outcome] = self._counts.get(outcome, 0) + shots
        return self._number(outcome, self._written(outputs, shots), shots) if self.ordered else 0

    def add_all(self, counts: dict[int, int], outputs: Mapping[str, Any] | None = None) -> None:
        """The same for many outcomes and their shots, all with these outputs."""
        known = len(self._counts)
        self._counts.update(counts)
        self._grow((len(self._counts) - known) * (self._formatter.width + 5))
        if self.ordered:
            written = self._written(outputs, sum(counts.values()))
            if not self._numbers:  # most often
                self._numbers = {(outcome, written): k for k, outcome in enumerate(counts)}
                self._shots = list(counts.values())
                return
            for outcome, shots in counts.items():
                self._number(outcome, written, shots)

    def _number(self, outcome: int, written: tuple[str, ...], shots: int) -> int:
        number = self._numbers.setdefault((outcome, written), len(self._numbers))
        if number == len(self._shots):
            self._shots.append(0)
        self._shots[number] += shots
        return number

    def _written(self, outputs: Mapping[str, Any] | None, shots: int) -> tuple[str, ...]:
        if not self._names or outputs is None:
            return ()
        texts = tuple(json.dumps(outputs[name], separators=SEPARATORS) for name in self._names)
        self._grow(shots * sum(len(text) + 1 for text in texts))
        return texts

    def shuffled(self, rng: np.random.Generator) -> Order:
        """All shots in a random order."""
        return rng.permutation(np.repeat(np.arange(len(self._shots)), self._shots))

    @property
    def counts(self) -> Mapping[int, int]:
        """How many shots have each outcome."""
        return self._counts

    @property
    def outcomes(self) -> list[int]:
        """The outcome of each ending, by its number."""
        return [outcome for outcome, _ in self._numbers]

    def texts(self, order: Order | None, *, memory: bool = True) -> Texts:
        """The result; `order` has the number of each shot's ending, or nobody asked for it."""
        places = [] if order is None or not (memory or self._names) else order.tolist()
        listed = self._listed(places) if self._memory and memory else None
        outputs = dict(self._columns(places)) if self._names else None
        return Texts(self._counted(), listed, outputs)

    def _counted(self) -> str:
        if not self._formatter.bits:
            return "{}"
        outcomes = sorted(self._counts)
        lines = zip(self._formatter.texts(outcomes), map(self._counts.get, outcomes), strict=True)
        return "{" + ",".join([f'"{text}":{shots}' for text, shots in lines]) + "}"

    def _listed(self, places: list[int]) -> str:
        if not self._formatter.bits:
            return "[]"
        texts = self._formatter.texts(self.outcomes)
        lines = [f'"{text}"' for text in texts]
        return "[" + ",".join([lines[number] for number in places]) + "]"

    def _columns(self, places: list[int]) -> Iterator[tuple[str, str]]:
        for k, name in enumerate(self._names):
            values = [written[k] for _, written in self._numbers]
            column = ",".join([values[number] for number in places])
            yield name, f"[{column}]"


class Shots(NamedTuple):
    """All shots of a program; `order`: see Tally.texts."""

    tally: Tally
    order: Order | None

    def texts(self, *, memory: bool = True) -> Texts:
        """The result; without `memory`, where that is wanted in another form."""
        return self.tally.texts(self.order, memory=memory)

    def packed(self, bits: int) -> NDArray[np.uint8]:
        """For each shot the integer over all bits of its result, as big-endian bytes."""
        assert self.order is not None
        return _bytes(self.tally.outcomes, bits, "big")[self.order]

    def table(self, bits: int) -> Table:
        """All outcomes, which have so many bits."""
        counts = self.tally.counts
        rows = _bytes(counts, bits, "little")
        unpacked = np.unpackbits(rows, axis=1, count=bits, bitorder="little")
        return Table(unpacked, np.fromiter(counts.values(), dtype=np.int64, count=len(counts)))


def _bytes(
    outcomes: Iterable[int], bits: int, order: Literal["big", "little"]
) -> NDArray[np.uint8]:
    """Each outcome as a row of bytes."""
    size = -(-bits // 8)
    rows = [outcome.to_bytes(size, order) for outcome in outcomes]
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), size)
