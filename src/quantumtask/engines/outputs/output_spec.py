"""What a task is to give back: read from its options, in the slot."""

import json
import math
from dataclasses import dataclass

from quantumtask.engines.observables.observable import Observables, build_observables
from quantumtask.shared.errors import OptionError, ResourceError
from quantumtask.shared.output_kinds import (
    COMPILE_AUTO,
    COUNTS,
    MEMORY,
    PROBABILITIES,
    STATEVECTOR,
    UNITARY,
)
from quantumtask.shared.task import SIMULATOR, FailureCode
from quantumtask.shared.task_options import NoiseOption, TaskOptions, parse_task_options


@dataclass(frozen=True)
class OutputSpec:
    """The values that each run of a program returns.

    Attributes:
        kinds: Some of OUTPUT_KINDS.
        precision: Standard error of sampled expectation values; 0: exact values.
        noise: As the client sent it: the name of a device, rates or errors; None: ideal.
        compile_mode: One of COMPILE_MODES.
    """

    kinds: frozenset[str]
    shots: int
    observables: Observables | None = None
    precision: float = 0.0
    noise: NoiseOption = None
    backend: str = SIMULATOR
    compile_mode: str = COMPILE_AUTO

    @property
    def arrays(self) -> list[str]:
        """The kinds that are one array for each program."""
        return [kind for kind in (PROBABILITIES, STATEVECTOR, UNITARY) if kind in self.kinds]

    @property
    def ideal(self) -> bool:
        return self.noise is None and self.backend == SIMULATOR

    @property
    def sampled(self) -> bool:
        """Whether single shots are drawn for counts or memory."""
        return not self.kinds.isdisjoint({COUNTS, MEMORY})

    @property
    def precise_shots(self) -> int:
        """Shots for each group of terms that are measured together.

        With fewer than two there is no standard error.
        """
        return max(2, math.ceil(1 / self.precision**2))

    def check(self, qubits: int) -> None:
        """Raises ResourceError (`bad_observable`) for observables of another number of qubits."""
        if self.observables is not None:
            self.observables.check(qubits)


def parse_output_spec(options: str | None, shots: int, memory: bool) -> OutputSpec:
    """Parse the options of a task, as JSON text; None: no options.

    Raises:
        ResourceError: an option is not valid (`bad_options`, `bad_observable`).
    """
    try:
        parsed = TaskOptions() if options is None else parse_task_options(json.loads(options))
    except OptionError as error:
        raise ResourceError(error.code, str(error)) from None
    return OutputSpec(
        kinds=frozenset(parsed.outputs) | ({MEMORY} if memory else frozenset()),
        shots=shots,
        observables=None if parsed.observables is None else build_observables(parsed.observables),
        precision=parsed.precision,
        noise=parsed.noise,
        backend=parsed.backend,
        compile_mode=parsed.compile_mode,
    )


def invalid_options(message: str) -> ResourceError:
    return ResourceError(FailureCode.BAD_OPTIONS, message)
