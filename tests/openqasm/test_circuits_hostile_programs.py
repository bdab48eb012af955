"""Hostile programs, run in a child process with limits, as the service runs them.

Each ends with a result, or with a code and a line; none may exceed its limits, or end the child
process.
"""

from collections.abc import Iterator

import pytest

from quantumtask.shared.settings import Settings
from tests.support.killable_child import RAN, Child, check
from tests.support.sizes import FULL, sized

HEAD = 'include "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
MEASURED = HEAD + "h q[0]; c[0] = measure q[0];\n"


def lines(count: int, line: str) -> str:
    return "".join(line.replace("#", str(k)).replace("@", str(k - 1)) for k in range(1, count + 1))


def doubled(levels: int) -> str:
    """Return the definition of a gate with 2**levels operations."""
    return (
        "gate g0 a { x a; }\n" + lines(levels, "gate g# a { g@ a; g@ a; }\n") + f"g{levels} q[0];"
    )


def under_controls(count: int) -> str:
    """Return definitions of gates, each with one more control than the one before."""
    text = f'include "stdgates.inc";\nqubit[{count + 1}] q;\ngate g0 a {{ x a; }}\n'
    for k in range(1, count + 1):
        others = ", ".join(f"b{i}" for i in range(k - 1))
        own = f"a, {others}" if others else "a"
        text += f"gate g{k} {own}, b{k - 1} {{ ctrl @ g{k - 1} {own}, b{k - 1}; }}\n".replace(
            f"g{k - 1} {own}, b{k - 1};", f"g{k - 1} b{k - 1}, {own};"
        )
    return text + f"g{count} " + ", ".join(f"q[{k}]" for k in range(count + 1)) + ";"


FIB = "def fib(int n) -> int { bit[#] b; if (n < 2) return n; return fib(n - 1) + fib(n - 2); }\n"
FILL = """def f(mutable array[int[8], #dim = 1] b, int n) -> int {
b[n] = 1; if (n == 0) return 0; return f(b, n - 1); }
"""
TWICE = "def f0(int a) -> int { return a; }\n"

MANY = sized(30_000, 150_000)

