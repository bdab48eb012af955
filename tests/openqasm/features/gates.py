"""Features: gates, modifiers, the standard library, measurements."""

from collections.abc import Mapping

from tests.openqasm.features.feature import HEAD, Feature, either, quantum, whole, wrong

_APPLY, _DEFINE = "gates: Applying gates", "gates: Hierarchical gates definitions"
_BUILT_IN = "gates: Built-in gates"

BUILT_IN = (
    quantum(
        "`U`", _BUILT_IN, "U(pi / 2, 0, pi) q[0]; U(0, 0, pi) q[0]; U(pi / 2, 0, pi) q[0];", "1"
    ),
    quantum(
        "`U` has the phase of the specification",
        _BUILT_IN,
        "h q[0]; h q[1]; ctrl @ U(pi, 0, pi) q[0], q[1]; sdg q[0]; h q[0]; h q[1];",
        "00",
    ),
    quantum(
        "`U` has the period 2π",
        _BUILT_IN,
        "h q[0]; ctrl @ U(2 * pi, 0, 0) q[0], q[1]; h q[0];",
        "00",
    ),
    quantum("`gphase`", _BUILT_IN, "gphase(pi / 2); x q[0]; gphase(1.5);", "1"),
    quantum("`gphase` under control", _BUILT_IN, "h q[0]; ctrl @ gphase(pi) q[0]; h q[0];", "1"),
    quantum(
        "`gphase` within a gate under control",
        _BUILT_IN,
        "gate g a { gphase(pi); } h q[0]; ctrl @ g q[0], q[1]; h q[0];",
        "01",
    ),
)

CALLS = (
    quantum("broadcast over a register", _APPLY, "x q;", "111"),
    quantum("broadcast over two registers", _APPLY, "qubit[2] r; x r[1]; cx r, q;", "10"),
    quantum("broadcast of one qubit with a register", _APPLY, "x q[0]; cx q[0], q[1:2];", "111"),
    wrong("registers that differ in length", _APPLY, "qubit[2] r; cx r, q;", "size_mismatch"),
    wrong("a qubit twice in a call", _APPLY, "cx q[0], q[0];", "duplicate_qubit"),
    wrong("unknown gate", _APPLY, "mygate q[0];", "unknown_gate"),
    wrong("too many qubits", _APPLY, "h q[0], q[1];", "wrong_arity"),
    wrong("too few arguments", _APPLY, "rx q[0];", "wrong_arity"),
    quantum(
        "arguments are real numbers",
        "standard_library: crx",
        "h q[0]; crx(2 * pi) q[0], q[1]; h q[0];",
        "01",
    ),
    quantum(
        "negative argument",
        "standard_library: crz",
        "h q[0]; x q[1]; crz(-pi) q[0], q[1]; s q[0]; h q[0];",
        "10",
    ),
    quantum(
        "whole numbers divide to whole numbers",
        "classical: Integers",
        "rx(1 / 2 * 2 * pi) q[0]; rx(1.0 / 2 * 2 * pi) q[1];",
        "10",
    ),
    either("argument that is a variable", _APPLY, "float f = <m>; rx(f * pi) q[1];", "01", "00"),
    either(
        "`angle` variable as argument",
        _APPLY,
        "angle[8] a = 0.0; if (<b>) a = pi; rx(a) q[1];",
        "01",
        "00",
    ),
)

