"""Run of one task: all programs of a sweep on a backend, with all outputs in one result."""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.approximate import ApproximateBackend
from quantumtask.engines.backends.base import Backend, RunInfo, SamplingBackend
from quantumtask.engines.backends.ideal import IdealBackend
from quantumtask.engines.limits import check_result_size
from quantumtask.engines.noise.failure import invalid_noise
from quantumtask.engines.noise.request import resolve_noise
from quantumtask.engines.outputs.arrays import ArrayCollector
from quantumtask.engines.outputs.counts import CountsCollector
from quantumtask.engines.outputs.expectations import ExpectationCollector
from quantumtask.engines.outputs.gradients import GradientCollector
from quantumtask.engines.outputs.output_spec import OutputSpec
from quantumtask.engines.outputs.state_errors import StateErrorCollector
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.selection.large_task import SizeCheck
from quantumtask.engines.selection.methods import DENSITY_MATRIX
from quantumtask.openqasm.compiler.pipeline import NOTHING_MEASURED
from quantumtask.openqasm.inputs.array_codec import encode_array
from quantumtask.openqasm.program.program import Program, Register, Sweep
from quantumtask.shared.output_kinds import (
    COUNTS,
    EXPECTATION_VALUES,
    MEMORY,
    REGISTERS,
    STATEVECTOR,
    UNITARY,
)
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, Result


