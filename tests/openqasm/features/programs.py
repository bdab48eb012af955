"""Features: timing, includes, inputs, outputs, directives, calibration."""

from tests.openqasm.features.feature import (
    HEAD,
    Feature,
    Refused,
    classical,
    constant,
    framed,
    impossible,
    quantum,
    unsaid,
    whole,
    wrong,
)

_DURATION = "delays: Duration and stretch types"
_OPERATIONS = "delays: Operations on durations"
_DELAY, _BOX = "delays: Delays", "delays: Boxed expressions"

TIMING = (
    constant(
        "units of time",
        _DURATION,
        "duration a = 1ms; duration b = 1000 us; duration d = 1e6ns; duration e = 0.001s;",
        "a / b == 1.0",
        "a / d == 1.0",
        "a / e == 1.0",
    ),
    constant("`µs`", _DURATION, "duration a = 1µs; duration b = 1000ns;", "a / b == 1.0"),
    quantum("`dt`", _DURATION, "duration a = 800dt; delay[a] q[0]; x q[0];", "1"),
    constant(
        "sum and difference of durations",
        _OPERATIONS,
        "duration a = 300ns; duration b = 0.2us; duration d = a + b; duration e = a - b;",
        "d / 1ns > 499.9 && d / 1ns < 500.1",
        "e / 1ns > 99.9 && e / 1ns < 100.1",
    ),
    constant(
        "duration times and by a number",
        _OPERATIONS,
        "duration a = 300ns; duration b = 2 * a; duration d = a / 2;",
        "b / a == 2.0",
        "a / d == 2.0",
    ),
    classical(
        "comparison of durations",
        _OPERATIONS,
        "duration a = 300ns; if (<b>) a = 1us;",
        "a > 500ns",
        "a < 500ns",
    ),
    quantum("`delay` on a qubit", _DELAY, "x q[0]; delay[100ns] q[0]; cx q[0], q[1];", "11"),
    quantum("`delay` on registers", _DELAY, "x q[0]; delay[2 * 100ns] q, q[0];", "01"),
    quantum("`delay` without operands", _DELAY, "x q[0]; delay[10dt];", "01"),
    quantum("`delay` in a `gate`", _DELAY, "gate g a { x a; delay[10ns] a; } g q[0];", "1"),
    wrong("negative `delay`", _DELAY, "delay[-1ns] q[0];", "wrong_type"),
    wrong("`delay` of a number", _DELAY, "delay[5] q[0];", "wrong_type"),
    quantum(
        "`stretch` that fills a `delay`",
        _DURATION,
        "stretch gap; x q[0]; delay[gap] q[0]; cx q[0], q[1];",
        "11",
    ),
    quantum(
        "sum with a `stretch`",
        _OPERATIONS,
        "duration a = 300ns; stretch gap; stretch sum = a + 2 * gap; delay[sum] q[0]; x q[0];",
        "1",
    ),
    impossible("value of a `stretch`", _DURATION, "stretch gap; if (gap > 10ns) x q[0];"),
    quantum(
        "`durationof` that pads",
        _DURATION,
        "delay[durationof({x q[0];})] q[1]; x q[0]; cx q[0], q[1];",
        "11",
    ),
    impossible(
        "value of `durationof`",
        _DURATION,
        "duration d = durationof({x q[0];}); if (d > 10ns) x q[1];",
    ),
    impossible("gate with a duration", _DELAY, "x[100ns] q[0];"),
    quantum("`box`", _BOX, "x q[0]; box { delay[10ns] q[0]; cx q[0], q[1]; }", "11"),
    quantum("`box` with a duration", _BOX, "box[150ns] { x q[0]; delay[20ns] q[1]; }", "01"),
    quantum("`box` with a `stretch`", _BOX, "stretch gap; box[gap] { x q[0]; }", "01"),
    classical(
        "names in a `box`",
        "scope: Block scope",
        "int[8] i = 3; box { i += <m>; int[8] i = 9; i += 1; }",
        "i == 4",
        "i == 3",
    ),
    wrong("`box` with a negative duration", _BOX, "box[-10ns] { x q[0]; }", "wrong_type"),
    quantum(
        "`nop`",
        "insts: Explicit no-operation",
        "x q[0]; box { nop q[1]; cx q[0], q[1]; nop q, q[0]; nop; }",
        "11",
    ),
    quantum(
        "`barrier`",
        "delays: Barrier instruction",
        "x q[0]; barrier q, q[0]; cx q[0], q[1]; barrier q[1];",
        "11",
    ),
    quantum(
        "`barrier` without operands",
        "delays: Barrier instruction",
        "x q[0]; barrier; cx q[0], q[1];",
        "11",
    ),
)

