"""What a task is to give back: read from its options, in the slot."""

import json
import math
from dataclasses import dataclass, replace
from typing import Any

from quantumtask.engines.observables.observable import Observables, parse_observables
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.output_kinds import (
    COMPILE_AUTO,
    COMPILE_MODES,
    COUNTS,
    EXPECTATION_VALUES,
    MEMORY,
    OUTPUT_KINDS,
    PROBABILITIES,
    STATEVECTOR,
    UNITARY,
)  # fmt: skip
from quantumtask.shared.task import SIMULATOR

MIN_PRECISION = 1e-4
"""More shots than this asks for (1 / precision**2) nobody waits for."""


@dataclass(frozen=True)
class OutputSpec:
    """The values that each run of a program returns.

    Attributes:
        kinds: Some of RETURNS.
        precision: Standard error of sampled expectation values; 0: exact values.
        noise: As the client sent it: the name of a device, rates or errors; None: ideal.
        compile_mode: One of COMPILE.
    """

    kinds: frozenset[str]
    shots: int
    observables: Observables | None = None
    precision: float = 0.0
    noise: Any = None
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
    """What a task asks for. Raises ResourceError (`bad_options`) for what means nothing."""
    plain = OutputSpec(frozenset({COUNTS, MEMORY} if memory else {COUNTS}), shots)
    if options is None:
        return plain
    given = json.loads(options)
    observables = given.get("observables")
    kinds = given.get("return") or [COUNTS if observables is None else EXPECTATION_VALUES]
    wanted = replace(
        plain,
        kinds=frozenset(kinds) | ({MEMORY} if memory else frozenset()),
        observables=None if observables is None else parse_observables(observables),
        precision=given.get("precision") or 0.0,
        noise=given.get("noise"),
        backend=given.get("backend") or SIMULATOR,
        compile_mode=given.get("compile") or COMPILE_AUTO,
    )
    _check(wanted)
    return wanted


def _check(wanted: OutputSpec) -> None:
    if unknown := sorted(map(str, wanted.kinds - {*OUTPUT_KINDS})):
        raise invalid_options(f"return: {unknown[0][:40]!r} is none of {', '.join(OUTPUT_KINDS)}")
    if (wanted.observables is not None) != (EXPECTATION_VALUES in wanted.kinds):
        raise invalid_options(
            "expectation_values are returned of observables: give both, or neither"
        )
    if wanted.compile_mode not in COMPILE_MODES:
        raise invalid_options(f"compile must be one of {', '.join(COMPILE_MODES)}")
    precision = wanted.precision
    if isinstance(precision, bool) or not isinstance(precision, int | float):
        raise invalid_options("precision must be a number")
    if precision and not MIN_PRECISION <= precision < math.inf:
        raise invalid_options(f"precision must be 0 (exact), or {MIN_PRECISION} or more")


def invalid_options(message: str) -> ResourceError:
    return ResourceError("bad_options", message)
