"""Programs that the fast path supports, and its comparison with the full compiler."""

import struct
from typing import Any

from hypothesis import strategies as st

from quantumtask.openqasm import Program
from quantumtask.openqasm.compiler.pipeline import compile_full
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.program.operations import MatrixGate, Operation
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings

SETTINGS = Settings()


STD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


HEAD = STD + "qubit[4] q;\nbit[4] c;\n"


OLD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[4];\ncreg c[4];\n'


def step_key(step: Any) -> tuple[Any, ...]:
    """Return a step as a value that is equal only to an identical step, to the last bit."""
    if not isinstance(step, Operation):
        return type(step).__name__, *step
    gate = step.gate
    kind = gate.entries.tobytes() if isinstance(gate, MatrixGate) else gate.name
    assert all(type(param) is float for param in step.params)
    return kind, struct.pack(f"{len(step.params)}d", *step.params), step.qubits, step.controls


def program_key(program: Program) -> tuple[Any, ...]:
    """Return all parts of a program that engines and results depend on."""
    interface = (program.registers, program.qubits, program.operations, program.outputs)
    interface += (program.fixed_outputs, program.warnings)  # type: ignore[assignment]
    circuit = program.circuit
    if circuit is None:
        return interface
    steps = tuple(map(step_key, circuit.steps))
    flags = (
        circuit.measurement_count,
        circuit.clifford,
        circuit.terminal_measurements_only,
        circuit.active_qubits,
    )
    return *interface, steps, circuit.bits, *flags


def agrees(text: str, limits: Settings = SETTINGS) -> bool:
    """Compare both paths; return True if the fast path supports the text."""
    fast = compile_straight_line(text, limits)
    if fast is None:
        return False
    try:
        full = compile_full(text, limits).program
    except CircuitError as error:
        raise AssertionError(f"accepted: {error}\n{text}") from error
    assert program_key(fast) == program_key(full), text
    return True


SUPPORTED = {
    "bell": HEAD + "h q[0]; cx q[0], q[1];\nc = measure q;\n",
    "no include": "qubit q; bit c; U(pi/2, 0, -pi) q; c = measure q;",
    "broadcast": STD + "qubit[3] a; qubit[3] b; bit[3] c; h a; cx a, b; cx a[0], b; c = measure b;",
    "old": OLD + "h q[0];\ncx q[0],q[1];\nu3(pi/2,0,pi) q[2];\nmeasure q -> c;\n",
    "old power": OLD + "rx(2^3/16) q[0]; rx(1/2) q[1]; CX q[0],q[1]; measure q[0] -> c[0];",
    "old words": STD + "qreg q[2]; creg c[2]; x q[1]; measure q[1] -> c[1];",
    "single bits": HEAD + "x q[1];\nc[0] = measure q[1];\nc[3]=measure q[0];",
    "definition": HEAD + "gate f(a, b) x, y { rx(a/2) x; cx x, y; rz(-b*a) y; }\n"
    "f(0.3, pi) q[0], q[1]; f(0.3, pi) q[0], q[1]; inv @ f(1, 2) q[2], q[0]; c = measure q;",
    "multiples of pi": HEAD + "U(pi/2, -pi/4, 3*pi/8) q[0]; U(-3*pi/7,2*pi, pi) q[1]; rx(-pi) q[2];"
    "U(0*pi, -0*pi/3, 999999999999999*pi/7) q[1]; U( pi /2,pi/ 4, 3 * pi) q[2]; rx(03*pi/04) q[3];",
    "two large registers": STD + "qubit[65] a; qubit[2] b; bit[65] c; bit[2] d; cx a[64], b[1];"
    "cx b[0],a[0]; c[64] = measure a[1]; c [0]=measure b [1]; d[1]= measure a[ 2 ];",
    "hidden gate": HEAD + "h q[0]; gate h a { x a; } h q[0]; h q[1]; c = measure q;",
    "constants": STD + "const int n = 3; const float w = pi / n; qubit[n] q; rx(w*2) q[1];",
    "late declarations": STD + "qubit[2] q; h q; bit a; a = measure q[0]; qubit r; x r;"
    " bit[2] b = measure q; bit d = measure r;",
    "modifiers": HEAD + "ctrl @ x q[0], q[1]; negctrl(2) @ rx(0.5) q[0], q[1], q[2]; inv @ s q[0];"
    " pow(2) @ inv @ t q; pow(0.5) @ ctrl @ U(1, 2, 3) q[0], q[3]; ctrl @ gphase(0.1) q[2];",
    "modifiers on lines of their own": HEAD + "ctrl\n@ x q[0], q[1]; inv // ;\n @s q[0];"
    " pow(2)\r\n@t q[1]; negctrl(2) /* \n */ @h q[0], q[1], q[2];",
    "half way": HEAD + "h q[0]; c[0] = measure q[0]; x q[0]; reset q[1]; reset q; measure q;",
    "comments": "// ü ;\n/* a; */" + HEAD + "h q[0]; // {\n/* } */ x /* ; */ q[1];\nc = measure q;",
    "returns": HEAD.replace("\n", "\r\n") + "h q[0];\r\nc = measure q; // the end\r\n",
    "hardware qubits": STD + "bit[2] c; x $3; cx $3, $0; c[0] = measure $3; c[1] = measure $0;",
    "barriers": HEAD + "h q; barrier q; barrier q[0], q[3]; barrier; gphase(pi/4); c = measure q;",
    "nothing measured": HEAD + "h q[0];",
}


