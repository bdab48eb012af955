"""What runs programs: `run(program, ...) -> Result`, and one file per simulator behind it."""

from quantumtask.engines import aer, histories
from quantumtask.engines.choice import by_histories
from quantumtask.openqasm.program import Program
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result

__all__ = ["run"]


def run(
    program: Program,
    *,
    shots: int,
    seed: int | None,
    memory: bool,
    settings: Settings,
    threads: int = 1,
) -> Result:
    """Runs a program on the engine for it; without a seed, one is drawn and told.

    Raises ResourceError for what this slot cannot hold, and Refusal for what the program, once
    under way, cannot do.
    """
    circuit = program.circuit
    apart = circuit is None or by_histories(
        circuit, shots, aer.method_for(circuit, settings) == "stabilizer"
    )
    return (histories.run if apart else aer.run)(
        program, shots=shots, seed=seed, memory=memory, settings=settings, threads=threads
    )
