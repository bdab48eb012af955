"""Wrong programs, each with the code and the line of its first problem.

HEAD precedes each text here, unless the text begins with a version of OpenQASM. The problem is in
the last line, or in the line that ends with `//!`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

HEAD = 'OPENQASM 3.1;\ninclude "stdgates.inc";\nqubit[4] q;\nbit[4] c;\n'
TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n'
BARE = "OPENQASM 3.0;\n"
MARK = "//!"


class Wrong(NamedTuple):
    """Return a program, and the code and line (from 1) of its first problem."""

    code: str
    line: int
    text: str


SYNTAX = {
    "syntax_error": [
        "qubit[2 r;", "h q[0] q[1];", "cx q[0] -> q[1];", "int 3x = 1;", "bit b = ;",
        "if c[0] x q[0];", "for i in [0:3] x q[i];", "for int i [0:3] x q[i];",
        "while () x q[0];", "gate g { }", "gate g(a b) r { }", "def f( { }", "def f(int) { }",
        "def f() -> { }", "let a q[0];", "let a = ;", "measure;", "reset;", "c = measure;",
        "const int n;", "const n = 3;", "int[8 i = 1;", "array[int[8]] a;", "array[qubit, 2] a;",
        "switch (1) { h q[0]; }", "switch (1) { }", "switch (1) { default { } }",
        "switch (1) { case { } }", "inv x q[0];", "ctrl(2 @ x q[0];",
        "inv(2) @ x q[0];", "1 +;", "int i, j;", "qubit a, b;", "x q[0]; }", "input int;",
        "output i;", "input int i = 3;", "output int i = 3;", "input qubit r;",
        "include stdgates;", "barrier q[0] q[1];", "delay q[0];", "else x q[0];", "int if = 3;",
        "int i = 3 +* 4;", "float f = 1.2.3;", "int i = 5 q;", "c[0 = 1;",
        "int i == 3;", "measure q[0] => c[0];", "opaque g a;", "if (c == 1) => x q[0];",
        "def f() -> qubit { }", "const input int i;", "qubit r = 1;", "gate g a { x a }",
        "OPENQASM 3.0;", "x q[0]; x", "for qubit a in q x a;", "void v;", "int i = (1 + 2;",
        "x q[0]; ]", "let a = q[0:1] + + q[2];", "ctrl x q[0], q[1];", "bit[4] d = c?;",
        'include "";',
        "array[bit, 2] a;", "array[bit[4], 2] a;", "array[stretch, 2] a;",
        "complex[int[8]] z;", "const bit b = measure q[0];", "gphase(1, 2);", "gphase();",
        "def f(readonly array[int[8], #dim = 1] a) { }\narray[int[8], 2] b;\nf(b ++ b);",
    ],
    "invalid_character": ["x q[0]; \0"],
    "include_not_allowed": ['include "other.inc";', 'include "/etc/passwd";',
                            'include "../stdgates.inc";'],
    "name_too_long": [f"int {'a' * 20_000} = 1;"],
    "nesting_too_deep": [f"int i = {'(' * 500}1{')' * 500};", "{" * 500 + "}" * 500,
                         "def f(int n) -> int { return f(n); } //!\nint i = f(1);"],
}  # fmt: skip

NAMES = {
    "undeclared_name": [
        "x r;", "x r[0];", "c = measure r;", "reset r;", "barrier r;", "delay[10ns] r;",
        "delay[d] q;", "rx(a) q[0];", "r = measure q;", "r[0] = 1;", "measure q -> r;",
        "if (r) x q[0];", "while (r) x q[0];", "for int i in r x q[0];",
        "for int i in [0:r] x q[0];", "switch (r) { case 1 { } }", "switch (1) { case r { } }",
        "let a = r;", "let a = q ++ r;", "int i = j;", "const int i = j;", "int i = i;",
        "const int n = n + 1;", "qubit[n] r;", "int[n] i;", "x q[n];", "pow(n) @ x q[0];",
        "ctrl(n) @ x q[0], q[1];", "int i = sizeof(r);", "int i = 3;\ni += j;",
        "gate g a { x b; }", "gate g(t) a { x t; }", "gate g a { rx(b) a; }", "int i = f(1);",
        "f(q);",
        "int i = later(); //!\ndef later() -> int { return 1; }",
        "def f() { x q[0]; }", "int i = 1;\ndef f() -> int { return i; }",
        "def f() { c[0] = 1; }", "let a = q[0];\ndef f() { x a; }",
        "if (true) { int i = 1; }\nint j = i;", "for int i in [0:1] { }\nx q[i];",
        "def f(int a) { }\nint b = a;", "gate g(v) a { }\nrx(v) q[0];", "{ int i = 1; }\ni = 2;",
        "if (c[0]) { int k = 1; }\nelse { k = 2; }", "if (c[0]) { let a = q[0]; }\nx a;",
        "switch (1) { case 1 { int k = 2; }\ncase 2 { k = 3; } }",
        "while (c[0]) { int k = 1; c[0] = 0; }\nx q[k];", "box { int k = 1; }\nx q[k];",
    ],
    "unknown_gate": [
        "bar q[0], q[1];", "foo q[0];", "gate g a { foo a; }", "def f(qubit a) { foo a; }",
        "later q[0]; //!\ngate later a { }",
        "ti q[0]; //!\ngate ti a { }", "i q[0]; //!\nint i;",
        "if (c[0]) foo q[0];", "inv @ foo q[0];", "ctrl @ foo q[0], q[1];", "pi q[0];",
        "for int i in [0:1] foo q[i];", "box { foo q[0]; }",
    ],
    "missing_include": [
        BARE + "qubit q;\nsx q;", BARE + "qubit[2] q;\nctrl @ sdg q[0], q[1];",
        BARE + "qubit[2] q;\nCX q[0], q[1];", BARE + "gate g a { id a; }",
        BARE + "qubit q;\nh q; //!\ninclude \"stdgates.inc\";",
    ],
    "redeclared_name": [
        "qubit c;", "bit q;", "int c = 1;", "qubit[2] q;", "bit c;", "let q = c;",
        "gate U(a, b, c) d { }", "int U = 1;", "const float pi = 3.0;",
        "gate g a { }\ngate g a { }", "def f() { }\ndef f() { }",
        "int f = 1;\ndef f() { }", "gate f a { }\nint f = 1;", "const int n = 1;\nint n = 2;",
        "let c = q;", "input int c;", "output bit c;", "array[int[8], 2] c;", "creg q[2];",
        "if (true) { int i = 1;\nint i = 2; }", "def f(int a) {\nint a = 1; }",
        "def f(int a, int a) { }", "gate g(a, a) b { }", "gate g a, a { }", "gate g(a) a { }",
        "def f(qubit a) {\nlet a = a; }", "int i = 1;\nfloat i = 1;",
    ],
}  # fmt: skip

TYPES = {
    "wrong_type": [
        # what the table of casts does not have
        "c[0] = 1.5;", "c = 2.5;", "c = 1im;", "bool b = 1ns;", "int i = 3ns;", "float f = 3ns;",
        "angle a = 3ns;", "duration d = 3;", "duration d = 1.5;", "duration d = true;",
        "int i = 1im;", "float f = 1im;", "angle a = 1im;", "angle a = true;", "complex w = 3ns;",
        "int i = 1;\nangle a = i;", "angle a = pi;\nint i = a;", "int i = int(3ns);",
        "angle[8] a = pi;\nuint[8] u = uint[8](a);", "float f = 0.5;\nc[0] = f;",
        "float f = 0.5;\nbit[2] b = bit[2](f);", "const float f = 0.5;\nconst int i = f;",
        "float f = float(c);", "float f = 3ns / 2;", "complex w = 1im;\nfloat f = w;",
        "duration d = measure q[0];", "bool b = bool(1ns);", "bit b = bit(1.5);",
        # what is no value, or no variable
        "bool b = q;", "int i = q[0];", 'bit[3] b = "01a";', "c = q;", "q = c;", "q[0] = 1;",
        "h = 3;", "int i = h;",
        "array[int[8], 2] a;\nint i = a;", "array[int[8], 2] a;\na[0] = 3ns;",
        "array[int[8], 2] a;\narray[int[16], 2] b;\na = b;", "int i = {1, 2};",
        "def f() { }\nint i = f;", "def f() { }\nint i = f();", "let a = q;\na = c;",
        # operators
        "complex w = 1im;\nbool b = w < 2;", "complex w = 1im;\ncomplex v = w % 2;",
        "bool b = 1ns < 2;", "duration d = 1ns + 1;", "duration d = 1ns * 2ns;",
        "duration d = 2 / 1ns;", "float f = 1.5;\nint i = 1 << f;", "float f = 1.5;\nf = f << 1;",
        "float f = 1.5 & 1;", "float f = 1.5 | 2.5;", "float f = ~1.5;", "int i = 1 ^ 1.5;",
        "angle a = pi;\nangle b = a * a;", "angle a = pi;\nangle b = 2 / a;", "bool b = !q;",
        "bool b = q == 1;", "bool b = c[0] && q[0];", "duration d = ~1ns;",
        "float f = 1.5;\nf &= 1;",
        "duration d = 1ns;\nd *= 2ns;", "array[int[8], 2] a;\na += 1;", "bool b = h || true;",
        # conditions
        "duration d = 1ns;\nif (d) x q[0];", "while (1ns) x q[0];", "if (q) x q[0];",
        "if (h) x q[0];", "if (q[0]) x q[0];",
        "array[int[8], 2] a;\nif (a) x q[0];",
        # gates and other operations on qubits
        "rx(1ns) q[0];", "rx(1im) q[0];", "rx(q) q[0];", "gphase(1ns);", "x c;", "x c[0];",
        "measure c -> c;", "measure q -> q;", "c = measure c;", "reset c;", "barrier c;",
        "delay[10ns] c;", "delay[10] q;", "delay[1.5] q;", "int i = 1;\nx i;",
        "c q[0];", "int i = 1;\ni q[0];", "x h;", "reset h;", "int i = 0;\nreset i;",
        "ctrl(0) @ x q[0];", "ctrl(-1) @ x q[0];", "ctrl(1.5) @ x q[0], q[1];",
        "pow(1im) @ x q[0];", "pow(1ns) @ x q[0];", "gate g a { x a[0]; }",
        "gate g a { rx(1ns) a; }", "gate g(t) a { rx(a) a; }",
        # subroutines and functions
        "def f(qubit a) { }\nf q[0];", "h(q[0]);", "int i = 1;\nint j = i(2);",
        "def f(int a) { }\nf(1ns);", "def f(qubit a) { }\nf(1);", "def f(qubit a) { }\nf(c[0]);",
        "def f(int a) { }\nf(q[0]);", "def f(qubit a) { }\nf(h);", "def f(float a) { }\nf(c);",
        "def f() { return 1; }", "def f() -> int { return; }", "def f() -> int { return 1ns; }",
        "def f(qubit a) -> int { return a; }", 'rx("01") q[0];', "rx(c) q[0];",
        "switch (c) { case 1 { } }", "switch (true) { case 1 { } }", "delay[-10ns] q[0];",
        "box[-10ns] { x q[0]; }", "gate g a { x $0; }", "array[int[8], 2] a;\na = 3;",
        "float f = sin(q);", "float f = sin(1ns);",
        "float f = popcount(1.5);", "c = rotl(1.5, 1);", "complex w = mod(1im, 2);",
        "int i = sizeof(c);", "int i = sizeof(q);", "float f = real(1ns);", "float f = sqrt(1ns);",
        "def f(readonly array[int[8], 2] a) { }\nf(3);",
        "def f(readonly array[int[8], #dim = 1] a) { }\narray[int[16], 2] b;\nf(b);",
        "def f(readonly array[int[8], #dim = 2] a) { }\narray[int[8], 2] b;\nf(b);",
        # indices and aliases
        "x q[0.5];", "x q[1ns];", "x q[0, 1];",
        "float f = 1.5;\nbit b = f[0];", "bool b = true;\nbit d = b[0];", "x q[0][0];",
        "array[int[8], 2] a;\nint i = a[{0, 1}];", "array[float[64], 2] a;\nfloat f = a[0, 0];",
        "array[int[8], 2] a;\nint i = a[0.5];", "x q[q];", "x h[0];", "x q[0:0.5:2];",
        "let a = c ++ q;", "let a = 3;", "int i = 1;\nlet a = i;", "let a = h;",
        # loops and switches
        "for int i in {1ns} { }", "for int i in q { }", "for int i in [0:1ns] { }",
        "for int i in [0:0.5:2] { }", "for int i in 3 { }", "for int i in [0:0:3] { }",
        "for bit b in {0.5} { }", "array[float[64], 2] a;\nfor duration d in a { }",
        "for int i in [:3] { }", "for int i in h { }", "switch (1.5) { case 1 { } }",
        "switch (q) { case 1 { } }", "switch (1ns) { case 1 { } }", "switch (1) { case 1.5 { } }",
        # sizes
        "qubit[-1] r;", "bit[-1] b;", "int[0] i;", "float[0] f;", "uint[-3] u;", "angle[0] a;",
        "int[1.5] i;", "qubit[1.5] r;", "int[c] i;", "qreg r[-1];", "array[int[8], -1] a;",
        "array[int[8], 1.5] a;", "array[int[8], 1, 1, 1, 1, 1, 1, 1, 1] a;", "qubit[1ns] r;",
    ],
    "not_constant": [
        "int n = 2;\nqubit[n] r;", "int n = 2;\nint[n] i;", "int n = 2;\nbit[n] b;",
        "int n = 2;\narray[int[8], n] a;", "int n = 2;\nconst int m = n;",
        "int n = 2;\nconst int m = 2 * n + 1;", "int n = 1;\nctrl(n) @ x q[0], q[1];",
        "def f() -> int { return 2; }\nconst int n = f();", "const bit b = c[0];",
        "int n = 2;\nswitch (n) { case n { } }",
        "uint n = 8;\nint i = int[n](3);", "def f(int n) { bit[n] b; }",
        "def f(int n, qubit[n] r) { }",
    ],
    "number_too_large": [
        "int i = 99999999999999999999;", "int i = 9223372036854775808;",
        "uint[8] u = -129;", "uint u = 18446744073709551616;", "uint u = 3 + (1 << 64);",
        "uint[8] u = 1;\nu += 18446744073709551616;", "c = 18446744073709551616;",
        "const uint[4] u = 16;", "const int[4] i = 8;",
        "uint[8] u = 256;", "c = 16;", "bit b = 2;", "rx(10.0 ** 400) q[0];",
        "const float f = exp(1000.0);",
    ],
    "division_by_zero": [
        "int i = 1 / 0;", "const int i = 1 % 0;", "rx(1 / 0) q[0];", "rx(pi / 0) q[0];",
        "int n = 0;\nint i = 5 / n;", "int i = 5;\ni /= 0;", "int i = 5;\ni %= 0;",
        "int i = mod(5, 0);", "qubit[4 / 0] r;", "const float f = 1.0 / 0.0;",
        "for int i in [0:2] {\nrx(1 / (1 - i)) q[0]; }",
    ],
    "not_finite": [
        "rx(log(0)) q[0];", "rx(sqrt(-1)) q[0];", "rx(arccos(2)) q[0];",
        "float f = log(-1.0);\nrx(f) q[0];", "rx(arcsin(1.5)) q[0];",
    ],
}  # fmt: skip

NUMBERS = {
    "wrong_arity": [
        "rx q[0];", "rx() q[0];", "rx(1, 2) q[0];", "h(1) q[0];", "cx q[0];", "x q[0], q[1];",
        "cx q[0], q[1], q[2];", "ctrl @ x q[0];", "negctrl(2) @ x q[0], q[1];",
        "ctrl @ cx q[0], q[1];", "U(1) q[0];",
        "gate g(a) b { }\ng q[0];", "gate g a, b { }\ng q[0];", "gate g a { cx a; }",
        "gate g a, b { x a, b; }", "def f(int a) { }\nf();", "def f() { }\nf(1);",
        "def f(qubit a) { }\nf(q[0], q[1]);", "float f = sin();", "float f = sin(1, 2);",
        "float f = mod(1);", "int i = popcount();", "c = rotl(c);",
        "array[int[8], 2] a;\nint i = sizeof(a, 0, 1);",
    ],
    "size_mismatch": [
        "c = measure q[0:1];", "c[2:3] = measure q[0:2];", "c[0] = measure q;",
        "c[0:1] = measure q;", "measure q[0:2] -> c;",
        "bit b = measure q;", "bit[2] b = measure q;", "qubit[3] r;\ncx q, r;",
        "cx q[0:1], q[1:3];", 'c = "101";', 'c = "10101";', 'bit[2] b = "1";', 'c[0:1] = "111";',
        "bit[2] b = c;", "c = c[0:1];", 'bit[2] b = "01";\nc = c & b;', 'bit[2] b = "01";\nc ^= b;',
        "uint[3] u = uint[3](c);", "int[8] i = int[8](c);", "angle[8] a = angle[8](c);",
        "bit[2] b = bit[2](c);", "uint[8] u = 1;\nc = bit[4](u);",
        "angle[8] a = pi;\nc = bit[4](a);", "array[int[8], 2] a = {1, 2, 3};",
        "array[int[8], 2] a = {1};", "array[int[8], 2, 2] a = {{1, 2}, {3}};",
        "array[int[8], 2] a;\narray[int[8], 3] b;\na = b;",
        "array[int[8], 2, 2] a;\narray[int[8], 3] b;\na[0] = b;",
        "array[int[8], 3] a;\narray[int[8], 3] b;\na[0:1] = b;", "def f(qubit[2] a) { }\nf(q);",
        "def f(bit[2] b) { }\nf(c);", "def f(qubit[4] a) -> bit[2] { return measure a; }",
        "def f(readonly array[int[8], 3] a) { }\narray[int[8], 2] b;\nf(b);",
    ],
    "duplicate_qubit": [
        "cx q[0], q[0];", "cx q[0], q[-4];", "cx q[0], q;", "ccx q[0], q[1], q[0];",
        "swap q[1], q[1];", "cx $0, $0;", "ctrl @ x q[0], q[0];", "let a = q[0];\ncx a, q[0];",
        "let a = q[0:1];\ncx a[1], q[1];", "for int i in [0:1] cx q[0], q[i];",
        "gate g a, b { cx a, a; }", "def f(qubit a, qubit b) { }\nf(q[0], q[0]);",
        "def f(qubit[2] a, qubit b) { }\nf(q[0:1], q[1]);", "let a = q[0:1] ++ q[1:2];",
        "let a = q ++ q;", "let a = c ++ c;",
    ],
    "index_out_of_range": [
        "x q[4];", "x q[-5];", "x q[4:9];", "x q[{0, 4}];", "c[4] = 1;", "c[-5] = 1;",
        "measure q[0] -> c[4];", "for int i in [0:4] x q[i];",
        "for int i in {1, 7} {\nx q[i]; }", "let a = q[0:1];\nx a[2];", "let a = q[-5:2];",
        "let a = q[3:1];", "x q[3:0];", "const int n = 4;\nx q[n];", "int i = 9;\nx q[i];",
        "def f(qubit[2] a) { x a[2]; }", "let a = q[0] ++ q[1];\nx a[2];", "if (c[4]) x q[0];",
        "def f(qubit[2] a, int i) {\nx a[i]; } //!\nf(q[0:1], 3);", "bit b = c[7];",
        "array[int[8], 2] a;\na[2] = 1;", "array[int[8], 2] a;\na[-3] = 1;", "x q[0:0:2];",
        "array[int[8], 2, 3] a;\na[0, 3] = 1;", "array[int[8], 3] a;\nfor int i in a[3:5] { }",
        "array[int[8], 0] a;\nint i = a[0];", "uint[4] u = 1;\nbit b = u[4];",
        "int[4] i = 1;\ni[7] = 1;", "angle[4] a = pi;\nbit b = a[5];", "while (c[5]) x q[0];",
        "array[int[8], 2] a;\nint i = sizeof(a, 1);",
        "int i = 0;\nwhile (i < 9) {\nx q[i]; //!\ni += 1; }",
    ],
    "too_many_qubits": ["qubit[1000000000] r;"],
    "too_many_bits": ["bit[1000000000] b;"],
    "too_many_elements": ["array[int[8], 100000, 100000] a;"],
    "too_many_steps": ["for int i in [0:1000000000] { x q[0]; }", "while (true) { }"],
}  # fmt: skip

PLACES = {
    "not_global": [
        "if (true) { qubit r; }", "if (true) { gate g a { } }", "{ qubit r; }", "{ qreg r[2]; }",
        "for int i in [0:1] { def f() { } }", "while (c[0]) { array[int[8], 2] a; }",
        "box { qubit r; }", "if (true) { input int i; }", "if (true) { output int i; }",
        "switch (1) { case 1 { qubit r; } }", "switch (1) { case 1 { gate g a { } } }",
        "def f() { qubit r; }", "def f() { array[int[8], 2] a; }", "def f() { def g() { } }",
        "def f() { gate g a { } }", "def f() { input int i; }", "def f() { qreg r[2]; }",
        'if (true) { include "stdgates.inc"; }', 'def f() {\ninclude "stdgates.inc"; }',
    ],
    "misplaced": [
        "break;", "continue;", "if (true) { break; }", "def f() { break; }", "return 1;", "return;",
        "for int i in [0:1] { }\ncontinue;", "switch (1) { case 1 { break; } }",
        "def f() {\nfor int i in [0:1] { }\ncontinue; }", "if (true) { return; }",
        "for int i in [0:1] {\nreturn; }",
    ],
    "not_unitary": [
        "gate g a { reset a; }", "gate g a { measure a; }", "gate g a { bit b; }",
        "gate g a { int i = 1; }", "gate g(t) a { t = 2; }", "gate g a { return; }",
        "gate g a { end; }", "gate g a { bit b = measure a; }", "gate g a {\nx a;\nqubit r; }",
        "def f() { }\ngate g a { f(); }",
    ],
    "recursive_gate": ["gate g a { g a; }", "gate g a { inv @ g a; }",
                       "gate g(t) a { x a; g(t / 2) a; }"],
    "read_only": [
        "const int n = 1;\nn = 2;", "const int n = 1;\nn += 2;",
        'const bit[2] b = "01";\nb[0] = 1;', "pi = 3;", "const bit b = 0;\nb = measure q[0];",
        'const bit[4] b = "0101";\nmeasure q -> b;',
        "def f(readonly array[int[8], 2] a) { a[0] = 1; }",
        "def f(readonly array[int[8], #dim = 1] a) {\na[0] += 1; }",
        "def f(mutable array[int[8], 2] a) { }\ndef g(readonly array[int[8], 2] a) { f(a); }",
    ],
    "missing_return": ["def f() -> int { }", "def f(qubit a) -> bit { x a; }"],
    "duplicate_label": ["switch (1) { case 1 { }\ncase 1 { } }", "switch (1) { case 1, 1 { } }",
                        "const int n = 2;\nswitch (n) { case 2 { }\ncase n, 3 { } }"],
    "not_supported": [
        "defcal x $0 { }", "cal { }", "extern f(int) -> int;\nint i = f(1);",
        "float f = durationof({x $0;}) / 1ns;",
        "stretch a;\nfloat f = a / 1ns;", "x[10ns] q[0];",
        "#pragma braket noise two_flips(0.1) q[0]", "#pragma braket result sample z(q[0])",
        "OPENQASM 4.0; //!\nqubit q;",
    ],
    "empty_circuit": ["OPENQASM 3.0; //!\n// nothing"],
}  # fmt: skip

OPENQASM_2 = {
    "syntax_error": [
        "qreg r[2;", "measure q => c;", "h q[0] q[1];", "if c == 1 x q[0];", "gate g a { x a }",
        "opaque g(a b) r;", "creg [2] d;", "measure q[0] c[0];", "qreg r[2] s;",
    ],
    "index_out_of_range": ["x q[2];", "measure q[0] -> c[2];"],
    "unknown_gate": ["foo q[0];"],
    "undeclared_name": ["x r;", "measure q -> d;", "if (d == 1) x q[0];", "rx(a) q[0];"],
    "redeclared_name": ["qreg q[3];", "creg q[2];"],
    "duplicate_qubit": ["cx q[0], q[0];"],
    "size_mismatch": ["measure q[0] -> c;", "qreg r[3];\ncx q, r;", "creg d[3];\nmeasure q -> d;"],
    "wrong_arity": ["rx q[0];", "u3(1, 2) q[0];", "cx q[0];"],
    "wrong_type": ["reset c;", "barrier c;", "x c;", "measure c -> c;", "if (q == 1) x q[0];"],
    "not_unitary": ["gate g a { reset a; }", "gate g a { measure a -> c[0]; }"],
    "recursive_gate": ["gate g a { g a; }"],
    "not_supported": ["opaque g a;\ng q[0];"],
    "include_not_allowed": ['include "other.inc";'],
    "missing_include": ["OPENQASM 2.0;\nqreg q[1];\nh q[0];"],
}  # fmt: skip


def _each(area: Mapping[str, Sequence[str]], head: str) -> Iterator[Wrong]:
    for code, texts in area.items():
        for text in texts:
            whole = text if "OPENQASM" in text.split("\n")[0] and "\n" in text else head + text
            lines = whole.split("\n")
            marked = [number for number, line in enumerate(lines, 1) if line.endswith(MARK)]
            yield Wrong(code, marked[0] if marked else len(lines), whole)


WRONG = [
    wrong
    for area, head in ((SYNTAX, HEAD), (NAMES, HEAD), (TYPES, HEAD), (NUMBERS, HEAD),
                       (PLACES, HEAD), (OPENQASM_2, TWO))
    for wrong in _each(area, head)
]  # fmt: skip
