"""Shot counter of one program, and the JSON texts of its result."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.limits import FEWER_SHOTS, check_result_size
from quantumtask.engines.sampling.bitstrings import BitstringFormatter
from quantumtask.engines.sampling.counts_text import counts_text
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.settings import Settings

SEPARATORS = (",", ":")


ShotOrder = NDArray[np.intp]
"""For each shot, in order, the index of its distinct outcome (see `ShotCounts.add`)."""


class OutcomeTable(NamedTuple):
    """Outcomes as rows of bits, bit 0 of the result first, and the number of shots of each row."""

    bits: NDArray[np.uint8]
    shots: NDArray[np.int64]


class SampledOutput(NamedTuple):
    """Parts of a `Result` as JSON texts; `outputs` has one text for each output variable."""

    counts: str
    memory: str | None
    outputs: dict[str, str] | None

    @property
    def outputs_text(self) -> str | None:
        """One JSON object with all output variables; None without output variables."""
        if not self.outputs:
            return None
        return "{" + ",".join([f"{json.dumps(k)}:{v}" for k, v in self.outputs.items()]) + "}"


DistinctOutcome = tuple[int, tuple[str, ...]]
"""The bits of a result as an integer, and the values of the output variables as JSON texts."""


class ShotCounts:
    """Number of shots of each outcome.

    Attributes:
        needs_order: The result has values of single shots, so each shot's outcome has an index.
    """

    def __init__(self, program: Program, shots: int, memory: bool, settings: Settings) -> None:
        self._registers = program.registers
        self._formatter = BitstringFormatter(program.registers)
        self._settings = settings
        self._memory = memory
        self._names = [name for name, _ in program.outputs]
        self.needs_order = memory or bool(self._names)
        self._added: Counter[int] = Counter()
        self._arrays: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
        self._indices: dict[DistinctOutcome, int] = {}
        self._shots: list[int] = []
        self._size = 0
        if memory:
            self._grow(shots * (self._formatter.width + 3) + 2)

    @property
    def _counts(self) -> Counter[int]:
        if self._arrays is not None:
            outcomes, totals = self._arrays
            self._arrays = None
            self._added.update(dict(zip(outcomes.tolist(), totals.tolist(), strict=True)))
        return self._added

    def _grow(self, size: int) -> None:
        self._size += size
        check_result_size(self._size, self._settings, FEWER_SHOTS)

    def add(self, outcome: int, shots: int, outputs: Mapping[str, Any] | None = None) -> int:
        """Add shots of one outcome.

        Args:
            outcome: The bits of the result as an integer; bit 0 is the first declared bit.
            shots: The number of shots.
            outputs: The values of the output variables.

        Returns:
            The index of the distinct outcome (bits and outputs); 0 unless `needs_order`.

        Raises:
            ResourceError: The result is larger than `max_result_bytes` (`result_too_large`).
        """
        if outcome not in self._counts:
            self._grow(self._formatter.width + 5)
        self._counts[outcome] = self._counts.get(outcome, 0) + shots
        if not self.needs_order:
            return 0
        return self._add_distinct(outcome, self._output_texts(outputs, shots), shots)

    def add_all(self, counts: dict[int, int], outputs: Mapping[str, Any] | None = None) -> None:
        """Add the shots of many outcomes, all with the same outputs; see `add`."""
        size = len(self._counts)
        self._counts.update(counts)
        self._grow((len(self._counts) - size) * (self._formatter.width + 5))
        if self.needs_order:
            texts = self._output_texts(outputs, sum(counts.values()))
            if not self._indices:  # the most frequent case: one call with all shots
                self._indices = {(outcome, texts): k for k, outcome in enumerate(counts)}
                self._shots = list(counts.values())
                return
            for outcome, shots in counts.items():
                self._add_distinct(outcome, texts, shots)

    def add_arrays(
        self,
        outcomes: NDArray[np.int64],
        totals: NDArray[np.int64],
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Add the shots of many outcomes; see `add_all`.

        Args:
            outcomes: Distinct outcomes, ascending.
            totals: The shots of each outcome, 1 or more.
            outputs: The values of the output variables.
        """
        if self.needs_order or self._arrays is not None or self._added:
            self.add_all(dict(zip(outcomes.tolist(), totals.tolist(), strict=True)), outputs)
        else:
            self._grow(len(outcomes) * (self._formatter.width + 5))
            self._arrays = (outcomes, totals)

    def _add_distinct(self, outcome: int, texts: tuple[str, ...], shots: int) -> int:
        index = self._indices.setdefault((outcome, texts), len(self._indices))
        if index == len(self._shots):
            self._shots.append(0)
        self._shots[index] += shots
        return index

    def _output_texts(self, outputs: Mapping[str, Any] | None, shots: int) -> tuple[str, ...]:
        if not self._names or outputs is None:
            return ()
        texts = tuple(json.dumps(outputs[name], separators=SEPARATORS) for name in self._names)
        self._grow(shots * sum(len(text) + 1 for text in texts))
        return texts

    def shuffle(self, rng: np.random.Generator) -> ShotOrder:
        """Return all shots in a random order."""
        return rng.permutation(np.repeat(np.arange(len(self._shots)), self._shots))

    @property
    def by_outcome(self) -> Mapping[int, int]:
        """The number of shots of each outcome."""
        return self._counts

    @property
    def distinct_outcomes(self) -> list[int]:
        """The bits of each distinct outcome, by index."""
        return [outcome for outcome, _ in self._indices]

    def to_output(
        self, order: ShotOrder | None, *, counts: bool = True, memory: bool = True
    ) -> SampledOutput:
        """Return the JSON texts of the result.

        Args:
            order: The shots in order; None unless `needs_order`.
            counts: False: leave the counts out, which the task did not request.
            memory: False: leave the memory out, because the caller packs it.
        """
        indices = [] if order is None or not (memory or self._names) else order.tolist()
        memory_text = self._memory_text(indices) if self._memory and memory else None
        outputs = dict(self._columns(indices)) if self._names else None
        return SampledOutput(self._counts_text() if counts else "{}", memory_text, outputs)

    def _counts_text(self) -> str:
        if not self._formatter.bits:
            return "{}"
        if self._arrays is not None and len(self._arrays[0]):
            return counts_text(*self._arrays, self._registers)
        outcomes = sorted(self._counts)
        lines = zip(self._formatter.format(outcomes), map(self._counts.get, outcomes), strict=True)
        return "{" + ",".join([f'"{text}":{shots}' for text, shots in lines]) + "}"

    def _memory_text(self, indices: list[int]) -> str:
        if not self._formatter.bits:
            return "[]"
        lines = [f'"{text}"' for text in self._formatter.format(self.distinct_outcomes)]
        return "[" + ",".join([lines[index] for index in indices]) + "]"

    def _columns(self, indices: list[int]) -> Iterator[tuple[str, str]]:
        for k, name in enumerate(self._names):
            values = [texts[k] for _, texts in self._indices]
            column = ",".join([values[index] for index in indices])
            yield name, f"[{column}]"


