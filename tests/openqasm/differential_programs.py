"""Programs that stress features of several implementations of OpenQASM, by name.

Every program ends with its outcome in `bit` registers. Those of `WIDE` have gate arguments outside
[0, 2 pi), which an implementation with arguments of type `angle` must read as other numbers.
"""

import math
from random import Random

from hypothesis import strategies as st

HEAD = 'OPENQASM 3.1;\ninclude "stdgates.inc";\n'

GATES = {
    "x": (0, 1), "y": (0, 1), "z": (0, 1), "h": (0, 1), "s": (0, 1), "sdg": (0, 1), "t": (0, 1),
    "tdg": (0, 1), "sx": (0, 1), "id": (0, 1), "p": (1, 1), "rx": (1, 1), "ry": (1, 1),
    "rz": (1, 1), "phase": (1, 1), "u1": (1, 1), "u2": (2, 1), "u3": (3, 1), "U": (3, 1),
    "cx": (0, 2), "cy": (0, 2), "cz": (0, 2), "ch": (0, 2), "swap": (0, 2), "CX": (0, 2),
    "cp": (1, 2), "cphase": (1, 2), "crx": (1, 2), "cry": (1, 2), "crz": (1, 2), "cu": (4, 2),
    "ccx": (0, 3), "cswap": (0, 3),
}  # fmt: skip
"""The numbers of parameters and qubits of every gate of the standard library, and of `U`."""

SPREAD = "ry(0.9) q[0]; ry(1.3) q[1]; ry(2.2) q[2]; p(0.7) q[0]; p(2.6) q[1]; p(4.4) q[2];"
"""Statements that prepare a state that every gate changes, and that make phases measurable."""
BASIS_CHANGE = "h q[0]; sx q[1]; h q[2]; t q[0]; s q[2]; cx q[1], q[2]; h q[0]; h q[1];"


def on(qubits: int, code: str) -> str:
    return f"{HEAD}qubit[{qubits}] q;\nbit[{qubits}] c;\n{code}\nc = measure q;\n"


def with_basis_change(code: str) -> str:
    return on(3, f"{SPREAD}\n{code}\n{BASIS_CHANGE}")


def call(name: str, lowest: float, highest: float) -> str:
    """Return a gate on some of three qubits, with arguments that depend on its name."""
    random = Random(f"{name} {lowest}")
    parameters, qubits = GATES[name]
    values = ", ".join(f"{random.uniform(lowest, highest):.4f}" for _ in range(parameters))
    places = ", ".join(f"q[{place}]" for place in random.sample(range(3), qubits))
    return f"{name}{f'({values})' if values else ''} {places};"


WITH_PARAMETERS = [name for name, (parameters, _) in GATES.items() if parameters]
NARROW = (0.0, 2 * math.pi)

