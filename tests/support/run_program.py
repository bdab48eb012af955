"""Run of a compiled program without a service."""

from quantumtask.engines import run_sweep
from quantumtask.engines.outputs.output_spec import OutputSpec
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.output_kinds import COUNTS, MEMORY
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, Result


def run_program(
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
    """Run a single program for its counts, and for its memory if `memory`."""
    spec = OutputSpec(frozenset({COUNTS, MEMORY} if memory else {COUNTS}), shots)
    return run_sweep(
        Sweep((), program), spec,
        seed=seed, settings=settings, threads=threads, engine=engine, method=method,
    )  # fmt: skip