class OutputCollector(Protocol):
    """Collects outputs of one kind from one program after another."""

    def add(self, number: int, program: Program, seed: int, /) -> None:
        """Compute the outputs of a program.

        Args:
            number: The number of the program in the sweep.
            seed: Seed of the program's shots.

        Raises:
            ResourceError: the outputs do not exist, or are too large.
        """
        ...

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The outputs that are arrays, by name, after all programs have run."""
        ...


def run_sweep(
    sweep: Sweep,
    spec: OutputSpec,
    *,
    seed: int | None,
    settings: Settings,
    threads: int = 1,
    engine: str = AUTO,
    method: str | None = None,
    elastic: bool = False,
    progress: RunProgress | None = None,
) -> Result:
    """Run all programs of a sweep; the same seed gives the same result.

    Args:
        seed: 0 to 2**63 - 1; None: a random seed.
        engine: The engine that the task names, or AUTO.
        method: The method that the task names.
        elastic: The task may request more than its slot.
        progress: The progress of the run; None: nothing waits for it.

    Raises:
        LargeTask: the task requests more than its slot.
        ResourceError: the state or the result is too large, or the engine cannot run a program.
        CircuitError: an element of the sweep is wrong.
        Diagnostic: an error of a program that shows only while it runs.
    """
    started = time.perf_counter()
    seed = secrets.randbits(63) if seed is None else seed
    progress = progress or RunProgress()
    if sweep.program.noisy and not spec.ideal:
        raise invalid_noise("noise: the program has noise of its own; omit `noise` and `backend`")
    backend: SamplingBackend
    if spec.approximation is None:
        size = SizeCheck(settings, sweep.size) if elastic else None
        exact = _open_backend(sweep, spec, seed, settings, threads, engine, method, size, progress)
        backend, counts = exact, CountsCollector(sweep, spec, exact, settings)
        collectors = _create_collectors(counts, sweep, spec, exact, settings)
    else:
        bounded = ApproximateBackend(spec.approximation, settings, threads, progress)
        backend, counts = bounded, CountsCollector(sweep, spec, bounded, settings)
        collectors = _create_bounded_collectors(counts, sweep, spec, bounded, settings)
    progress.advance(0, 1)
    for number, program in enumerate(progress.each(sweep, sweep.size)):
        _run_program(number, program, collectors, backend, _program_seed(seed, number, sweep))
    output, data = counts.to_output(), _encode_arrays(collectors, sweep.arrays, settings)
    has_layout = data is not None or bool(sweep.shape) or REGISTERS in spec.kinds
    return Result(
        counts=output.counts,
        memory=output.memory,
        outputs=output.outputs_text,
        data=data,
        seed=seed,
        **_run_fields(backend.run_info),
        run_ms=(time.perf_counter() - started) * 1000,
        warnings=_relevant_warnings(sweep.program.warnings, spec),
        shape=sweep.shape or None,
        registers=_registers(sweep, spec) if has_layout else None,
        compiled=backend.compile_report,
    )


def _registers(sweep: Sweep, spec: OutputSpec) -> tuple[Register, ...]:
    """Return the registers of a result.

    A result without counts has the registers of the circuit, which may share bits.
    """
    if sweep.register_bits is None or not spec.kinds.isdisjoint({COUNTS, MEMORY}):
        return tuple(sweep.program.registers)
    return tuple(Register(name, len(bits)) for name, bits in sweep.register_bits.items())


def _relevant_warnings(warnings: tuple[str, ...], spec: OutputSpec) -> tuple[str, ...]:
    """Return the warnings about the outputs of a task: exact values need no measurement."""
    if spec.kinds <= {EXPECTATION_VALUES, STATEVECTOR, UNITARY}:
        return tuple(each for each in warnings if not each.startswith(NOTHING_MEASURED))
    return warnings


def _run_fields(run: RunInfo | None) -> dict[str, Any]:
    """Return the fields of a Result that describe its run."""
    assert run is not None
    return {
        "engine": run.engine,
        "engine_version": run.version,
        "method": run.method,
        "precision": run.precision,
        "reason": run.reason,
        "threads": run.threads if run.threads > 1 else None,
    }


def _open_backend(
    sweep: Sweep,
    spec: OutputSpec,
    seed: int,
    settings: Settings,
    threads: int,
    engine: str,
    method: str | None,
    size: SizeCheck | None,
    progress: RunProgress,
) -> Backend:
    if spec.ideal and method != DENSITY_MATRIX:
        return IdealBackend(
            settings, threads=threads, engine=engine, method=method, no_cache=sweep.size > 1,
            size=size, progress=progress,
        )  # fmt: skip
    from quantumtask.engines.backends.noisy import NoisyBackend  # not above: it imports Aer's noise

    noise = resolve_noise(spec.backend, spec.noise)
    return NoisyBackend(
        noise, settings, seed=seed, threads=threads, engine=engine, method=method,
        compile_mode=spec.compile_mode, size=size, progress=progress,
    )  # fmt: skip


def _create_collectors(
    counts: CountsCollector, sweep: Sweep, spec: OutputSpec, backend: Backend, settings: Settings
) -> list[OutputCollector]:
    collectors: list[OutputCollector] = [counts] if spec.needs_shots else []
    collectors += [ArrayCollector(sweep, kind, backend, settings) for kind in spec.arrays]
    if spec.expectation_values:
        collectors.append(ExpectationCollector(sweep, spec, backend, settings))
    if spec.gradients:
        assert isinstance(backend, IdealBackend)
        collectors.append(GradientCollector(sweep, spec, backend, settings))
    return collectors


def _create_bounded_collectors(
    counts: CountsCollector,
    sweep: Sweep,
    spec: OutputSpec,
    backend: ApproximateBackend,
    settings: Settings,
) -> list[OutputCollector]:
    collectors: list[OutputCollector] = []
    if spec.needs_shots:
        collectors = [counts, StateErrorCollector(sweep, backend)]
    if spec.observables is not None:
        collectors.append(ExpectationCollector(sweep, spec, backend, settings))
    return collectors


def _run_program(
    number: int,
    program: Program,
    collectors: Sequence[OutputCollector],
    backend: SamplingBackend,
    seed: int,
) -> None:
    backend.check(program)
    for collector in backend.progress.each(collectors, len(collectors)):
        collector.add(number, program, seed)
    if backend.run_info is None:  # observables of identities only need no shots
        backend.sample(program, 1, seed, False)


def _program_seed(seed: int, number: int, sweep: Sweep) -> int:
    """Return the seed of one program; in a sweep, the seeds are independent of each other."""
    if not sweep.shape:
        return seed
    words = np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(1, np.uint64)
    return int(words[0]) >> 1


def _encode_arrays(
    collectors: Sequence[OutputCollector], others: Mapping[str, NDArray[Any]], settings: Settings
) -> str | None:
    """Return all arrays as one JSON object; None if there are none."""
    arrays = {name: array for each in collectors for name, array in each.arrays.items()}
    arrays |= others
    if not arrays:
        return None
    text = json.dumps({name: encode_array(array) for name, array in arrays.items()})
    check_result_size(len(text), settings)
    return text
