"""The shots of a task as they come in, and the texts of its result."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.bitstrings import Formatter
from quantumtask.engines.limits import check_size
from quantumtask.openqasm.program import Program
from quantumtask.shared.settings import Settings

SEPARATORS = (",", ":")


Order = NDArray[np.intp]
"""For each shot, in order, the number of its ending."""


class Texts(NamedTuple):
    """The parts of a result that are JSON texts: see `Result`."""

    counts: str
    memory: str | None
    outputs: str | None


class Ending(NamedTuple):
    """How a shot can end: the outcome, a number over all bits; the outputs' values as JSON."""

    outcome: int
    outputs: tuple[str, ...]


class Tally:
    """How many shots ended in which way.

    Raises ResourceError as soon as the result is too large, before it is written.
    """

    def __init__(self, program: Program, shots: int, memory: bool, settings: Settings) -> None:
        self._formatter = Formatter(program.registers)
        self._settings = settings
        self._memory = memory
        self._names = [name for name, _ in program.outputs]
        self._numbers: dict[Ending, int] = {}
        self._shots: list[int] = []
        self._counts: dict[int, int] = {}
        self._size = 0
        if memory:
            self._grow(shots * (self._formatter.width + 3) + 2)

    @property
    def ordered(self) -> bool:
        """Whether the result tells of single shots."""
        return self._memory or bool(self._names)

    def _grow(self, size: int) -> None:
        self._size += size
        check_size(self._size, self._settings)

    def add(self, outcome: int, shots: int, outputs: Mapping[str, Any] | None = None) -> int:
        """Counts shots that ended alike. Gives the number of that ending, from 0."""
        if outcome not in self._counts:
            self._grow(self._formatter.width + 5)
        self._counts[outcome] = self._counts.get(outcome, 0) + shots
        ending = Ending(outcome, self._written(outputs, shots))
        number = self._numbers.setdefault(ending, len(self._numbers))
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

    def texts(self, order: Order | None) -> Texts:
        """The result; `order` has the number of each shot's ending, or nobody asked for it."""
        endings = list(self._numbers)
        places = [] if order is None else order.tolist()
        memory = outputs = None
        if self._memory:
            lines = [self._text(ending.outcome) for ending in endings]
            shots = [lines[number] for number in places] if self._formatter.bits else []
            memory = json.dumps(shots, separators=SEPARATORS)
        if self._names:
            outputs = "{" + ",".join(self._columns(endings, places)) + "}"
        return Texts(self._counted(), memory, outputs)

    def _counted(self) -> str:
        if not self._formatter.bits:
            return "{}"
        counts = {self._text(outcome): shots for outcome, shots in self._counts.items()}
        return json.dumps(dict(sorted(counts.items())), separators=SEPARATORS)

    def _columns(self, endings: list[Ending], places: list[int]) -> Iterator[str]:
        for k, name in enumerate(self._names):
            values = ",".join([endings[number].outputs[k] for number in places])
            yield f"{json.dumps(name)}:[{values}]"

    def _text(self, outcome: int) -> str:
        return self._formatter.text(outcome)