DEFINITIONS = (
    quantum("`gate`", _DEFINE, "gate g a, b { x a; cx a, b; } g q[1], q[0];", "11"),
    quantum(
        "`gate` with parameters",
        _DEFINE,
        "gate g(v, w) a { rx(v / 2) a; rx(-w) a; } g(pi, -pi / 2) q[0];",
        "1",
    ),
    quantum(
        "parameter with a letter of another script",
        _DEFINE,
        "gate g(θ) a { rx(θ) a; } g(π) q[0];",
        "1",
    ),
    quantum("empty parentheses", _DEFINE, "gate g() a { x a; } g() q[0];", "1"),
    quantum(
        "`gate` from gates",
        _DEFINE,
        "gate f a { x a; } gate g a, b { f b; cx b, a; } g q[0], q[1];",
        "11",
    ),
    quantum("`gate` without body", _DEFINE, "gate g a { } x q[0]; g q[0];", "1"),
    quantum(
        "`gate` with a loop",
        _DEFINE,
        "gate g a { for int i in [1:4] { rx(pi / 4) a; } } g q[0];",
        "1",
    ),
    quantum(
        "constant in a `gate`",
        "scope: Subroutine and gate scope",
        "const float k = pi; gate g a { rx(k) a; } g q[0];",
        "1",
    ),
    quantum(
        "barrier in a `gate`",
        _DEFINE,
        "gate g a, b { x a; barrier a, b; cx a, b; } g q[0], q[1];",
        "11",
    ),
    wrong("index in a `gate`", _DEFINE, "gate g a { x a[0]; } g q[0];", "wrong_type"),
    wrong("measurement in a `gate`", _DEFINE, "gate g a { measure a; } g q[0];", "not_unitary"),
    wrong("declaration in a `gate`", _DEFINE, "gate g a { bit b; x a; } g q[0];", "not_unitary"),
    wrong("`gate` that calls itself", _DEFINE, "gate g a { g a; } g q[0];", "recursive_gate"),
    wrong("`gate` before its definition", _DEFINE, "g q[0]; gate g a { x a; }", "unknown_gate"),
)

_CTRL, _INV, _POW = ("gates: Control modifiers", "gates: Inverse modifier", "gates: Power modifier")

MODIFIERS = (
    quantum("`ctrl @`", _CTRL, "x q[0]; ctrl @ x q[0], q[1]; ctrl @ x q[2], q[3];", "0011"),
    quantum(
        "`ctrl(n) @`",
        _CTRL,
        "x q[0:1]; ctrl(2) @ x q[0], q[1], q[2]; ctrl(3) @ x q[0], q[1], q[4], q[3];",
        "00111",
    ),
    quantum(
        "`negctrl @`", _CTRL, "x q[0]; negctrl @ x q[0], q[1]; negctrl @ x q[2], q[3];", "1001"
    ),
    quantum(
        "`negctrl(n) @`, all controls 0",
        _CTRL,
        "negctrl(2) @ x q[0], q[1], q[2]; x q[4:5]; negctrl(2) @ x q[4], q[5], q[3];",
        "110100",
    ),
    quantum(
        "`ctrl @` of a gate of one's own",
        _CTRL,
        "gate g a { h a; z a; h a; } x q[0]; ctrl @ g q[0], q[1];",
        "11",
    ),
    quantum("`ctrl @` twice", _CTRL, "x q[0:1]; ctrl @ ctrl @ x q[0], q[1], q[2];", "111"),
    quantum("`ctrl @ negctrl @`", _CTRL, "x q[0]; ctrl @ negctrl @ x q[0], q[1], q[2];", "101"),
    quantum("`ctrl @` of a controlled gate", _CTRL, "x q[0:1]; ctrl @ cx q[0], q[1], q[2];", "111"),
    quantum("`ctrl @` over registers", _CTRL, "x q[0]; ctrl @ x q[0:1], q[2:3];", "0101"),
    quantum(
        "`ctrl(n)` with a constant",
        _CTRL,
        "const uint[8] n = 2; x q[0:1]; ctrl(n) @ x q[0], q[1], q[2];",
        "111",
    ),
    quantum(
        "`ctrl @ U` and a phase before it",
        _CTRL,
        "gate g a { U(pi, 0, pi) a; gphase(-pi / 2); } h q[0]; h q[1]; "
        "ctrl @ g q[0], q[1]; h q[0]; h q[1];",
        "00",
    ),
    wrong(
        "`ctrl(n)` with a variable",
        _CTRL,
        "uint[8] n = 2; ctrl(n) @ x q[0], q[1], q[2];",
        "not_constant",
    ),
    wrong("`ctrl(0)`", _CTRL, "ctrl(0) @ x q[0];", "wrong_type"),
    wrong("modifier of a measurement", _CTRL, "ctrl @ measure q[0];", "syntax_error"),
    quantum(
        "`inv @`",
        _INV,
        "h q[0]; s q[0]; inv @ s q[0]; h q[0]; sx q[1]; sx q[1]; inv @ sx q[1]; inv @ sx q[1];",
        "00",
    ),
    quantum(
        "`inv @` of `U`", _INV, "U(0.3, 0.5, 0.7) q[0]; x q[1]; inv @ U(0.3, 0.5, 0.7) q[0];", "10"
    ),
    quantum(
        "`inv @` of a gate of one's own",
        _INV,
        "gate g(v) a, b { rx(v) a; t a; cx a, b; ry(v) b; } g(0.7) q[0], q[1]; "
        "inv @ g(0.7) q[0], q[1]; x q[1];",
        "10",
    ),
    quantum(
        "`inv @ ctrl @`",
        _INV,
        "h q[0]; x q[1]; ctrl @ s q[0], q[1]; inv @ ctrl @ s q[0], q[1]; h q[0];",
        "10",
    ),
    quantum("`pow(n) @`", _POW, "pow(2) @ sx q[0]; pow(3) @ x q[1]; pow(4) @ sx q[2];", "011"),
    quantum("`pow(-n) @`", _POW, "sx q[0]; pow(-1) @ sx q[0]; pow(-2) @ sx q[1];", "10"),
    quantum("`pow(0) @`", _POW, "pow(0) @ x q[0]; x q[1];", "10"),
    quantum(
        "`pow(0.5) @`",
        _POW,
        "pow(0.5) @ x q[0]; pow(0.5) @ x q[0]; h q[1]; pow(0.5) @ z q[1]; sdg q[1]; h q[1];",
        "01",
    ),
    quantum(
        "`pow` of a gate of one's own", _POW, "gate g a { h a; t a; h a; } pow(4) @ g q[0];", "1"
    ),
    either("`pow` with a variable", _POW, "int[8] n = 2 * <m>; pow(n) @ sx q[1];", "01", "00"),
    quantum(
        "`ctrl @ pow(0.5) @`",
        _POW,
        "h q[0]; x q[1]; ctrl @ pow(0.5) @ z q[0], q[1]; sdg q[0]; h q[0];",
        "10",
    ),
    quantum(
        "chain of modifiers",
        _POW,
        "x q[0]; x q[2]; ctrl @ inv @ pow(2) @ negctrl @ sx q[0], q[1], q[2];",
        "001",
    ),
)


