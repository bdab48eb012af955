"""Features: program text, qubits, types, constants, literals."""

from tests.openqasm.features.feature import (
    HEAD,
    classical,
    constant,
    either,
    quantum,
    unsaid,
    whole,
    wrong,
)

LEXICAL = (
    whole(
        "version 3.0",
        "comments: Version string",
        HEAD + "qubit q; bit[1] c; x q; c[0] = measure q;",
        "1",
    ),
    whole(
        "version 3.1",
        "comments: Version string",
        HEAD.replace("3.0", "3.1") + "qubit q; bit[1] c; x q; c[0] = measure q;",
        "1",
    ),
    whole(
        "version 3",
        "comments: Version string",
        HEAD.replace("3.0", "3") + "qubit q; bit[1] c; x q; c[0] = measure q;",
        "1",
    ),
    whole(
        "no version",
        "comments: Version string",
        "bit[1] c; qubit q; U(pi, 0, pi) q; c[0] = measure q;",
        "1",
    ),
    wrong("a second version", "comments: Version string", "OPENQASM 3.0;", "syntax_error"),
    quantum("line comment", "comments: Comments", "x q[0]; // x q[1];", "01"),
    quantum("block comment", "comments: Comments", "x q[0]; /* x q[0];\nx q[1]; */ x q[1];", "11"),
    quantum(
        "names with letters of other scripts",
        "types: Identifiers",
        "gate ψ_1 a { x a; } ψ_1 q[1];",
        "10",
    ),
    wrong("a keyword as a name", "types: Identifiers", "int[8] while = 1;", "syntax_error"),
)

QUANTUM = (
    whole("`qubit q;`", "types: Qubits", HEAD + "qubit q; bit[1] c; x q; c[0] = measure q;", "1"),
    quantum("`qubit[n] q;`", "types: Qubits", "x q[1];", "010"),
    whole(
        "`qreg q[n];`, `creg c[n];`",
        "types: Qubits",
        HEAD + "qreg q[2]; creg c[2]; x q[1]; c = measure q;",
        "10",
    ),
    whole(
        "constant as size",
        "types: Qubits",
        HEAD + "const uint[8] n = 2; qubit[n] q; bit[n] c; x q[n - 1]; c = measure q;",
        "10",
    ),
    wrong(
        "variable as size",
        "types: Compile-time constants",
        "uint[8] n = 2; qubit[n] r;",
        "not_constant",
    ),
    wrong("qubit out of range", "types: Qubits", "x q[3];", "index_out_of_range"),
    either("index of a qubit that is a variable", "types: Qubits", "x q[1 + <m>];", "10", "01"),
    whole(
        "physical qubits",
        "types: Physical qubits",
        HEAD + "bit[2] c; x $1; c[0] = measure $0; c[1] = measure $1;",
        "10",
    ),
    unsaid(
        whole(
            "physical beside declared qubits",
            "types: Physical qubits",
            HEAD + "qubit q; bit[2] c; x $0; c[0] = measure $0; c[1] = measure q;",
            "01",
        )
    ),
    quantum("register of no qubits", "types: Qubits", "qubit[0] none; x q[0];", "01"),
)

SCALARS = (
    classical("`bit b;`", "types: Classical bits and registers", "bit b; b = <b>;", "b", "!b"),
    classical(
        "`bit[n] b;`",
        "types: Classical bits and registers",
        "bit[2] b; b[1] = <b>; b[0] = !b[1];",
        "b[1]",
        "b[0]",
    ),
    constant(
        "bit string, lowest bit on the right",
        "types: Classical bits and registers",
        'bit[3] b = "011";',
        "b[0]",
        "b[1]",
        "!b[2]",
    ),
    classical(
        "compare a register with a bit string",
        "types: Classical bits and registers",
        'bit[2] b = "00"; b[1] = <b>;',
        'b == "10"',
        'b == "00"',
    ),
    classical("`bool`", "types: Boolean types", "bool ok = <b>;", "ok", "ok == false"),
    classical("`int[n]`", "types: Integers", "int[16] i = 299 + <m>;", "i == 300", "i == 299"),
    classical("`int` without size", "types: Integers", "int i = -5 * <m>;", "i == -5", "i == 0"),
    classical("`uint[n]`", "types: Integers", "uint[4] i = 14 + <m>;", "i == 15", "i == 14"),
    classical("`uint` without size", "types: Integers", "uint i = 4 + <m>;", "i == 5", "i == 4"),
    classical(
        "`int[n]` wraps", "classical: Integers", "int[8] i = 127; i += <m>;", "i < 0", "i == 127"
    ),
    classical(
        "`uint[n]` wraps", "classical: Integers", "uint[4] i = 15; i += <m>;", "i == 0", "i == 15"
    ),
    classical(
        "`float`", "types: Floating-point numbers", "float f = 0.5 + <m>;", "f == 1.5", "f == 0.5"
    ),
    classical(
        "`float[64]`",
        "types: Floating-point numbers",
        "float[64] f = 0.5 * <m>;",
        "f == 0.5",
        "f == 0.0",
    ),
    classical(
        "`float[32]` rounds",
        "types: Floating-point numbers",
        "float[32] f = 16777216.0; f = f + <m>; float[64] g = 16777216.0; g = g + <m>; "
        "float[64] d = g - f;",
        "d == 1.0",
        "d == 0.0",
    ),
    classical(
        "`angle[n]`",
        "types: Angles",
        "angle[4] a = pi / 2; if (<b>) a = pi;",
        "a == pi",
        "a == pi / 2",
    ),
    classical(
        "`angle` without size",
        "types: Angles",
        "angle a = 0.0; if (<b>) a = pi;",
        "a == pi",
        "a == 0.0",
    ),
    constant(
        "angles wrap at 2π",
        "types: Angles",
        "angle[8] a = 5 * pi / 2; angle[8] b = pi / 2; angle[8] d = -pi / 2; "
        "angle[8] e = 3 * pi / 2;",
        "a == b",
        "d == e",
    ),
    constant(
        "angles have bits",
        "types: Angles",
        "angle[4] a = pi; angle[4] b = pi / 2;",
        "a[3]",
        "b[2]",
        "!b[3]",
    ),
    quantum(
        "angle as a gate's argument",
        "types: Angles",
        "angle[16] a = pi; ry(a) q[0]; angle[16] b = 3 * pi; ry(b) q[1];",
        "11",
    ),
    classical(
        "`complex[float[64]]`",
        "types: Complex numbers",
        "complex[float[64]] w = 1.0 + 2.0im; if (<b>) w = 3.0im;",
        "real(w) == 0.0",
        "imag(w) == 2.0",
    ),
    classical(
        "`complex`",
        "types: Complex numbers",
        "complex w = 2im; if (<b>) w = 1.0 + 0im;",
        "w == 1.0 + 0im",
        "w == 2im",
    ),
    wrong(
        "several variables in one declaration", "types: Variables", "int[8] a, b;", "syntax_error"
    ),
    wrong("size of no bits", "types: Integers", "int[0] i;", "wrong_type"),
)