PROGRAMS = {
    # loops
    "loops of 10**27 rounds": (
        HEAD
        + "for int i in [0:10**9] { for int j in [0:10**9] { for int k in [0:10**9] x q[0]; } }",
        "too_many_steps",
    ),
    "the longest range": (HEAD + "for int i in [1 - 2**62:2**62 - 1] { }", "too_many_steps"),
    "a range that is too long": (HEAD + "for int i in [-2**62:2**62] { }", "number_too_large"),
    "10**9 rounds over floats": (HEAD + "for float f in [0:10**9] { }", "too_many_steps"),
    "a range without a step": (HEAD + "for int i in [0:0:10] { }", "wrong_type"),
    "a loop over many numbers": (
        HEAD + "for int i in {" + ",".join(map(str, range(MANY))) + "} x q[0];", RAN,
    ),
    "an endless loop": (HEAD + "while (true) { }", "too_many_steps"),
    "an endless loop that measures": (
        MEASURED + "while (true) { h q[0]; c[0] = measure q[0]; if (c[0]) x q[1]; }",
        "too_many_steps",
    ),
    "a loop that ends in its first round": (HEAD + "while (true) { end; }", RAN),
    "a loop in a gate": (
        HEAD + "gate g a { for int i in [0:10**9] x a; }\ng q[0];", "too_many_operations",
    ),
    "nested loops of nothing in a gate": (
        HEAD + "gate g a { for int i in [0:99999] { for int j in [0:99999] { } } }\ng q[0];",
        "too_many_operations",
    ),
    "many measurements": (HEAD + f"for int i in [1:{MANY}] c[0] = measure q[0];", RAN),
    "many resets": (HEAD + f"for int i in [1:{MANY}] reset q[0];", RAN),
    "a switch of 20,000 cases": (
        HEAD + "int i = 3; switch (i) {" + lines(20_000, "case # { x q[0]; }\n") + "}", RAN,
    ),
    "a case of 100,000 numbers": (
        HEAD + "switch (3) { case " + ",".join(map(str, range(100_000))) + " { x q[0]; } }", RAN,
    ),
    "a case twice, of 1,000 digits": (
        HEAD + f"switch (3) {{ case {'9' * 1000} {{ }} case {'9' * 1000} {{ }} }}",
        "duplicate_label",
    ),
    # subroutines
    "fib(40)": (HEAD + FIB.replace("#", "1") + "int i = fib(40);", "too_many_steps"),
    "fib(40) with much to save": (
        HEAD + FIB.replace("#", "90000") + "int i = fib(40);", "too_many_steps",
    ),
    "endless recursion": (
        HEAD + "def f(int n) -> int { return f(n + 1); }\nint i = f(1);", "nesting_too_deep",
    ),
    "recursion in an argument": (
        HEAD + "def f(int n) -> int { return f(f(n - 1)); }\nint i = f(1);", "nesting_too_deep",
    ),
    "recursion after a measurement": (
        MEASURED + "def f(int n) -> int { return f(n + 1); }\nif (c[0]) { int i = f(1); }",
        "nesting_too_deep",
    ),
    "a tree of 2**50 calls": (
        HEAD + TWICE + lines(50, "def f#(int a) -> int { return f@(a) + f@(a); }\n")
        + "int i = f50(1);",
        "too_many_steps",
    ),
    "calls 10,000 deep": (
        HEAD + TWICE + lines(10_000, "def f#(int a) -> int { return f@(a) + 1; }\n")
        + "int i = f10000(1);",
        "nesting_too_deep",
    ),
    "10,000 subroutines": (
        HEAD + lines(10_000, "def f#(int a) -> int { return a; }\n") + "int i = f10000(1);", RAN,
    ),
    "a call in a call, ninety times": (
        HEAD + f"def f(int a) -> int {{ return a; }}\nint i = {'f(' * 90}1{')' * 90};", RAN,
    ),
    "an array that is passed down": (
        "array[int[8], 50000] a;\n" + FILL + "int i = f(a, 150);", RAN,
    ),
    # memory
    "an array of 10**18": ("array[int[8], 1000000000, 1000000000] a;", "too_many_elements"),
    "an array of 2**20000": (
        "array[int[8], " + ", ".join(["2**4000"] * 5) + "] a;", "too_many_elements",
    ),
    "an array of eight dimensions": ("array[int, 2, 2, 2, 2, 2, 2, 2, 2] a;", "wrong_type"),
    "an array of -1": ("array[int, -1] a;", "wrong_type"),
    "three arrays that are each small enough": (
        lines(3, "array[int, 90000] a#;\n"), "too_many_elements",
    ),
    "60,000 variables": (lines(60_000, "int a#;\n"), RAN),
    "arrays that are copied": (
        "array[int[8], 50000] a; array[int[8], 50000] b; for int i in [0:99999] a = b;",
        "too_many_steps",
    ),
    "arrays that are sliced": (
        "array[int[8], 99, 99, 5] a; for int i in [0:99999] a[0:98, 0:98] = a[0:98, 0:98];",
        "too_many_steps",
    ),
    "arrays joined again and again": (
        "array[int[8], 90000] a; array[int[8], 180000] b = a ++ a;", "too_many_elements",
    ),
    "bits joined again and again": (
        "bit[90000] a; let b = a ++ a; let d = b ++ b;", "duplicate_qubit",
    ),
    "100,000 bits compared": ("bit[100000] c; bool b = c == 5; b = c == c;", RAN),
    "100,000 bits turned": ("bit[100000] c; c = rotl(c, 99999); c = c << 10**9; c = ~c;", RAN),
    "3,000 aliases of 10,000 qubits": (
        "qubit[5000] q; qubit[5000] r;\n" + lines(3_000, "let a# = q ++ r;\n"), "too_many_elements",
    ),
    "aliases of aliases": (
        "qubit[2] q;\nlet a0 = q;\n" + lines(30_000, "let a# = a@;\n") + "U(1, 2, 3) a30000;", RAN,
    ),
    "an alias of a qubit 100,000 times": (
        HEAD + "let a = q[{" + ",".join(["0"] * 100_000) + "}]; x a;", "duplicate_qubit",
    ),
    "a register that is measured 1,000 times at once": (
        "qubit[10000] q; bit[10000] c;\n" + "c = measure q;\n" * 1000, "too_many_operations",
    ),
    "a register that is turned 1,000 times": (
        'include "stdgates.inc"; qubit[10000] q;\n' + "h q;\n" * 1000, "too_many_operations",
    ),
    "outputs of 10**11 numbers": (
        "output array[int[8], 100000] a; qubit q;", "result_too_large",
    ),
    # numbers
    "a power of 4,000 bits": (
        HEAD + "int[4096] a = 3; int[4096] b = 1; b = (b << 4000) - 1; a = a ** b;",
        "number_too_large",
    ),
    "powers of 4,000 bits, again and again": (
        HEAD + "int[4096] a = 3; int[4096] b = 1; b = (b << 4000) - 1;\n"
        "for int i in [0:99999] a = a ** b;",
        "number_too_large",
    ),
    "squares of 4,096 bits": (
        HEAD + f"int[4096] a = 3; for int i in [0:{MANY // 3}] a = a * a + 1;", RAN,
    ),
    "a shift by 2**4000": (
        HEAD + "int[4096] b = 1; b = b << 4000; int[64] a = 1; a = a << b; a = a >> b; c = c << b;",
        RAN,
    ),
    "a shift by -1": (HEAD + "int a = 1; a = a << -1;", "not_finite"),
    "a turn by 2**4000": (
        HEAD + "int[4096] b = 1; b = b << 4000; uint[64] a = 1; a = rotl(a, b); c = rotr(c, b);",
        RAN,
    ),
    "a turn of nothing": ("bit[0] a; a = rotl(a, 3);", None),
    "1,000 digits as an index": (HEAD + f"x q[{'9' * 1000}];", "index_out_of_range"),
    "4,000 hexadecimal digits": (HEAD + f"int a = 0x{'f' * 4000};", None),
    "a float without an end": (HEAD + "float f = 1e308; f = f * 10; int i = int(f);", None),
    "what is no number, cast": (HEAD + "float f = log(-1.0); int i = int(f);", "not_finite"),
    "what is no number as an argument": (HEAD + "float f = log(-1.0); rx(f) q[0];", "not_finite"),
    "what is no number in a loop": (
        HEAD + "array[float, 1] a; a[0] = log(-1.0); for int i in a x q[0];", "not_finite",
    ),
    "what is no number as a power": (HEAD + "float f = log(-1.0); pow(f) @ x q[0];", "not_finite"),
    "a power without an end": (
        HEAD + "float f = 1e308; f = f * 10; pow(f) @ x q[0];", "not_finite",
    ),
    "powers of powers": (MEASURED + f"float a = 1.0; a = {'a**' * 400}a; rx(a) q[0];", None),
    "minus of minus": (MEASURED + f"int a = c[0]; a = {'-' * 400}a; if (a == 1) x q[1];", None),
    "a sum of measured bits": (
        MEASURED + f"int a = c[0]; uint[8] b; b = {'a + b + ' * 240}a; if (b == 1) x q[1];", RAN,
    ),
    "casts of casts": (HEAD + f"int a = 1; float f = {'int(float(' * 45}a{'))' * 45};", RAN),
    # gates
    "2**19 operations": (HEAD + doubled(17), RAN),
    "2**20 operations": (HEAD + doubled(20), "too_many_operations"),
    "a power that is a parameter": (
        HEAD + "gate g(a) b { pow(a) @ x b; }\ng(1000000000) q[0];", "too_many_operations",
    ),
    "a power of 10**300 that is a parameter": (
        HEAD + "gate g(a) b { pow(a) @ x b; }\nfloat f = 1e300; g(f) q[0];", "too_many_operations",
    ),
    "roots of roots": (
        HEAD + "gate g0 a { x a; }\n" + lines(30, "gate g# a { inv pow(0.5) g@ a; }\n")
        .replace("inv pow(0.5)", "pow(0.5) @") + "g30 q[0];",
        RAN,
    ),
    "10,000 roots of a large gate": (
        HEAD + "gate g a, b, d, e { " + "cx a, b; cx b, d; cx d, e; rx(0.3) a; " * 60 + "}\n"
        "qubit[4] r; for int i in [1:10000] pow(0.5) @ g r[0], r[1], r[2], r[3];",
        "too_many_operations",
    ),
    "sixty controls, one in each definition": (under_controls(60), None),
    "a gate under 32 controls, 10,000 times": (
        'include "stdgates.inc"; qubit[33] q; for int i in [1:10000] ctrl(32) @ U(1, 2, 3) '
        + ", ".join(f"q[{k}]" for k in range(33)) + ";",
        "too_many_operations",
    ),
    "a gate on a register of nothing": ("qubit[0] q; U(1, 2, 3) q;", RAN),
    # texts
    "indices of indices": (HEAD + "x q" + "[0]" * 300_000 + ";", None),
    "indices of indices of a value": (HEAD + "int i = c" + "[0]" * 300_000 + ";", None),
    "a pragma that hides what is deep": (
        HEAD + "pragma /*\nrx(" + "(" * 300_000 + ") q[0];\n// */", "nesting_too_deep",
    ),
    "an annotation that hides what is deep": (
        HEAD + "@a /*\nrx(" + "(" * 300_000 + ") q[0];\n// */", "nesting_too_deep",
    ),
    "many annotations": (HEAD + "@a\n" * MANY + "x q[0];", RAN),
    "140,000 modifiers": (HEAD + "ctrl @ " * 140_000 + "x q[0];", "nesting_too_deep"),
    "100,000 unknown names": (HEAD + lines(50_000, "x a#;\n"), "undeclared_name"),
    "100,000 declarations of a name": ("int a;\n" * 100_000, "redeclared_name"),
    "a string of a million": (f'bit[4] c = "{"1" * 1_000_000}";', "number_too_large"),
    "digits that are not ASCII": ("qubit[\u0663] q;", "syntax_error"),
    "names that look alike": ("qubit \u0430; qubit a; U(1, 2, 3) \u0430; U(1, 2, 3) a;", RAN),
    "line ends that are none": ("qubit q; // \u2028\u0085 U(1, 2, 3) r;\nU(1, 2, 3) q;", RAN),
    "a comment that does not end": (HEAD + "x q[0]; /* x q[1];", "syntax_error"),
    "a block that does not end": (HEAD + "if (true) { x q[0];", "syntax_error"),
    "a string that does not end": (HEAD + 'c = "01;', "syntax_error"),
    "a calibration that does not end": (HEAD + "cal { x q[0];", None),
}  # fmt: skip

