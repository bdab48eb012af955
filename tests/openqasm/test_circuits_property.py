"""Random programs have the same meaning for the compiler and for an independent parser."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import Operator

from quantumtask.openqasm.program.operations import Operation, controlled_matrix
from quantumtask.shared.settings import Settings
from tests.support.compile_circuit import compile_circuit
from tests.support.run_program import run_program
from tests.support.sizes import examples

SETTINGS = Settings(slot_memory_mb=2048)
QUBITS = 3
GATES = {
    "x": (0, 1), "y": (0, 1), "z": (0, 1), "h": (0, 1), "s": (0, 1), "sdg": (0, 1), "t": (0, 1),
    "tdg": (0, 1), "sx": (0, 1), "id": (0, 1), "p": (1, 1), "rx": (1, 1), "ry": (1, 1),
    "rz": (1, 1), "phase": (1, 1), "u1": (1, 1), "u2": (2, 1), "u3": (3, 1), "U": (3, 1),
    "cx": (0, 2), "cy": (0, 2), "cz": (0, 2), "ch": (0, 2), "swap": (0, 2), "CX": (0, 2),
    "cp": (1, 2), "cphase": (1, 2), "crx": (1, 2), "cry": (1, 2), "crz": (1, 2), "cu": (4, 2),
    "ccx": (0, 3), "cswap": (0, 3), "own": (1, 2), "plain": (0, 1),
}  # fmt: skip
DEFINITIONS = """
gate own(a) x, y { rx(a/2) x; crz(-a + pi) y, x; u2(a, 1.5) y; }
gate plain x { h x; own(0.3) x, x; }
""".replace("own(0.3) x, x", "rz(0.3*2) x")
ANGLES = st.one_of(
    st.floats(-20, 20).map(lambda v: f"{v:.6f}"),
    st.sampled_from(["pi", "-pi/2", "tau/3", "2*pi + 0.5", "-(1.0 - euler)", "3", "-1", "4*pi"]),
)
# The other reader gives a controlled U, u2 or u3 another phase than the specification does.
PHASED = {"U", "u2", "u3", "own", "plain"}


@st.composite
def calls(draw: st.DrawFn) -> str:
    """Draw a gate call, perhaps with a modifier, perhaps broadcast over the register."""
    name = draw(st.sampled_from(sorted(GATES)))
    params, qubits = GATES[name]
    modifier = draw(st.sampled_from(["", "", "inv @ ", "pow(2) @ ", "ctrl @ ", "negctrl @ "]))
    if "ctrl" in modifier:
        if name in PHASED or qubits == QUBITS:
            modifier = ""
        else:
            qubits += 1
    args = ", ".join(draw(ANGLES) for _ in range(params))
    places = draw(st.permutations(range(QUBITS)))[:qubits]
    operands = ", ".join(f"q[{place}]" for place in places)
    if qubits == 1 and draw(st.booleans()):
        operands = draw(st.sampled_from(["q", "q[0:1]", "q[{0, 2}]", "q[-1]", "q[0:2:2]"]))
    return f"{modifier}{name}{f'({args})' if params else ''} {operands};"


programs = st.lists(calls(), min_size=1, max_size=8).map(
    lambda lines: (
        f'OPENQASM 3.0;\ninclude "stdgates.inc";\n{DEFINITIONS}qubit[{QUBITS}] q;\n'
        + "\n".join(lines)
    )
)


@settings(max_examples=examples(40), deadline=None)
@given(programs)
def test_a_program_has_the_unitary_that_qiskit_reads(text: str) -> None:
    assert Operator(unitary(text)).equiv(Operator(qasm3.loads(text)))


def unitary(text: str) -> np.ndarray:
    """Return the unitary of a compiled text, up to a global phase."""
    circuit = compile_circuit(text, SETTINGS).circuit
    assert circuit is not None
    total = Operator(np.eye(2**QUBITS))
    for step in circuit.steps:
        assert isinstance(step, Operation)
        matrix = controlled_matrix(step.matrix(), step.controls)
        total = total.compose(Operator(matrix), qargs=list(step.qubits))
    data: np.ndarray = total.data
    return data


REGISTERS = ["bit[2] c; bit[3] d;", "bit[5] c;", "bit[1] c; bit[1] d; bit[3] e;"]


@settings(max_examples=examples(15), deadline=None)
@given(st.sampled_from(REGISTERS), st.lists(st.integers(0, 4), max_size=4))
def test_counts_are_written_as_qiskit_writes_them(registers: str, flipped: list[int]) -> None:
    names = [part.split()[1] for part in registers.split(";") if part]
    sizes = [int(part.split("[")[1].split("]")[0]) for part in registers.split(";") if part]
    lines = [f"x q[{place}];" for place in flipped]
    start = 0
    for name, size in zip(names, sizes, strict=True):
        lines.append(f"{name} = measure q[{start}:{start + size - 1}];")
        start += size
    text = f'include "stdgates.inc";\nqubit[5] q;\n{registers}\n' + "\n".join(lines)
    result = run_program(
        compile_circuit(text, SETTINGS), shots=10, seed=1, memory=False, settings=SETTINGS
    )
    assert json.loads(result.counts) == run_by_qiskit(qasm3.loads(text))


def run_by_qiskit(circuit: QuantumCircuit, shots: int = 10) -> dict[str, int]:
    from qiskit_aer import AerSimulator

    job = AerSimulator().run(circuit, shots=shots, seed_simulator=5)
    counts: dict[str, int] = job.result().get_counts()
    return counts


Condition = tuple[Any, ...]
Block = list[tuple[Any, ...]]


class Machine:
    """An independent interpreter of control flow over qubits in basis states."""

    def __init__(self) -> None:
        self.qubits = [0] * QUBITS
        self.bits = [0] * QUBITS
        self.steps = 0

    def run(self, block: Block) -> str:
        """Run a block; return "break" or "continue" if the block ends with one."""
        for kind, *rest in block:
            self.steps += 1
            if kind == "x":
                self.qubits[rest[0]] ^= 1
            elif kind == "cx":
                self.qubits[rest[1]] ^= self.qubits[rest[0]]
            elif kind == "measure":
                self.bits[rest[1]] = self.qubits[rest[0]]
            elif kind == "set":
                self.bits[rest[0]] = rest[1]
            elif kind in ("break", "continue"):
                return str(kind)
            elif kind == "if":
                ended = self.run(rest[1] if self.holds(rest[0]) else rest[2])
                if ended:
                    return ended
            elif kind == "while":
                self.loop(rest[0], rest[1])
        return ""

    def loop(self, condition: Condition, body: Block) -> None:
        while self.holds(condition) and self.steps < 1000:
            self.steps += 1
            if self.run(body) == "break":
                return

    def holds(self, condition: Condition) -> bool:
        kind, *rest = condition
        value = sum(bit << place for place, bit in enumerate(self.bits))
        answers = {
            "bit": lambda: self.bits[rest[0]] == 1,
            "same": lambda: self.bits[rest[0]] == self.bits[rest[1]],
            "odd": lambda: self.bits[rest[0]] ^ self.bits[rest[1]] == 1,
            "masked": lambda: value & rest[0] == rest[1],
            "not": lambda: not self.holds(rest[0]),
            "and": lambda: self.holds(rest[0]) and self.holds(rest[1]),
            "or": lambda: self.holds(rest[0]) or self.holds(rest[1]),
            "==": lambda: value == rest[0],
            "<": lambda: value < rest[0],
            ">=": lambda: value >= rest[0],
        }
        return bool(answers[kind]())


def condition_text(condition: Condition) -> str:
    kind, *rest = condition
    if kind == "bit":
        return f"c[{rest[0]}]"
    if kind == "not":
        return f"!({condition_text(rest[0])})"
    if kind in ("and", "or"):
        operator = "&&" if kind == "and" else "||"
        return f"({condition_text(rest[0])}) {operator} ({condition_text(rest[1])})"
    if kind in ("same", "odd"):
        return f"c[{rest[0]}] {'==' if kind == 'same' else '^'} c[{rest[1]}]"
    if kind == "masked":
        return f"(uint[{QUBITS}](c) & {rest[0]}) == {rest[1]}"
    return f"c {kind} {rest[0]}"


def block_text(block: Block) -> str:
    lines = []
    for kind, *rest in block:
        if kind == "x":
            lines.append(f"x q[{rest[0]}];")
        elif kind == "cx":
            lines.append(f"cx q[{rest[0]}], q[{rest[1]}];")
        elif kind == "measure":
            lines.append(f"c[{rest[1]}] = measure q[{rest[0]}];")
        elif kind == "set":
            lines.append(f"c[{rest[0]}] = {rest[1]};")
        elif kind == "if":
            condition, then, otherwise = rest
            lines.append(f"if ({condition_text(condition)}) {{ {block_text(then)} }}")
            lines.append(f"else {{ {block_text(otherwise)} }}")
        elif kind == "while":
            lines.append(f"while ({condition_text(rest[0])}) {{ {block_text(rest[1])} }}")
        else:
            lines.append(f"{kind};")
    return " ".join(lines)


places = st.integers(0, QUBITS - 1)
simple_conditions = st.one_of(
    st.tuples(st.just("bit"), places),
    st.tuples(st.sampled_from(["==", "<", ">="]), st.integers(0, 7)),
    st.tuples(st.sampled_from(["same", "odd"]), places, places),
    st.tuples(st.just("masked"), st.integers(0, 7), st.integers(0, 7)),
)
conditions = st.recursive(
    simple_conditions,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner), st.tuples(st.sampled_from(["and", "or"]), inner, inner)
    ),
    max_leaves=3,
)
simple = st.one_of(
    st.tuples(st.just("x"), places),
    st.permutations(range(QUBITS)).map(lambda p: ("cx", p[0], p[1])),
    st.tuples(st.just("measure"), places, places),
    st.tuples(st.just("set"), places, st.integers(0, 1)),
)


def blocks(depth: int, in_loop: bool) -> st.SearchStrategy[Block]:
    choices: list[st.SearchStrategy[tuple[Any, ...]]] = [simple, simple]
    if in_loop:
        choices.append(st.sampled_from([("break",), ("continue",)]))
    if depth:
        inner = blocks(depth - 1, in_loop)
        choices.append(st.tuples(st.just("if"), conditions, inner, inner))
        choices.append(st.tuples(st.just("while"), conditions, blocks(depth - 1, True)))
    return st.lists(st.one_of(choices), max_size=4)


@pytest.mark.filterwarnings("error")
@settings(max_examples=examples(50), deadline=None)
@given(blocks(2, False))
def test_control_flow_agrees_with_an_independent_interpreter(block: Block) -> None:
    machine = Machine()
    machine.run(block)
    if machine.steps >= 1000:
        return  # it runs for ever, here and there
    text = f'include "stdgates.inc"; qubit[{QUBITS}] q; bit[{QUBITS}] c; {block_text(block)}'
    program = compile_circuit(text, SETTINGS)
    result = run_program(program, shots=3, seed=1, memory=False, settings=SETTINGS)
    expected = "".join(str(bit) for bit in reversed(machine.bits))
    assert json.loads(result.counts) == {expected: 3}


COUNTED = 2
# All that the other reader takes: one bit, or one register compared with a number.
measured_conditions = st.sampled_from(
    ["c[0]", "c[1]", "!c[0]", "c[1] == true", "c[0] == false", *(f"c == {k}" for k in range(4))]
)
moves = st.one_of(
    st.sampled_from(["h q[0];", "h q[1];", "x q[2];", "cx q[0], q[1];", "ry(1.1) q[2];"]),
    st.sampled_from(["c[0] = measure q[0];", "c[1] = measure q[1];", "c = measure q[1:2];"]),
)


@st.composite
def measured_programs(draw: st.DrawFn) -> str:
    """Draw measurements in superposition, and gates under conditions on the outcomes."""
    lines = ["h q[0];", "c[0] = measure q[0];"]
    for _ in range(draw(st.integers(1, 4))):
        lines.append(draw(moves))
        condition, body, other = draw(measured_conditions), draw(moves), draw(moves)
        lines.append(f"if ({condition}) {{ {body} }} else {{ {other} }}")
    if draw(st.booleans()):
        lines.append("while (c[0]) { h q[0]; c[0] = measure q[0]; }")
    return (
        f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{QUBITS}] q;\nbit[{COUNTED}] c;\n'
        + "\n".join(lines)
    )


SHOTS = 4000
WIDEST_GAP = 0.06
"""More than five standard deviations of the difference of two shares of 4,000 shots each."""


@settings(max_examples=examples(12), deadline=None)
@given(measured_programs())
def test_a_program_that_depends_on_outcomes_gives_the_shares_of_qiskit(
    text: str,
) -> None:
    result = run_program(
        compile_circuit(text, SETTINGS), shots=SHOTS, seed=3, memory=False, settings=SETTINGS
    )
    ours, theirs = json.loads(result.counts), run_by_qiskit(qasm3.loads(text), SHOTS)
    for key in {*ours, *theirs}:
        assert abs(ours.get(key, 0) - theirs.get(key, 0)) < WIDEST_GAP * SHOTS, (key, ours, theirs)
