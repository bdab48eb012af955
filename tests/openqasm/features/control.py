"""Features: branches, loops, `switch`, `end`."""

from tests.openqasm.features.feature import (
    classical,
    either,
    impossible,
    quantum,
    wrong,
)

BRANCHES = (
    either("`if`", "classical: If-else statements", "if (<b>) { x q[1]; }", "01", "00"),
    either(
        "`if` of one statement", "classical: If-else statements", "if (<b>) x q[1];", "01", "00"
    ),
    either(
        "`if`, `else`",
        "classical: If-else statements",
        "if (<b>) { x q[1]; } else { x q[2]; }",
        "01",
        "10",
    ),
    either(
        "`else if`",
        "classical: If-else statements",
        "if (!<b>) { x q[1]; x q[2]; } else if (<b>) x q[2]; else x q[1];",
        "10",
        "11",
    ),
    either(
        "`if` in `if`",
        "classical: If-else statements",
        "if (<b>) { if (!<b>) { x q[2]; } else { x q[1]; } }",
        "01",
        "00",
    ),
    classical(
        "assignment in a branch",
        "classical: If-else statements",
        "int[8] n = 3; if (<b>) n = 4;",
        "n == 4",
        "n == 3",
    ),
    either(
        "condition that compares",
        "classical: If-else statements",
        "if (<b> == true) x q[1];",
        "01",
        "00",
    ),
    either(
        "condition of a whole register",
        "classical: If-else statements",
        "if (<b>) x q[1]; c = measure q; if (c == 0) x q[2];",
        "01",
        "10",
    ),
    either(
        "condition with operators",
        "classical: If-else statements",
        "if (<b> && !(<b> == 0) || false) x q[2];",
        "10",
        "00",
    ),
    wrong(
        "condition that is no truth value",
        "classical: If-else statements",
        "angle[8] a; duration d = 1ns; if (d) x q[0];",
        "wrong_type",
    ),
)

LOOPS = (
    quantum("`for` over a range", "classical: For loops", "for int i in [1:2] { x q[i]; }", "0110"),
    quantum("range with a step", "classical: For loops", "for uint i in [0:2:4] x q[i];", "10101"),
    quantum(
        "range that goes down",
        "classical: For loops",
        "for int i in [2:-1:1] { x q[i]; cx q[i], q[i + 1]; }",
        "1010",
    ),
    quantum("range that is empty", "classical: For loops", "for int i in [2:1] { x q[i]; }", "000"),
    quantum(
        "`for` over a set", "classical: For loops", "for int[8] i in {0, 3} { x q[i]; }", "1001"
    ),
    classical(
        "`for` over an array",
        "classical: For loops",
        "array[int[8], 3] a = {1, 5, 10}; a[0] = <m>; int[8] n = 0; for int[8] i in a { n += i; }",
        "n == 16",
        "n == 15",
    ),
    classical(
        "`for` over a slice of an array",
        "classical: For loops",
        "array[int[8], 4] a = {1, 5, 10, 20}; a[1] += <m>; int[8] n = 0; "
        "for int[8] i in a[1:2] { n += i; }",
        "n == 16",
        "n == 15",
    ),
    classical(
        "`for` over bits",
        "classical: For loops",
        'bit[3] b = "110"; b[0] = <b>; int[8] n = 0; for bit d in b { n = 2 * n; if (d) n += 1; }',
        "n == 7",
        "n == 3",
    ),
    classical(
        "`for` over an alias of bits",
        "classical: For loops",
        'bit[3] b = "110"; b[1] = <b>; let r = b[1:2]; int[8] n = 0; '
        "for bit d in r { n = 2 * n; if (d) n += 1; }",
        "n == 3",
        "n == 1",
    ),
    quantum(
        "`for` over floats",
        "classical: For loops",
        "for float f in {0.5, 0.25, 0.25} { rx(f * pi) q[0]; }",
        "1",
    ),
    quantum(
        "numbers beyond 32 bits",
        "classical: For loops",
        "int[8] n = 0; for uint[64] i in [4294967296:4294967298] { n += 1; } if (n == 3) x q[0];",
        "1",
    ),
    either(
        "range that ends at a variable",
        "classical: For loops",
        "for int i in [1:<m> + 1] { x q[i]; }",
        "11",
        "01",
    ),
    classical(
        "assigning the loop variable",
        "classical: For loops",
        "int[8] n = <m>; for int i in [1:3] { n += i; i = 7; }",
        "n == 7",
        "n == 6",
    ),
    wrong(
        "loop variable after its loop",
        "classical: For loops",
        "for int i in [0:1] { x q[i]; } x q[i];",
        "undeclared_name",
    ),
    classical(
        "`while`",
        "classical: While loops",
        "int[8] n = 3; int[8] k = <m>; while (n > 0) { k += n; n -= 1; }",
        "k == 7",
        "k == 6",
    ),
    either(
        "`while` on a bit",
        "classical: While loops",
        "bit b = <b>; while (b) { x q[1]; b = false; }",
        "01",
        "00",
    ),
    quantum(
        "repeat until success",
        "classical: While loops",
        "c[0] = measure q[0]; while (!c[0]) { h q[0]; c[0] = measure q[0]; }",
        "1",
    ),
    classical(
        "`break`",
        "classical: Breaking and continuing loops",
        "int[8] n = 0; for int[8] i in [1:10] { if (i == 4 + <m>) { break; } n += i; }",
        "n == 10",
        "n == 6",
    ),
    classical(
        "`continue`",
        "classical: Breaking and continuing loops",
        "int[8] n = 0; for int[8] i in [1:4] { if (i == 2 + <m>) continue; n += i; }",
        "n == 7",
        "n == 8",
    ),
    classical(
        "`break`, `continue` in `while`",
        "classical: Breaking and continuing loops",
        "int[8] n = <m>; int[8] i = 0; while (true) { i += 1; if (i == 2) continue; "
        "if (i == 5) break; n += i; }",
        "n == 9",
        "n == 8",
    ),
    wrong(
        "`break` outside a loop", "classical: Breaking and continuing loops", "break;", "misplaced"
    ),
    wrong(
        "`continue` outside a loop",
        "classical: Breaking and continuing loops",
        "if (true) { continue; }",
        "misplaced",
    ),
    impossible(
        "loop without end",
        "classical: While loops",
        "int[8] i = 1; while (true) { i = 1 - i; }",
        "too_many_steps",
    ),
)

