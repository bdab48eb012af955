"""Features: scopes, subroutines."""

from tests.openqasm.features.feature import (
    HEAD,
    classical,
    constant,
    either,
    impossible,
    quantum,
    whole,
    wrong,
)

_BLOCK, _SUB = "scope: Block scope", "scope: Subroutine and gate scope"
SCOPES = (
    classical(
        "block of its own",
        _BLOCK,
        "int[8] i = 3; { i += <m>; int[8] i = 9; i += 1; } i *= 2;",
        "i == 8",
        "i == 6",
    ),
    classical(
        "name hidden in a branch",
        _BLOCK,
        "int[8] i = 3 + <m>; if (true) { float i = 0.5; i += 1; } else { int[8] i = 7; }",
        "i == 4",
        "i == 3",
    ),
    classical(
        "name hidden by a loop variable",
        _BLOCK,
        "int[8] i = 3 + <m>; for int[8] i in [0:1] { i += 1; }",
        "i == 4",
        "i == 3",
    ),
    quantum(
        "alias in a block",
        _BLOCK,
        "let r = q[0:1]; if (true) { let r = q[2:3]; x r[0]; } x r[1];",
        "0110",
    ),
    constant(
        "constant within a subroutine",
        _SUB,
        "const int[8] k = 4; def f(int[8] a) -> int[8] { return a + k; }",
        "f(3) == 7",
    ),
    classical(
        "parameter that hides a constant",
        _SUB,
        "const int[8] k = 4; def f(int[8] k) -> int[8] { k += 1; return k; } "
        "int[8] i = f(<m>) + k;",
        "i == 6",
        "i == 5",
    ),
    wrong(
        "variable within a subroutine",
        _SUB,
        "int[8] k = 4; def f() -> int[8] { return k; } int[8] i = f();",
        "undeclared_name",
    ),
    wrong("qubit within a gate", _SUB, "qubit r; gate g a { cx a, r; } g q[1];", "undeclared_name"),
    wrong("name after its block", _BLOCK, "if (true) { int[8] i = 1; } i = 2;", "undeclared_name"),
    wrong(
        "name declared twice",
        "scope: Global scope",
        "int[8] i = 1; int[8] i = 2;",
        "redeclared_name",
    ),
    wrong(
        "name before its declaration", "scope: Global scope", "i = 1; int[8] i;", "undeclared_name"
    ),
    wrong(
        "gate's name as a variable",
        "scope: Global scope",
        "gate g a { x a; } int[8] g = 1;",
        "redeclared_name",
    ),
    wrong("qubits in a block", _BLOCK, "if (true) { qubit r; }", "not_global"),
    wrong("array in a block", _BLOCK, "if (true) { array[int[8], 2] a; }", "not_global"),
    wrong(
        "gate in a block", "scope: Global scope", "if (true) { gate g a { x a; } }", "not_global"
    ),
    wrong(
        "subroutine in a block", "scope: Global scope", "if (true) { def f() { } }", "not_global"
    ),
)