CONSTANTS = (
    constant(
        "`const` numbers and `bool`",
        "types: Compile-time constants",
        "const int[8] i = 5; const uint u = 6; const float[64] f = 0.5; const bool ok = true;",
        "i == 5",
        "u == 6",
        "f == 0.5",
        "ok",
    ),
    constant(
        "`const bit[n]`, `const angle`",
        "types: Compile-time constants",
        'const bit[2] b = "10"; const angle[8] a = pi;',
        "b[1]",
        "!b[0]",
        "a == pi",
    ),
    constant(
        "`const` from constants",
        "types: Compile-time constants",
        "const uint[8] u = 3; const int[16] i = 2 * u + 1; const float f = i;",
        "i == 7",
        "f / 2 == 3.5",
    ),
    constant(
        "bits of constants",
        "types: Compile-time constants",
        "const uint[8] u = 10; const bit b = u[1]; const bit[4] d = u[0:3];",
        "b",
        "!d[0]",
        "d[3]",
    ),
    wrong(
        "assignment to a constant",
        "types: Compile-time constants",
        "const int[8] i = 1; i = 2;",
        "read_only",
    ),
    wrong(
        "`const` from a variable",
        "types: Compile-time constants",
        "int[8] i = 1; const int[8] j = i;",
        "not_constant",
    ),
    wrong(
        "`const` from a measurement",
        "types: Compile-time constants",
        "const bit b = measure q[0];",
        "syntax_error",
    ),
    wrong(
        "`const` without value", "types: Compile-time constants", "const int[8] i;", "syntax_error"
    ),
    quantum(
        "`pi`, `tau`, `euler`",
        "types: Built-in constants",
        "rx(pi) q[0]; rx(tau / 2) q[1]; rx(euler * pi / 2.718281828459045) q[2];",
        "111",
    ),
    quantum(
        "`π`, `τ`, `ℇ`",
        "types: Built-in constants",
        "rx(π) q[0]; rx(τ / 2) q[1]; rx(ℇ * π / 2.718281828459045) q[2];",
        "111",
    ),
)

LITERALS = (
    constant(
        "binary, octal, hexadecimal",
        "types: Literals",
        "int[16] a = 0b101; int[16] b = 0o17; int[32] d = 0xBe_eF;",
        "a == 5",
        "b == 15",
        "d == 48879",
    ),
    constant(
        "upper-case prefixes",
        "types: Literals",
        "int[16] a = 0B101; int[32] d = 0XFF;",
        "a == 5",
        "d == 255",
    ),
    constant(
        "underscores in numbers",
        "types: Literals",
        "int[32] a = 1_000_000;",
        "a == 1000000",
        "a + 1 == 1_000_001",
    ),
    constant(
        "forms of floats",
        "types: Literals",
        "float a = .5; float b = 2.; float d = 2e1; float e = 5.0E-1;",
        "a == e",
        "b == 4 * a",
        "d == 20.0",
    ),
    constant(
        "underscores in bit strings",
        "types: Literals",
        'bit[4] b = "10_01";',
        "b[0]",
        "!b[1]",
        "b[3]",
    ),
    constant("`true`, `false`", "types: Literals", "bool ok = true; bool f = false;", "ok", "!f"),
    constant(
        "imaginary literals",
        "types: Complex numbers",
        "complex[float[64]] w = 2.5 im;",
        "imag(w) == 2.5",
        "real(w) == 0.0",
    ),
)