_INCLUDE = "comments: Included files"

INCLUDES = (
    quantum('`include "stdgates.inc";`', _INCLUDE, "x q[0];", "1"),
    whole(
        "gates need their include",
        "standard_library: Standard library",
        "OPENQASM 3.0; qubit[2] q; bit[2] c; cx q[0], q[1]; c = measure q;",
        Refused("missing_include"),
    ),
    whole(
        "names of the library are free without it",
        "standard_library: Notes for implementations",
        "OPENQASM 3.0; qubit[2] q; bit[2] c; gate x a { } x q[0]; "
        "gate y a { U(pi, 0, 0) a; } y q[1]; c = measure q;",
        "10",
    ),
    wrong("`include` of another file", _INCLUDE, 'include "more.inc";', "include_not_allowed"),
    wrong("`include` in a block", _INCLUDE, 'if (true) { include "stdgates.inc"; }', "not_global"),
    whole(
        "OpenQASM 2",
        "comments: Version string",
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; x q[0]; '
        "cx q[0], q[1]; measure q -> c;",
        "11",
    ),
    whole(
        "OpenQASM 2 with `if`",
        "comments: Version string",
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; u3(pi, 0, pi) q[0]; '
        "measure q[0] -> c[0]; if (c == 1) x q[1]; measure q -> c;",
        "11",
    ),
)

_IO = "directives: Input/output"


def _input(type_: str, code: str, value: object, expected: str) -> Feature:
    program = f"{HEAD}input {type_} v;\nqubit[2] q;\nbit[2] c;\n{code}\nc = measure q;\n"
    feature = whole(f"`input {type_}`", _IO, program, expected, {"v": value})
    return unsaid(feature) if isinstance(value, str) else feature


INPUTS = (
    _input("float", "rx(v) q[0];", 3.141592653589793, "01"),
    _input("angle[32]", "rx(v) q[0];", 3.141592653589793, "01"),
    _input("int[8]", "if (v == -5) x q[1];", -5, "10"),
    _input("uint[8]", "for uint[8] i in [1:v] { rx(pi / 2) q[0]; }", 2, "01"),
    _input("bool", "if (v) x q[0];", True, "01"),
    _input("bit[2]", "if (v[1]) x q[0]; if (v[0]) x q[1];", "10", "01"),
    _input("array[float[64], 2]", "rx(v[1]) q[1];", [0.5, 3.141592653589793], "10"),
    whole(
        "value of an input is missing",
        _IO,
        framed(1, "input float v; rx(v) q[0];"),
        Refused("missing_parameter"),
    ),
    whole(
        "`output bit[n]`", _IO, HEAD + "qubit[2] q; output bit[2] c; x q[0]; c = measure q;", "01"
    ),
    whole(
        "`output bit`",
        _IO,
        HEAD + "qubit q; bit[1] c; output bit b; x q; b = measure q; c[0] = measure q;",
        "1",
    ),
    quantum("`output` of a number", _IO, "output int[8] n; n = 3; if (n == 3) x q[0];", "1"),
)

_PRAGMA, _ANNOTATION = "directives: Pragmas", "directives: Annotations"
_CALIBRATION = "pulses: Pulse-level descriptions"

DIRECTIVES = (
    quantum("`pragma` that is unknown", _PRAGMA, "pragma example.simulator fast\nx q[0];", "1"),
    quantum("`#pragma`", _PRAGMA, "#pragma example.simulator fast\nx q[0];", "1"),
    quantum(
        "annotation",
        _ANNOTATION,
        "@example.noswap\nx q[0];\n@example.first\n@example.second with text\ncx q[0], q[1];",
        "11",
    ),
    quantum(
        "annotation of a definition",
        _ANNOTATION,
        "@example.reversible\ngate g a { x a; }\ng q[0];",
        "1",
    ),
    quantum("`defcalgrammar`", _CALIBRATION, 'defcalgrammar "openpulse"; x q[0];', "1"),
    impossible(
        "`cal`",
        "pulses: Inline calibration blocks",
        'defcalgrammar "openpulse"; cal { float f = 5.2e9; }',
    ),
    impossible(
        "`defcal`", _CALIBRATION, 'defcalgrammar "openpulse"; defcal x $0 { play(d0, w); } x $0;'
    ),
    impossible(
        "`defcal` of a measurement",
        _CALIBRATION,
        'defcalgrammar "openpulse"; defcal measure $0 -> bit { } c[0] = measure $0;',
    ),
)