STATIC = {
    **{f"gate {name}": with_basis_change(call(name, *NARROW)) for name in GATES},
    "ctrl": with_basis_change(
        "ctrl @ s q[0], q[2]; ctrl @ h q[1], q[0]; ctrl(2) @ z q[0], q[1], q[2];"
    ),
    "ctrl of sdg, t": with_basis_change(
        "ctrl @ sdg q[1], q[2]; ctrl @ t q[2], q[0]; ctrl @ tdg q[0], q[1];"
    ),
    "ctrl of a rotation": with_basis_change(
        "ctrl @ rz(1.1) q[0], q[2]; ctrl @ rx(2.3) q[2], q[1];"
    ),
    "negctrl": with_basis_change("negctrl @ x q[2], q[0]; negctrl @ ctrl @ y q[0], q[1], q[2];"),
    "negctrl of a phase": with_basis_change(
        "negctrl @ p(1.9) q[2], q[0]; ctrl @ negctrl @ sx q[0], q[1], q[2];"
    ),
    "inv": with_basis_change("inv @ s q[0]; inv @ t q[1]; inv @ sx q[2]; inv @ h q[0];"),
    "inv of ctrl": with_basis_change("inv @ ctrl @ s q[0], q[1]; ctrl @ inv @ t q[2], q[1];"),
    "inv of a gate of one's own": with_basis_change(
        "gate g a, b { h a; t b; cx a, b; s a; } g q[0], q[2]; inv @ g q[1], q[2];"
    ),
    "pow": with_basis_change(
        "pow(2) @ t q[0]; pow(3) @ s q[1]; pow(0) @ x q[2]; pow(5) @ sx q[0];"
    ),
    "pow of a gate of one's own": with_basis_change(
        "gate g a { h a; t a; } pow(3) @ g q[1]; pow(2) @ g q[0];"
    ),
    "pow of a controlled gate": with_basis_change(
        "pow(2) @ cy q[0], q[1]; pow(3) @ cz q[1], q[2]; pow(2) @ ccx q[0], q[1], q[2];"
    ),
    "pow of cx and swap": with_basis_change("pow(2) @ cx q[0], q[1]; pow(2) @ swap q[1], q[2];"),
    "real pow": with_basis_change("pow(0.5) @ x q[0]; pow(0.25) @ z q[1]; pow(1 / 2.0) @ s q[2];"),
    "negative pow": with_basis_change("pow(-1) @ s q[0]; pow(-2) @ t q[1];"),
    "stack": with_basis_change(
        "ctrl @ inv @ pow(3) @ s q[0], q[1]; negctrl @ pow(2) @ inv @ t q[2], q[0];"
    ),
    "gphase": with_basis_change(
        "gphase(1.3); ctrl @ gphase(0.8) q[1]; negctrl @ gphase(2.1) q[0];"
    ),
    "broadcast": on(4, "ry(0.8) q; qubit[4] r; h r; cx r, q; p(0.3) q; h q;"),
    "broadcast of one": on(3, "qubit a; h a; cx a, q; ry(1.0) q;"),
    "slices": on(5, "ry(0.9) q[0:2:4]; h q[1:2]; cx q[0:1], q[3:4]; x q[{4, 0}]; h q[-1];"),
    "backwards": on(4, "ry(0.9) q[3:-1:1]; cx q[3:-1:2], q[0:1];"),
    "alias": on(4, "let a = q[1:3]; let b = a[0:1]; h a[2]; ry(0.7) b; cx a[2], b[1];"),
    "alias of two": on(
        2, "qubit[2] r; let all = q ++ r; h all[3]; cx all[3], all[0]; ry(1.0) all[1:2];"
    ),
    "gate in a gate": with_basis_change(
        "gate f(a) x { rx(a) x; } gate g(a, b) x, y { f(a + b) x; cx x, y; f(a * b) y; }"
        "g(0.5, 0.25) q[0], q[2];"
    ),
    "gate named as one of Aer": on(
        2, "gate ecr a, b { sx b; } x q[0]; ecr q[0], q[1]; h q[1]; t q[1]; h q[1];"
    ),
    "functions of constants": with_basis_change(
        "rx(sin(0.4)) q[0]; ry(sqrt(2.0)) q[1]; rz(pi / 3) q[2]; p(2 * pi / 5) q[0];"
    ),
    "measured before others": on(3, "h q[0]; c[0] = measure q[0]; cx q[0], q[1]; ry(0.6) q[2];"),
    "measured twice": on(2, "ry(1.0) q[0]; bit a; a = measure q[0]; h q[0];"),
    "reset": on(2, "ry(1.2) q[0]; cx q[0], q[1]; reset q[0]; h q[0];"),
    "reset of a register": on(2, "h q; cx q[0], q[1]; reset q; ry(0.7) q;"),
    "registers of several sizes": f"""{HEAD}qubit[3] q; qubit a; bit[2] c; bit d; bit[3] e;
        ry(0.7) q; h a; cx a, q[1]; c[1] = measure q[2]; d = measure a; e[0:1] = measure q[0:1];""",
    "arrow": f"{HEAD}qubit[2] q; bit[2] c; ry(0.8) q[0]; x q[1]; measure q[1] -> c[0];",
    "barrier": on(2, "h q[0]; barrier q; cx q[0], q[1]; barrier q[0];"),
    "for": on(
        4, "for int i in [0:3] { ry(0.4 + i) q[i]; } for int i in [0:2] { cx q[i], q[i + 1]; }"
    ),
    "for over a set": on(4, "for int i in {3, 1} { h q[i]; }"),
}