def _gate(name: str, code: str, expected: str | Mapping[str, float]) -> Feature:
    return quantum(f"`{name}`", f"standard_library: {name}", code, expected)


LIBRARY = (
    _gate("p", "h q[0]; p(pi / 2) q[0]; p(pi / 2) q[0]; h q[0];", "1"),
    _gate("x", "x q[0];", "1"),
    _gate("y", "h q[0]; y q[0]; h q[0]; y q[1];", "11"),
    _gate("z", "h q[0]; z q[0]; h q[0]; z q[1];", "01"),
    _gate("h", "h q[0]; p(pi) q[0]; h q[0];", "1"),
    _gate("s", "h q[0]; s q[0]; p(pi / 2) q[0]; h q[0];", "1"),
    _gate(
        "sdg",
        "h q[0]; sdg q[0]; p(-pi / 2) q[0]; h q[0]; h q[1]; sdg q[1]; p(pi / 2) q[1]; h q[1];",
        "01",
    ),
    _gate("t", "h q[0]; t q[0]; p(3 * pi / 4) q[0]; h q[0];", "1"),
    _gate(
        "tdg",
        "h q[0]; tdg q[0]; p(-3 * pi / 4) q[0]; h q[0]; h q[1]; tdg q[1]; p(pi / 4) q[1]; h q[1];",
        "01",
    ),
    _gate(
        "sx",
        "sx q[0]; sx q[0]; h q[1]; ctrl @ sx q[1], q[2]; ctrl @ sx q[1], q[2]; h q[1];",
        {"001": 0.25, "011": 0.25, "101": 0.25, "111": 0.25},
    ),
    _gate("rx", "h q[0]; rx(pi / 2) q[0]; h q[0]; rx(pi) q[1];", "10"),
    _gate("ry", "ry(pi / 2) q[0]; h q[0]; ry(pi) q[1];", "10"),
    _gate("rz", "h q[0]; rz(pi / 2) q[0]; p(pi / 2) q[0]; h q[0];", "1"),
    _gate("cx", "x q[0]; cx q[0], q[1]; cx q[2], q[3];", "0011"),
    _gate("cy", "h q[0]; x q[1]; h q[1]; s q[1]; cy q[0], q[1]; h q[0]; sdg q[1]; h q[1];", "11"),
    _gate("cz", "h q[0]; x q[1]; cz q[0], q[1]; h q[0];", "11"),
    _gate("cp", "h q[0]; x q[1]; cp(pi / 2) q[0], q[1]; p(pi / 2) q[0]; h q[0];", "11"),
    _gate("crx", "x q[0]; crx(pi) q[0], q[1]; crx(pi) q[2], q[3];", "0011"),
    _gate("cry", "x q[0]; cry(pi / 2) q[0], q[1]; h q[1]; cry(pi) q[2], q[3]; x q[1];", "0011"),
    _gate("crz", "h q[0]; crz(pi) q[0], q[1]; s q[0]; h q[0];", "00"),
    _gate("ch", "x q[0]; ch q[0], q[1]; z q[1]; h q[1]; ch q[2], q[3];", "0011"),
    _gate(
        "cu",
        "h q[0]; x q[1]; cu(0, pi / 4, pi / 4, pi / 2) q[0], q[1]; h q[0]; x q[2]; "
        "cu(pi, 0, pi, 0) q[2], q[3];",
        "1111",
    ),
    _gate("swap", "x q[0]; swap q[0], q[1];", "10"),
    _gate("ccx", "x q[0:1]; ccx q[0], q[1], q[2]; ccx q[0], q[4], q[3];", "00111"),
    _gate("cswap", "x q[0]; x q[1]; cswap q[0], q[1], q[2]; cswap q[3], q[2], q[4];", "00101"),
    _gate("CX", "x q[0]; CX q[0], q[1];", "11"),
    _gate("phase", "h q[0]; phase(pi) q[0]; h q[0];", "1"),
    _gate("cphase", "h q[0]; x q[1]; cphase(pi) q[0], q[1]; h q[0];", "11"),
    _gate("id", "x q[0]; id q[0]; id q[1];", "01"),
    _gate("u1", "h q[0]; u1(pi / 2) q[0]; s q[0]; h q[0];", "1"),
    _gate("u2", "u2(0, pi) q[0]; z q[0]; h q[0];", "1"),
    _gate("u3", "u3(pi / 2, 0, pi) q[0]; z q[0]; h q[0]; u3(pi, 0, pi) q[1];", "11"),
    quantum(
        "`u3` has the phase of the specification",
        "standard_library: u3",
        "h q[0]; x q[1]; ctrl @ u3(0, 0, pi) q[0], q[1]; sdg q[0]; h q[0];",
        "10",
    ),
)

