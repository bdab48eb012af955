"""The shots of a sweep: counts, memory and outputs, nested by its shape."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.base import Backend
from quantumtask.engines.limits import check_encoded_size, check_result_size
from quantumtask.engines.outputs.output_spec import OutputSpec
from quantumtask.engines.sampling.shot_counts import SampledOutput
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.output_kinds import COUNTS, MEMORY
from quantumtask.shared.settings import Settings


class CountsCollector:
    """What comes of the shots of each program; raises ResourceError as soon as it is too much."""

    def __init__(
        self, sweep: Sweep, wanted: OutputSpec, device: Backend, settings: Settings
    ) -> None:
        self._sweep = sweep
        self._wanted = wanted
        self._device = device
        self._settings = settings
        self._memory = MEMORY in wanted.kinds
        self._texts: list[SampledOutput] = []
        self._size = 0
        self._packed: NDArray[np.uint8] | None = None
        if self._memory and sweep.shape:
            shape = (sweep.size, wanted.shots, -(-sweep.program.bits // 8))
            check_encoded_size(shape, 1, settings)
            self._packed = np.zeros(shape, dtype=np.uint8)

    def add(self, number: int, program: Program, seed: int) -> None:
        found = self._device.sample(program, self._wanted.shots, seed, self._memory)
        if self._packed is not None:
            self._packed[number] = found.packed_memory(program.bits)
        texts = found.to_output(memory=self._packed is None)
        self._size += sum(map(len, (texts.counts, *(texts.outputs or {}).values())))
        if self._sweep.shape:  # of a single program, the tally keeps the limit
            check_result_size(self._size, self._settings)
        self._texts.append(texts)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        if self._packed is None:
            return {}
        return {MEMORY: self._packed.reshape(*self._sweep.shape, *self._packed.shape[1:])}

    def texts(self) -> SampledOutput:
        """Nested by the shape of the sweep; of a single program, as they are."""
        shape, found = self._sweep.shape, self._texts
        if not found:
            return SampledOutput("{}", None, None)
        counts = nested([one.counts for one in found], shape)
        return SampledOutput(
            counts if COUNTS in self._wanted.kinds else "{}",
            found[0].memory if self._packed is None else None,
            self._outputs(),
        )

    def _outputs(self) -> dict[str, str]:
        """Return the JSON text of each output variable."""
        outputs = [one.outputs for one in self._texts if one.outputs]
        return {
            name: nested([texts[name] for texts in outputs], self._sweep.shape)
            for name in self._texts[0].outputs or ()
        }


def nested(texts: Sequence[str], shape: Sequence[int]) -> str:
    """JSON texts as lists in lists, the last index running fastest."""
    for size in reversed(shape):
        rows = [texts[k : k + size] for k in range(0, len(texts), size)]
        texts = ["[" + ",".join(row) + "]" for row in rows]
    return texts[0]