_DEF, _ARRAYS = "subroutines: Subroutines", "subroutines: Arrays in subroutines"
SUBROUTINES = (
    quantum("qubit as parameter", _DEF, "def f(qubit a) { x a; } f(q[1]);", "10"),
    quantum(
        "register as parameter",
        _DEF,
        "def f(qubit[2] a, qubit b) { x a[0]; cx a[0], b; } f(q[1:2], q[0]);",
        "011",
    ),
    either(
        "classical parameter, by value",
        _DEF,
        "def f(int[8] k, qubit[3] r) { k += 1; x r[k]; } int[8] i = <m>; f(i, q); "
        "if (i == 2) x q[1];",
        "10",
        "01",
    ),
    classical(
        "value returned",
        _DEF,
        "def f(int[8] a, int[8] b) -> int[8] { return a * b + 1; } int[8] i = f(3, 1 + <m>);",
        "i == 7",
        "i == 4",
    ),
    classical(
        "call within an expression",
        _DEF,
        "def f(int[8] a) -> int[8] { return 2 * a; } int[8] i = 1 + f(f(<m>));",
        "i == 5",
        "i == 1",
    ),
    classical(
        "return early",
        _DEF,
        "def f(int[8] a) -> int[8] { if (a == 1) { return 7; } return 8; } int[8] i = f(<m>);",
        "i == 7",
        "i == 8",
    ),
    either(
        "return of nothing",
        _DEF,
        "def f(bool ok, qubit a) { if (ok) { return; } x a; } f(<b>, q[1]);",
        "00",
        "01",
    ),
    classical(
        "register of bits as parameter",
        _DEF,
        "def f(bit[3] a) -> bit { bit r = 0; for int i in [0:2] { r ^= a[i]; } "
        'return r; } bit[3] b = "011"; b[2] = <b>; bit r = f(b);',
        "r",
        "!r",
    ),
    classical(
        "float, angle, bool as parameters",
        _DEF,
        "def f(float a, angle[8] b, bool ok) -> bool { return ok && a > 0.25 && b == "
        "pi; } bool ok = f(0.5, pi, <b>);",
        "ok",
        "!ok",
    ),
    classical(
        "register of bits returned",
        _DEF,
        "def f(bool ok) -> bit[2] { bit[2] r; r[1] = ok; return r; } bit[2] b = f(<b>);",
        "b[1]",
        "!b[1]",
    ),
    quantum(
        "measurement returned",
        _DEF,
        "def f(qubit a) -> bit { x a; return measure a; } c[0] = f(q[0]); if (c[0]) x q[1];",
        "11",
    ),
    classical(
        "recursion",
        _SUB,
        "def f(int[16] n) -> int[16] { if (n <= 1) { return 1; } return n * f(n - 1); "
        "} int[16] i = f(4 + <m>);",
        "i == 120",
        "i == 24",
    ),
    classical(
        "one calls another",
        _DEF,
        "def g(int[8] a) -> int[8] { return a + 1; } "
        "def f(int[8] a) -> int[8] { return g(a) * 2; } int[8] i = f(<m>);",
        "i == 4",
        "i == 2",
    ),
    quantum(
        "gate and loop within",
        _DEF,
        "def f(qubit[3] a) { for int i in [0:2:2] { x a[i]; } } f(q);",
        "101",
    ),
    quantum("alias within", _SUB, "def f(qubit[3] a) { let r = a[1:2]; x r[1]; } f(q);", "100"),
    whole(
        "physical qubit within",
        _SUB,
        HEAD + "bit[1] c; def f() { x $0; } f(); c[0] = measure $0;",
        "1",
    ),
    quantum(
        "call in a gate's argument",
        _DEF,
        "def f(int[8] a) -> float { return a * pi / 2; } rx(f(2)) q[0];",
        "1",
    ),
    classical(
        "`readonly` array",
        _ARRAYS,
        "def f(readonly array[int[8], 3] a) -> int[8] { return a[0] + a[2]; } "
        "array[int[8], 3] b = {1, 2, 3}; b[0] += <m>; int[8] i = f(b);",
        "i == 5",
        "i == 4",
    ),
    classical(
        "`mutable` array",
        _ARRAYS,
        "def f(mutable array[int[8], 3] a, int[8] k) { a[1] = k; } "
        "array[int[8], 3] b = {1, 2, 3}; f(b, 8 + <m>);",
        "b[1] == 9",
        "b[1] == 8",
    ),
    classical(
        "`#dim`",
        _ARRAYS,
        "def f(readonly array[int[8], #dim = 1] a) -> int[8] { int[8] n = 0; "
        "for int[8] i in a { n += i; } return n; } array[int[8], 3] b = {1, 2, 3}; "
        "b[2] += <m>; int[8] i = f(b);",
        "i == 7",
        "i == 6",
    ),
    classical(
        "slice passed by reference",
        _ARRAYS,
        "def f(mutable array[int[8], #dim = 1] a, int[8] k) { a[1] = k; } "
        "array[int[8], 4] b = {1, 2, 3, 4}; f(b[1:2], 8 + <m>);",
        "b[2] == 9",
        "b[2] == 8",
    ),
    constant(
        "`sizeof`",
        _ARRAYS,
        "array[int[8], 2, 3] a;",
        "sizeof(a) == 2",
        "sizeof(a, 1) == 3",
        "sizeof(a[0]) == 3",
    ),
    constant(
        "`sizeof` of a parameter",
        _ARRAYS,
        "def f(readonly array[int[8], #dim = 2] a) -> uint[8] { return 10 * sizeof(a, "
        "0) + sizeof(a, 1); } array[int[8], 2, 3] b;",
        "f(b) == 23",
    ),
    wrong(
        "a qubit passed twice",
        _DEF,
        "def f(qubit a, qubit b) { cx a, b; } f(q[0], q[0]);",
        "duplicate_qubit",
    ),
    wrong(
        "assignment to a `readonly` array",
        _ARRAYS,
        "def f(readonly array[int[8], 2] a) { a[0] = 1; } array[int[8], 2] b; f(b);",
        "read_only",
    ),
    wrong("too few arguments", _DEF, "def f(int[8] a, qubit b) { x b; } f(q[0]);", "wrong_arity"),
    wrong(
        "call before its definition",
        "scope: Scoping of variables",
        "f(q[0]); def f(qubit a) { x a; }",
        "undeclared_name",
    ),
    wrong("qubits declared within", _DEF, "def f() { qubit r; x r; } f();", "not_global"),
    wrong(
        "array declared within",
        "types: Arrays",
        "def f() { array[int[8], 2] a; } f();",
        "not_global",
    ),
    quantum(
        "`extern` that is not called",
        "classical: Extern function calls",
        "extern f(int[8], float) -> bit; x q[0];",
        "1",
    ),
    impossible(
        "`extern` that is called",
        "classical: Extern function calls",
        "extern f(int[8]) -> bit; bit b = f(3);",
    ),
)