class ShotSample(NamedTuple):
    """All shots of a program; `order` is None unless the counts need an order."""

    counts: ShotCounts
    order: ShotOrder | None

    def to_output(self, *, counts: bool = True, memory: bool = True) -> SampledOutput:
        """Return the JSON texts of the result; see `ShotCounts.to_output`."""
        return self.counts.to_output(self.order, counts=counts, memory=memory)

    def packed_memory(self, bits: int) -> NDArray[np.uint8]:
        """Return the outcome of each shot as a row of big-endian bytes.

        Args:
            bits: The number of bits of the result.
        """
        assert self.order is not None
        return _pack(self.counts.distinct_outcomes, bits, "big")[self.order]

    def to_table(self, bits: int) -> OutcomeTable:
        """Return the bits and the shots of each outcome.

        Args:
            bits: The number of bits of the result.
        """
        counts = self.counts.by_outcome
        rows = _pack(counts, bits, "little")
        unpacked = np.unpackbits(rows, axis=1, count=bits, bitorder="little")
        shots = np.fromiter(counts.values(), dtype=np.int64, count=len(counts))
        return OutcomeTable(unpacked, shots)


def _pack(outcomes: Iterable[int], bits: int, order: Literal["big", "little"]) -> NDArray[np.uint8]:
    """Return each outcome as a row of bytes."""
    size = -(-bits // 8)
    rows = [outcome.to_bytes(size, order) for outcome in outcomes]
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), size)
