"""What runs programs: `run(program, ...)` and `run_sweep(sweep, wanted, ...)`, and one file per
simulator behind them."""

from quantumtask.engines.outputs.output_spec import OutputSpec
from quantumtask.engines.outputs.run_sweep import run_sweep
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.output_kinds import COUNTS, MEMORY
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, Result

__all__ = ["run", "run_sweep"]


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
    cannot hold or that engine cannot run, and Refusal for what the program, once under way,
    cannot do.
    """
    wanted = OutputSpec(frozenset({COUNTS, MEMORY} if memory else {COUNTS}), shots)
    return run_sweep(
        Sweep((), program), wanted,
        seed=seed, settings=settings, threads=threads, engine=engine, method=method,
    )  # fmt: skip
