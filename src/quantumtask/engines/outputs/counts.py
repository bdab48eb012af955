"""Counts, memory and output variables of a sweep, nested by its shape."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.base import SamplingBackend
from quantumtask.engines.limits import FEWER_SHOTS, check_encoded_size, check_result_size
from quantumtask.engines.outputs.output_spec import OutputSpec
from quantumtask.engines.sampling.register_memory import register_memory
from quantumtask.engines.sampling.shot_counts import SampledOutput
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.output_kinds import COUNTS, MEMORY, REGISTER_MEMORY
from quantumtask.shared.settings import Settings


class CountsCollector:
    """Collects the shots of each program of a sweep.

    The memory of a sweep is an array of bytes; that of a single program is JSON text.
    """

    def __init__(
        self, sweep: Sweep, spec: OutputSpec, backend: SamplingBackend, settings: Settings
    ) -> None:
        """Create a collector.

        Raises:
            ResourceError: `result_too_large` for the memory of a sweep.
        """
        self._sweep = sweep
        self._spec = spec
        self._backend = backend
        self._settings = settings
        self._memory_as_text = MEMORY in spec.kinds and not sweep.shape
        self._needs_memory = not spec.kinds.isdisjoint({MEMORY, REGISTER_MEMORY})
        self._samples: list[SampledOutput] = []
        self._size = 0
        self._packed: NDArray[np.uint8] | None = None
        if REGISTER_MEMORY in spec.kinds or (self._needs_memory and sweep.shape):
            shape = (sweep.size, spec.shots, -(-sweep.program.bits // 8))
            check_encoded_size(shape, 1, settings, FEWER_SHOTS)
            self._packed = np.zeros(shape, dtype=np.uint8)

    def add(self, number: int, program: Program, seed: int) -> None:
        """Run the shots of a program; see `OutputCollector.add`."""
        sample = self._backend.sample(program, self._spec.shots, seed, self._needs_memory)
        if self._packed is not None:
            self._packed[number] = sample.packed_memory(program.bits)
        output = sample.to_output(counts=COUNTS in self._spec.kinds, memory=self._memory_as_text)
        self._size += sum(map(len, (output.counts, *(output.outputs or {}).values())))
        if self._sweep.shape:  # ShotCounts checks the size for a single program
            check_result_size(self._size, self._settings, FEWER_SHOTS)
        self._samples.append(output)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The memory of a sweep: the value of each shot as big-endian bytes."""
        if self._packed is None:
            return {}
        memory = self._packed.reshape(*self._sweep.shape, *self._packed.shape[1:])
        in_array = MEMORY in self._spec.kinds and not self._memory_as_text
        arrays = {MEMORY: memory} if in_array else {}
        if REGISTER_MEMORY in self._spec.kinds:
            arrays |= register_memory(memory, self._sweep)
        return arrays

    def to_output(self) -> SampledOutput:
        """Return the JSON texts of all programs, as lists nested by the shape of the sweep."""
        if not self._samples:
            return SampledOutput("{}", None, None)
        counts = "{}"
        if COUNTS in self._spec.kinds:
            counts = _nest([sample.counts for sample in self._samples], self._sweep.shape)
        memory = self._samples[0].memory if self._memory_as_text else None
        return SampledOutput(counts, memory, self._nest_outputs())

    def _nest_outputs(self) -> dict[str, str]:
        outputs = [sample.outputs for sample in self._samples if sample.outputs]
        return {
            name: _nest([texts[name] for texts in outputs], self._sweep.shape)
            for name in self._samples[0].outputs or ()
        }


def _nest(texts: Sequence[str], shape: Sequence[int]) -> str:
    """Return JSON texts as nested lists, the last index varying fastest."""
    for size in reversed(shape):
        rows = [texts[k : k + size] for k in range(0, len(texts), size)]
        texts = ["[" + ",".join(row) + "]" for row in rows]
    return texts[0]