_MEASURE, _RESET = "insts: Measurement", "insts: Initialization"

MEASUREMENTS = (
    quantum("`c = measure q;`", _MEASURE, "x q[0]; c = measure q;", "01"),
    quantum("`measure q -> c;`", _MEASURE, "x q[0]; measure q -> c;", "01"),
    quantum(
        "measurement of one qubit", _MEASURE, "x q[0]; c[1] = measure q[0]; if (c[1]) x q[1];", "11"
    ),
    whole(
        "measurement in a declaration",
        _MEASURE,
        HEAD + "qubit[2] q; x q[1]; bit[2] c = measure q; if (c[1]) x q[0]; c = measure q;",
        "11",
    ),
    quantum(
        "measurement without target",
        _MEASURE,
        "h q[0]; measure q[0]; h q[0];",
        {"0": 0.5, "1": 0.5},
    ),
    quantum(
        "measurement of a slice",
        _MEASURE,
        "x q[1]; c[1:2] = measure q[0:1]; if (c[2]) x q[2];",
        "110",
    ),
    quantum(
        "measurement in the middle",
        _MEASURE,
        "h q[0]; c[0] = measure q[0]; if (c[0]) x q[0]; x q[1]; c[1] = measure q[1]; "
        "if (c[1]) x q[0];",
        "11",
    ),
    quantum(
        "measurement collapses",
        _MEASURE,
        "h q[0]; c[0] = measure q[0]; cx q[0], q[1]; if (c[0]) x q[1]; h q[0]; h q[0];",
        {"00": 0.5, "01": 0.5},
    ),
    wrong("registers that differ in size", _MEASURE, "bit[2] b; b = measure q;", "size_mismatch"),
    wrong("measurement of a bit", _MEASURE, "bit b; c[0] = measure b;", "wrong_type"),
    quantum("`reset` of a qubit", _RESET, "x q; reset q[0];", "10"),
    quantum("`reset` of a register", _RESET, "h q; reset q; x q[1];", "10"),
)