WIDE = {
    f"gate {name} {where}": with_basis_change(call(name, *span))
    for name in WITH_PARAMETERS
    for where, span in (("below 0", (-20.0, 0.0)), ("beyond 2 pi", (2 * math.pi, 20.0)))
} | {
    "ctrl of wide rotations": with_basis_change(
        "ctrl @ rx(-1.0) q[0], q[1]; ctrl @ ry(7.5) q[1], q[2]; ctrl @ rz(-9.0) q[2], q[0];"
    ),
    "negative parameters": with_basis_change(
        "gate g(a) x, y { rx(a / 2) x; cry(-a) x, y; } g(-1.0) q[0], q[1]; g(8.0) q[2], q[0];"
    ),
    "wide pow": with_basis_change("pow(0.5) @ rx(-3.0) q[0]; pow(2) @ crz(5.0) q[1], q[2];"),
}
"""Programs that have arguments outside [0, 2 pi)."""

_COIN = "ry(1.1) q[0]; c[0] = measure q[0];"

DYNAMIC = {
    "reset of an entangled qubit": on(2, "h q[0]; cx q[0], q[1]; reset q[1]; h q[0];"),
    "if": on(2, f"{_COIN} if (c[0]) {{ x q[1]; }}"),
    "if else": on(2, f"{_COIN} if (c[0]) {{ ry(0.4) q[1]; }} else {{ ry(1.4) q[1]; x q[0]; }}"),
    "if not": on(2, f"{_COIN} if (!c[0]) {{ x q[1]; }}"),
    "if a bit is": on(2, f"{_COIN} if (c[0] == 1) {{ x q[1]; }} if (c[0] == 0) {{ x q[0]; }}"),
    "if and, or": on(
        3,
        "h q[0]; h q[1]; c[0] = measure q[0]; c[1] = measure q[1];"
        "if (c[0] && c[1]) { x q[2]; } if (c[0] || c[1]) { h q[2]; }",
    ),
    "if a register is": f"""{HEAD}qubit[3] q; bit[2] a; bit[3] c;
        h q[0]; ry(0.7) q[1]; a = measure q[0:1]; if (a == 2) {{ x q[2]; }} c = measure q;""",
    "if in if": on(
        3,
        "h q[0]; h q[1]; c[0] = measure q[0]; c[1] = measure q[1];"
        "if (c[0]) { if (c[1]) { x q[2]; } else { ry(0.5) q[2]; } }",
    ),
    "if with a single bit": f"""{HEAD}qubit[2] q; bit a; bit c;
        ry(2.0) q[0]; a = measure q[0]; if (a) {{ h q[1]; }} c = measure q[1];""",
    "measured in a branch": on(2, f"{_COIN} if (c[0]) {{ h q[1]; c[1] = measure q[1]; }}"),
    "teleportation": f"""{HEAD}qubit[3] q; bit[3] c;
        ry(0.8) q[0]; p(1.1) q[0]; h q[1]; cx q[1], q[2]; cx q[0], q[1]; h q[0];
        c[0] = measure q[0]; c[1] = measure q[1];
        if (c[1]) {{ x q[2]; }} if (c[0]) {{ z q[2]; }} h q[2]; c[2] = measure q[2];""",
    "repeat until success": f"""{HEAD}qubit[2] q; bit[2] c;
        ry(1.0) q[1]; h q[0]; c[0] = measure q[0];
        while (c[0]) {{ x q[1]; reset q[0]; ry(1.0) q[0]; c[0] = measure q[0]; }}
        c[1] = measure q[1];""",
    "while not": f"""{HEAD}qubit[2] q; bit c; bit d; ry(1.0) q[0]; c = measure q[0];
        while (!c) {{ ry(0.5) q[1]; reset q[0]; h q[0]; c = measure q[0]; }} d = measure q[1];""",
    "switch": f"""{HEAD}qubit[3] q; bit[2] a; bit c; h q[0]; ry(0.8) q[1]; a = measure q[0:1];
        switch (int(a)) {{ case 0 {{ x q[2]; }} case 1, 2 {{ h q[2]; }} default {{ t q[2]; }} }}
        c = measure q[2];""",
    "loop with a branch": on(
        3, "for int i in [0:1] { ry(0.9) q[0]; c[i] = measure q[0]; if (c[i]) { h q[2]; } }"
    ),
    "reset by hand": on(1, "h q[0]; c[0] = measure q[0]; if (c[0]) { x q[0]; } ry(0.3) q[0];"),
}