DEAR = (
    "loops of 10**27 rounds",
    "an endless loop that measures",
    "nested loops of nothing in a gate",
    "fib(40)",
    "a tree of 2**50 calls",
    "arrays that are copied",
    "arrays that are sliced",
    "a register that is measured 1,000 times at once",
    "2**19 operations",
    "an annotation that hides what is deep",
)
"""Programs that run up to a limit that others reach sooner: at full size alone."""


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.stop()


@pytest.mark.parametrize("name", [name for name in PROGRAMS if FULL or name not in DEAR])
@pytest.mark.slow_first
def test_a_hostile_program_runs_or_is_refused(name: str, child: Child) -> None:
    text, expected = PROGRAMS[name]
    shots = 1_000_000 if expected == "result_too_large" else sized(2, 20)
    (outcome,) = child.run([text], shots=shots)
    result = check(text, outcome)
    assert expected is None or result == expected, outcome


@pytest.mark.parametrize(
    "parameters",
    [
        '{"n": NaN}', '{"n": 1e999}', '{"n": []}', '{"n": {}}', '{"n": "\\ud800"}',
        '{"n": ' + "9" * 4000 + "}", '{"n": ' + "9" * 5000 + "}",
        '{"n": ' + "[" * 100_000 + "]" * 100_000 + "}", '{"n": 1, "\\ud800": 1}', "{}",
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_hostile_parameter_is_refused(parameters: str, child: Child) -> None:
    text = "input float n;\nqubit q;\nU(n, 0, 0) q;"
    (outcome,) = child.run([text], parameters=parameters)
    assert check(text, outcome) != RAN


def test_a_child_does_not_grow_from_program_to_program() -> None:
    """The cache of programs stays small, although a root keeps a matrix of 64 KiB."""
    child = Child(Settings(slot_memory_mb=160))
    roots = "for int i in [1:60] pow(0.5) @ g q[0], q[1], q[2], q[3], q[4], q[5];"
    gate = "gate g a, b, d, e, f, k { cx a, b; rx(0.3) f; }\n"
    try:
        for number in range(60):
            text = f'include "stdgates.inc"; qubit[6] q; rx({number}) q[0]; {gate}{roots}'
            (outcome,) = child.run([text])
            assert check(text, outcome) == RAN
    finally:
        child.stop()