FORMULAS = (
    "1", "-1", "0.5", "-0.0", "-0", "1e-3", "1.", ".5", "1.5E+2", "pi", "-pi/2", "3*pi/4", "π/2",
    "tau/3", "euler", "-2**2", "2.0**-1", "2.0**3**2/100", "2*-1", "--1", "6/2", "-6/2", "-7%3",
    "7.5%2", "1 - 2 - 3", "8/4/2", "(1+2)*3", "sin(pi/3)", "cos(0)+tan(1)", "arctan(1.0)*4",
    "sqrt(2)", "exp(1)", "ln(2)", "log(10)", "floor(2.5)", "ceiling(2.5)", "mod(7, 3)",
    "real(1.5)", "popcount(7)", "arccos(0.5)", "arcsin(0.5)", "((((0.25))))",
)  # fmt: skip


GATES = {"h": (0, 1), "x": (0, 1), "sdg": (0, 1), "rx": (1, 1), "p": (1, 1), "U": (3, 1),
         "u2": (2, 1), "cx": (0, 2), "crz": (1, 2), "cu": (4, 2), "swap": (0, 2), "ccx": (0, 3),
         "f": (2, 2), "g": (0, 1), "cnot": (0, 2), "v": (0, 1), "ms": (2, 2), "xy": (1, 2),
         "mcx": (0, 3), "rzx": (1, 2)}  # fmt: skip


DEFINITIONS = (
    "gate g a { h a; ti a; }\ngate f(a, b) x, y { rx(a/2) x; ctrl @ g x, y; p(b - a) y; }\n"
)


SPACES = st.sampled_from(["", "", "", " ", "\n", "\t ", " /* x */ ", "// y\n"])


@st.composite
def operand(draw: st.DrawFn, name: str = "q", size: int = 4) -> str:
    gap = draw(SPACES)
    index = f"{gap}[{gap}{draw(st.integers(0, size - 1 + draw(st.integers(0, 30)) // 30))}{gap}]"
    return name + (index if draw(st.integers(0, 9)) else "") + gap


ARGUMENT = st.one_of(
    st.floats(-10, 10).map(repr), st.sampled_from(FORMULAS), st.integers(-9, 9).map(str)
)


MODIFIER = st.sampled_from(["inv @ ", "ctrl @ ", "negctrl @", "pow(2) @ ", "pow(-1)@", "ctrl(2) @"])


WIDTH = {"ctrl @ ": 1, "negctrl @": 1, "ctrl(2) @": 2}


@st.composite
def call(draw: st.DrawFn) -> str:
    gate = draw(st.sampled_from(sorted(GATES)))
    params, qubits = GATES[gate]
    modifiers = draw(st.lists(MODIFIER, max_size=2)) if draw(st.integers(0, 4)) == 0 else []
    qubits += sum(WIDTH.get(modifier, 0) for modifier in modifiers)
    args = ",".join(draw(st.lists(ARGUMENT, min_size=params, max_size=params)))
    on = draw(st.lists(operand(), min_size=qubits, max_size=qubits))
    brackets = f"({args})" if params else draw(SPACES) + " "
    return "".join(modifiers) + gate + draw(SPACES) + brackets + draw(SPACES) + ", ".join(on)


@st.composite
def other_statement(draw: st.DrawFn) -> str:
    place = draw(st.integers(0, 3))
    kinds = (f"c[{place}] = measure ", "c = measure ", "reset ", "barrier ", "measure ")
    words = draw(st.sampled_from(kinds)) + draw(operand())
    return words + ("" if draw(st.booleans()) else f" -> c[{place}]")


@st.composite
def straight_line_programs(draw: st.DrawFn) -> str:
    old = OLD + DEFINITIONS.replace("ctrl @ g", "cx")
    head = draw(st.sampled_from([HEAD + DEFINITIONS, old, HEAD.replace(STD, "") + DEFINITIONS]))
    kinds = st.one_of(call(), call(), call(), other_statement())
    lines = [line + ";\n" for line in draw(st.lists(kinds, max_size=12))]
    return head + "".join(lines) + draw(st.sampled_from(["", "c = measure q;\n"]))