_END = "classical: Terminating the program early"
ENDS = (
    either("`end`", _END, "x q[1]; c[1] = measure q[1]; if (<b>) { end; } x q[2];", "01", "11"),
    either(
        "`end` in a loop",
        _END,
        "for int i in [1:2] { x q[i]; c[i] = measure q[i]; if (i == 2 - <m>) end; }",
        "01",
        "11",
    ),
)

_SWITCH = "classical: The Switch statement"
SWITCHES = (
    either(
        "`switch`",
        _SWITCH,
        "int[8] i = <m>; switch (i) { case 0 { x q[1]; } case 1 { x q[2]; } }",
        "10",
        "01",
    ),
    either(
        "`default`",
        _SWITCH,
        "int[8] i = 3 * <m>; switch (i) { case 0 { x q[1]; } default { x q[2]; } }",
        "10",
        "01",
    ),
    either(
        "no case that fits",
        _SWITCH,
        "int[8] i = 3 * <m>; switch (i) { case 0, 1 { x q[1]; } case 2 { x q[2]; } }",
        "00",
        "01",
    ),
    either(
        "several labels",
        _SWITCH,
        "int[8] i = 3 * <m>; switch (i) { case 1, 3, 5 { x q[1]; } case 0, 2 { x q[2]; } }",
        "01",
        "10",
    ),
    either(
        "labels that are constants",
        _SWITCH,
        "const int[8] A = 0; int[8] i = -<m>; switch (i) { case A { x q[1]; } "
        "case A - 1 { x q[2]; } }",
        "10",
        "01",
    ),
    either(
        "`switch` on bits",
        _SWITCH,
        "bit[2] b; b[1] = <b>; switch (uint[2](b)) { case 0b10 { x q[1]; } case 0b00 { x q[2]; } }",
        "01",
        "10",
    ),
    either(
        "declarations in a case",
        _SWITCH,
        "int[8] i = <m>; switch (i) { case 1 { int[8] k = 2; x q[k]; } "
        "default { int[8] k = 1; x q[k]; } }",
        "10",
        "01",
    ),
    either(
        "`switch` in `switch`",
        _SWITCH,
        "int[8] i = <m>; int[8] k = 5; "
        "switch (i) { case 1 { switch (k) { case 4 { x q[2]; } case 5 { x q[1]; } } } }",
        "01",
        "00",
    ),
    wrong(
        "label twice",
        _SWITCH,
        "int[8] i = 1; switch (i) { case 1 { x q[0]; } case 1 { x q[1]; } }",
        "duplicate_label",
    ),
    wrong(
        "no case at all",
        _SWITCH,
        "int[8] i = 1; switch (i) { default { x q[0]; } }",
        "syntax_error",
    ),
    wrong(
        "`switch` on a float",
        _SWITCH,
        "float f = 1.0; switch (f) { case 1 { x q[0]; } }",
        "wrong_type",
    ),
    wrong(
        "statement between cases",
        _SWITCH,
        "int[8] i = 1; switch (i) { x q[0]; case 1 { x q[0]; } }",
        "syntax_error",
    ),
    wrong(
        "label that is a variable",
        _SWITCH,
        "int[8] i = 1; switch (i) { case i { x q[0]; } }",
        "not_constant",
    ),
)