CLASSICAL = {
    "int": on(2, "int[8] n = 3; n = n * 2 - 1; if (n == 5) { x q[0]; } if (n > 5) { x q[1]; }"),
    "int divides": on(2, "int[16] n = 17; if (n / 5 == 3) { x q[0]; } if (n % 5 == 2) { x q[1]; }"),
    "uint": on(2, "uint[8] n = 6; n += 3; if (n == 9) { x q[0]; } if (n < 9) { x q[1]; }"),
    "bits of whole numbers": on(
        2, "int[8] n = 12; if ((n & 4) == 4) { x q[0]; } if ((n | 3) == 15) { x q[1]; }"
    ),
    "shifts": on(
        2, "uint[8] n = 5; if ((n << 1) == 10) { x q[0]; } if ((n >> 2) == 1) { x q[1]; }"
    ),
    "float": on(2, "float f = 0.5; f = f * 3.0 + 0.2; rx(f) q[0]; if (f > 1.6) { x q[1]; }"),
    "const": on(2, "const float f = pi / 5; const int n = 2; ry(f * n) q[0]; ry(f / n) q[1];"),
    "bool": on(2, "bool a = true; bool b = !a; if (a && !b) { x q[0]; } if (a == b) { x q[1]; }"),
    "array": on(2, "array[float, 3] a = {0.3, 0.6, 0.9}; ry(a[2]) q[0]; ry(a[0] + a[1]) q[1];"),
    "array of int": on(2, "array[int[8], 2] a = {1, 0}; a[1] = a[0] + 4; if (a[1] == 5) { x q; }"),
    "sum of a loop": on(2, "int[8] s = 0; for int i in [1:4] { s += i; } if (s == 10) { x q[1]; }"),
    "while that is known": on(2, "int[8] n = 0; while (n < 3) { ry(0.4) q[0]; n += 1; }"),
    "measured integer": on(
        2, f"{_COIN} int[8] n = 0; if (c[0]) {{ n = 5; }} if (n > 3) {{ x q[1]; }}"
    ),
    "counted": f"""{HEAD}qubit q; bit c; bit d; int[8] n = 0;
        for int i in [0:3] {{ reset q; ry(1.0) q; c = measure q; if (c) {{ n += 1; }} }}
        reset q; if (n >= 2) {{ x q; }} d = measure q;""",
    "subroutine": f"""{HEAD}def flip(qubit a, float f) -> bit {{ ry(f) a; return measure a; }}
        qubit[2] q; bit[2] c; c[0] = flip(q[0], 1.0); c[1] = flip(q[1], 2.0);""",
    "subroutine of registers": f"""{HEAD}def bell(qubit[2] a) {{ ry(0.9) a[0]; cx a[0], a[1]; }}
        qubit[4] q; bit[4] c; bell(q[0:1]); bell(q[2:3]); c = measure q;""",
    "classical subroutine": on(
        2, "def twice(int[8] n) -> int[8] { return 2 * n; } if (twice(4) == 8) { x q[0]; }"
    ),
    "subroutine of a measurement": f"""{HEAD}
        def odd(bit a, bit b) -> bit {{ bit r; r = a ^ b; return r; }}
        qubit[3] q; bit[2] c; bit d; h q[0]; ry(0.8) q[1];
        c[0] = measure q[0]; c[1] = measure q[1]; d = odd(c[0], c[1]);""",
    "exclusive or": f"""{HEAD}qubit[2] q; bit[2] c; bit d;
        h q[0]; ry(0.7) q[1]; c = measure q; d = c[0] ^ c[1];""",
}

_V2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'

