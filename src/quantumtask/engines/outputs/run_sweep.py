"""One task: every program of a sweep on a device, and all that is wanted of them in one result."""

import json
import secrets
import time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.base import Backend
from quantumtask.engines.backends.ideal import IdealBackend
from quantumtask.engines.limits import check_result_size
from quantumtask.engines.noise.failure import invalid_noise
from quantumtask.engines.noise.request import resolve_noise
from quantumtask.engines.outputs.arrays import ArrayCollector
from quantumtask.engines.outputs.counts import CountsCollector
from quantumtask.engines.outputs.expectations import ExpectationCollector
from quantumtask.engines.outputs.output_spec import OutputSpec
from quantumtask.engines.selection.noisy_methods import DENSITY_MATRIX
from quantumtask.openqasm.inputs.array_codec import encode_array
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, Result


class OutputCollector(Protocol):
    """One kind of what is wanted, as it comes in from one program after another."""

    def add(self, number: int, program: Program, seed: int) -> None:
        """Takes what is wanted of the program of this number in the sweep."""
        ...

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What there is in arrays, once all programs have run."""
        ...


def run_sweep(
    sweep: Sweep,
    wanted: OutputSpec,
    *,
    seed: int | None,
    settings: Settings,
    threads: int = 1,
    engine: str = AUTO,
    method: str | None = None,
) -> Result:
    """Runs all programs of a sweep; without a seed, one is drawn.

    The same seed (0 to 2**63 - 1) gives the same result. Raises ResourceError for what this slot
    cannot hold or that engine cannot run, CircuitError for an element that is wrong, and Refusal
    for what a program, once under way, cannot do.
    """
    started = time.perf_counter()
    seed = secrets.randbits(63) if seed is None else seed
    device: Backend
    if sweep.program.noisy and not wanted.ideal:
        raise invalid_noise("noise: the program has its own: leave `noise` and `backend` out")
    if wanted.ideal and method != DENSITY_MATRIX:
        device = IdealBackend(
            settings, threads=threads, engine=engine, method=method, once=sweep.size > 1
        )
    else:
        from quantumtask.engines.backends.noisy import (
            NoisyBackend,  # not above: few tasks need Aer's noise
        )

        noise = resolve_noise(wanted.backend, wanted.noise)
        device = NoisyBackend(
            noise, settings, seed=seed, threads=threads, engine=engine, method=method,
            compile_mode=wanted.compile_mode,
        )  # fmt: skip
    drawn = CountsCollector(sweep, wanted, device, settings)
    collectors: list[OutputCollector] = [drawn] if wanted.sampled else []
    collectors += [ArrayCollector(sweep, kind, device, settings) for kind in wanted.arrays]
    if wanted.observables is not None:
        collectors.append(ExpectationCollector(sweep, wanted, device, settings))
    for number, program in enumerate(sweep):
        seed_here = _seed(seed, number, sweep)
        device.check(program)
        for collector in collectors:
            collector.add(number, program, seed_here)
        if (
            device.run_info is None
        ):  # identities alone take no shots, and still something has to run
            device.sample(program, 1, seed_here, False)
    ran, texts, data = device.run_info, drawn.texts(), _data(collectors, settings)
    assert ran is not None
    plain = data is None and not sweep.shape
    return Result(
        counts=texts.counts,
        memory=texts.memory,
        seed=seed,
        engine=ran.engine,
        engine_version=ran.version,
        method=ran.method,
        run_ms=(time.perf_counter() - started) * 1000,
        warnings=sweep.program.warnings,
        outputs=texts.outputs_text,
        precision=ran.precision,
        reason=ran.reason,
        data=data,
        shape=sweep.shape or None,
        registers=None if plain else tuple(sweep.program.registers),
        compiled=device.compiled,
    )


def _seed(seed: int, number: int, sweep: Sweep) -> int:
    """The seed of one program: its own in a sweep, independent of all others."""
    if not sweep.shape:
        return seed
    words = np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(1, np.uint64)
    return int(words[0]) >> 1


def _data(collectors: list[OutputCollector], settings: Settings) -> str | None:
    """All arrays as JSON."""
    found = {name: array for one in collectors for name, array in one.arrays.items()}
    if not found:
        return None
    text = json.dumps({name: encode_array(array) for name, array in found.items()})
    check_result_size(len(text), settings)
    return text
