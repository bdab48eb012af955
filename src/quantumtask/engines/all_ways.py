"""Statements that may go several ways, in a program whose expectation values are wanted.

A measurement ends a program, or not, whichever way a shot goes: an `if` that touches a measured
qubit does so for the shots, too, that skip its body. A circuit says that by itself, because its
gates are then controlled by what was measured. A program that is run has to be told.
"""

from quantumtask.engines.world import WithEnds
from quantumtask.openqasm.footprint import TooMuch, footprint
from quantumtask.openqasm.process import Code, Instruction, Process, Undecided


def with_all_ways(process: Process) -> Process:
    """A copy that counts each `if`, `while` and `switch` with all its ways (see `Ends`).

    It does so from the first outcome on that the program needs.
    """
    twin, code = process.copy(), process.code
    instructions = list(code.instructions)
    for at in code.ways:
        instructions[at] = _counting(code, at)
    twin.code = code._replace(instructions=instructions)
    return twin


def _counting(code: Code, at: int) -> Instruction:
    """The instruction at this place of the code; all its ways count before it goes one of them."""
    instruction = code.instructions[at]

    def run(process: Process) -> int | None:
        world = process.world
        try:
            target = instruction(process)
        except Undecided:
            _count(process, code, at)
            raise
        if isinstance(world, WithEnds) and world.branched:
            _count(process, code, at)
        return target

    return run


def _count(process: Process, code: Code, at: int) -> None:
    world = process.world
    if not isinstance(world, WithEnds) or not world.ends.taken_back:
        return
    twin = process.copy()
    twin.code, twin.next = code, at
    try:
        ways = footprint(twin)
    except TooMuch:
        world.depend_on_all()
    else:
        world.depend(ways.qubits, ways.outcomes)
