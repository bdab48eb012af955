"""Specification of the outputs of a task, parsed from its options in the slot."""

import json
import math
from dataclasses import dataclass
from functools import lru_cache

from quantumtask.engines.observables.observable import Observables, build_observables
from quantumtask.shared.approximation import Approximation
from quantumtask.shared.errors import OptionError, ResourceError
from quantumtask.shared.output_kinds import (
    COMPILE_AUTO,
    COUNTS,
    EXPECTATION_VALUES,
    GRADIENTS,
    MEMORY,
    OPENQASM,
    PROBABILITIES,
    REGISTER_MEMORY,
    STATEVECTOR,
    UNITARY,
)
from quantumtask.shared.randomization import Randomization
from quantumtask.shared.task import AUTO, SIMULATOR, FailureCode
from quantumtask.shared.task_options import NoiseOption, TaskOptions, parse_task_options

MAX_CACHED_CHARACTERS = 4096
"""Longest options that are kept for the next task."""


@dataclass(frozen=True)
class OutputSpec:
    """The outputs of each program of a task.

    Attributes:
        kinds: Some of OUTPUT_KINDS.
        precision: Standard error of sampled expectation values; 0: exact values.
        noise: As the client sent it: the name of a device, rates or errors; None: ideal.
        compile_mode: One of COMPILE_MODES.
        approximation: Limits of an approximate method; None: the method is exact.
        circuit_format: One of CIRCUIT_FORMATS.
        randomization: The samplex that draws the inputs of the circuit.
    """

    kinds: frozenset[str]
    shots: int
    observables: Observables | None = None
    precision: float = 0.0
    noise: NoiseOption = None
    backend: str = SIMULATOR
    compile_mode: str = COMPILE_AUTO
    approximation: Approximation | None = None
    circuit_format: str = OPENQASM
    randomization: Randomization | None = None

    @property
    def arrays(self) -> list[str]:
        """The kinds that are one array for each program."""
        return [kind for kind in (PROBABILITIES, STATEVECTOR, UNITARY) if kind in self.kinds]

    @property
    def expectation_values(self) -> bool:
        """True if the outputs include expectation values."""
        return EXPECTATION_VALUES in self.kinds

    @property
    def gradients(self) -> bool:
        """True if the outputs include gradients of expectation values."""
        return GRADIENTS in self.kinds

    @property
    def ideal(self) -> bool:
        """True without noise and without a device."""
        return self.noise is None and self.backend == SIMULATOR

    @property
    def needs_shots(self) -> bool:
        """True if the outputs include counts or memory."""
        return not self.kinds.isdisjoint({COUNTS, MEMORY, REGISTER_MEMORY})

    @property
    def shots_per_group(self) -> int:
        """The shots for each group of terms that are measured together.

        At least two: a single shot has no standard error.
        """
        return max(2, math.ceil((1 / self.precision) ** 2))

    def check(self, qubits: int) -> None:
        """Check the observables against the number of qubits of a program.

        Raises:
            ResourceError: `bad_observable`.
        """
        if self.observables is not None:
            self.observables.check(qubits)


def parse_output_spec(
    options: str | None, shots: int, memory: bool, engine: str = AUTO, method: str | None = None
) -> OutputSpec:
    """Parse the options of a task, as JSON text; None: no options.

    Args:
        options: JSON text of the options.
        shots: The number of shots.
        memory: The task returns the bits of each shot.
        engine: The engine that the task names, or AUTO.
        method: The method that the task names.

    Raises:
        ResourceError: an option is not valid (`bad_options`, `bad_observable`).
    """
    parse = _parse_again if len(options or "") <= MAX_CACHED_CHARACTERS else _parse
    return parse(options, shots, memory, engine, method)


def _parse(
    options: str | None, shots: int, memory: bool, engine: str, method: str | None
) -> OutputSpec:
    try:
        parsed = TaskOptions() if options is None else parse_task_options(json.loads(options))
        parsed.check_method(engine, method, memory)
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
        approximation=parsed.approximation,
        circuit_format=parsed.circuit_format,
        randomization=parsed.randomization,
    )


_parse_again = lru_cache(maxsize=16)(_parse)
"""The same for options that many tasks have, such as the observables of an optimizer."""


def invalid_options(message: str) -> ResourceError:
    """Return the error of an option that a task cannot have."""
    return ResourceError(FailureCode.BAD_OPTIONS, message)