VERSION_2 = {
    "2: bell pair": f"{_V2}qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;",
    "2: gates": f"""{_V2}qreg q[3]; creg c[3]; u3(0.4,0.9,-1.2) q[0]; u2(0.3,7.1) q[1];
        u1(-0.8) q[0]; cu1(1.3) q[0],q[1]; cu3(0.6,-0.4,2.0) q[1],q[2]; crz(-2.0) q[2],q[0];
        rx(-0.7) q[1]; ry(9.0) q[2]; sdg q[0]; tdg q[1]; ch q[0],q[2]; ccx q[0],q[1],q[2];
        h q; measure q -> c;""",
    "2: built in": f"{_V2}qreg q[2]; creg c[2]; U(0.7,0.2,1.9) q[0]; CX q[0],q[1]; measure q -> c;",
    "2: gate of one's own": f"""{_V2}gate g(a) x,y {{ rx(a/2) x; cx x,y; rz(-a) y; h y; }}
        qreg q[2]; creg c[2]; h q; g(1.7) q[1],q[0]; measure q -> c;""",
    "2: if": f"""{_V2}qreg q[2]; creg a[1]; creg c[2]; ry(1.0) q[0]; measure q[0] -> a[0];
        if (a == 1) h q[1]; measure q -> c;""",
    "2: registers": f"""{_V2}qreg q[2]; qreg r[2]; creg c[2]; creg d[3]; h q; cx q,r; rx(0.4) r;
        measure r -> c; measure q[0] -> d[2];""",
    "2: reset": f"{_V2}qreg q[1]; creg c[1]; h q[0]; reset q[0]; ry(0.6) q[0]; measure q -> c;",
    "2: more gates": f"""{_V2}qreg q[4]; creg c[4]; h q; rzz(0.7) q[0],q[1]; rxx(1.2) q[1],q[2];
        sx q[0]; sxdg q[1]; csx q[0],q[2]; c3x q[0],q[1],q[2],q[3]; cswap q[3],q[0],q[1];
        p(0.3) q[3]; cp(-2.0) q[2],q[3]; ry(0.4) q; measure q -> c;""",
}

PROGRAMS = STATIC | WIDE | DYNAMIC | CLASSICAL | VERSION_2


_PHASED = ("U", "u2", "u3")
"""Gates whose global phase differs in Qiskit (see `differential_known.py`)."""
_DEFINED = (*_PHASED, "cu")
"""Gates that Braket gets as definitions, of which `pow` would repeat every step."""


@st.composite
def random_calls(draw: st.DrawFn) -> str:
    """Draw a gate on some of three qubits, with or without modifiers and slices."""
    name = draw(st.sampled_from(sorted(GATES)))
    parameters, qubits = GATES[name]
    modifiers = draw(st.sampled_from(["", "", "inv @ ", "pow(2) @ ", "ctrl @ ", "negctrl @ "]))
    if "ctrl" in modifiers:
        alone = qubits == 3 or name in _PHASED
        modifiers, qubits = ("", qubits) if alone else (modifiers, qubits + 1)
    elif "pow" in modifiers and name in _DEFINED:
        modifiers = ""
    angles = st.floats(0.01, 6.28).map("{:.3f}".format)
    values = ", ".join(draw(angles) for _ in range(parameters))
    operands = ", ".join(f"q[{at}]" for at in draw(st.permutations(range(3)))[:qubits])
    if qubits == 1:
        operands = draw(st.sampled_from([operands, "q", "q[0:1]", "q[0:2:2]"]))
    return f"{modifiers}{name}{f'({values})' if values else ''} {operands};"


@st.composite
def random_steps(draw: st.DrawFn) -> str:
    """Draw a gate, a measurement, a reset, or a branch on a bit."""
    at, other = draw(st.permutations(range(3)))[:2]
    kind = draw(st.sampled_from(["call", "call", "call", "measure", "if", "reset"]))
    return {
        "call": lambda: draw(random_calls()),
        "measure": lambda: f"c[{at}] = measure q[{other}];",
        "if": lambda: f"if (c[{at}]) {{ {draw(random_calls())} }} else {{ x q[{other}]; }}",
        "reset": lambda: f"reset q[{at}];",
    }[kind]()


random_circuits = st.lists(random_calls(), min_size=1, max_size=8).map(
    lambda calls: on(3, "\n".join([SPREAD, *calls]))
)
random_processes = st.lists(random_steps(), min_size=2, max_size=8).map(
    lambda steps: on(3, "\n".join([SPREAD, *steps]))
)
