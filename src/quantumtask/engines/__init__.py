"""What runs programs: `run(program, ...) -> Result`, and one file per simulator behind it."""

import secrets
import time

from quantumtask.engines.engine import load
from quantumtask.engines.job import Job
from quantumtask.engines.profile import Profile, profile_of
from quantumtask.engines.select import METHODS, Choice, choose, version
from quantumtask.engines.stabilizer import NotClifford
from quantumtask.engines.tally import Order, Tally
from quantumtask.openqasm.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, Result

__all__ = ["run"]


def run(
    program: Program,
    *,
    shots: int,
    seed: int | None,
    memory: bool,
    settings: Settings,
    threads: int = 1,
    engine: str = AUTO,
    method: str | None = None,
) -> Result:
    """Runs a program on the engine for it, or the one asked for; without a seed, one is drawn.

    The same seed (0 to 2**63 - 1) gives the same counts. Raises ResourceError for what this slot
    cannot hold or that engine cannot run, and Refusal for what the program, once under way, cannot
    do.
    """
    started = time.perf_counter()
    seed = secrets.randbits(63) if seed is None else seed
    choice = choose(
        profile_of(program), shots, settings, engine=engine, method=method, threads=threads
    )

    def attempt(choice: Choice) -> Result:
        tally = Tally(program, shots, memory, settings)
        job = Job(program, shots, seed, tally, settings, threads)
        texts = tally.texts(_order(job, choice))
        plan = choice.plan
        return Result(
            texts.counts, texts.memory, seed, plan.engine, version(plan.engine) or "",
            plan.method, (time.perf_counter() - started) * 1000, program.warnings, texts.outputs,
            plan.precision, choice.reason,
        )  # fmt: skip

    try:
        return attempt(choice)
    except NotClifford:
        if method is not None:
            raise _not_clifford(choice) from None
        return attempt(_with_amplitudes(choice, profile_of(program), shots))


def _order(job: Job, choice: Choice) -> Order | None:
    if job.program.circuit is not None and job.readout.is_fixed:
        return job.fixed()
    return load(choice.plan.engine).run(job, choice.plan)


def _with_amplitudes(choice: Choice, profile: Profile, shots: int) -> Choice:
    """The same engine where a stabilizer state, met by a gate under way, does not do."""
    other = next(
        m for m in METHODS if m.engine == choice.plan.engine and m.name != choice.plan.method
    )
    return Choice(other.plan(profile, shots, 1), choice.reason)


def _not_clifford(choice: Choice) -> ResourceError:
    engine, method = choice.plan.engine, choice.plan.method
    return ResourceError(
        "engine_unsuitable",
        f"{engine} ({method}) cannot run this program: it came to a gate that is not Clifford",
    )
