"""Features: operators, built-in functions."""

from tests.openqasm.features.feature import classical, constant, quantum, unsaid, wrong

_BITS = "classical: Classical bits and registers"
_FUNCTIONS = "types: Built-in constant expression functions"

OPERATORS = (
    classical(
        "`&`, `|`, `^`, `~` of registers",
        _BITS,
        'bit[4] a = "0011"; bit[4] b = "0101"; a[3] = <b>; bit[4] d = (a & b) | (~a ^ b);',
        'd == "0001"',
        'd == "1001"',
    ),
    classical(
        "`<<`, `>>` of registers",
        _BITS,
        'bit[4] a = "0110"; a[0] = <b>; a = a << 2; a = a >> 1;',
        'a == "0110"',
        'a == "0100"',
    ),
    classical(
        "`&`, `|`, `^`, `~` of integers",
        _BITS,
        "uint[4] a = 6 + <m>; uint[4] b = (a & 5) | (~a ^ 3);",
        "b == 15",
        "b == 14",
    ),
    classical(
        "`<<`, `>>` of integers",
        _BITS,
        "uint[4] a = 6 + <m>; a = a << 2; a = a >> 1;",
        "a == 6",
        "a == 4",
    ),
    constant(
        "bits of angles",
        _BITS,
        "angle[4] a = 9 * (pi / 8); angle[4] b = a << 2; angle[4] d = a >> 2; angle[4] e = a & d;",
        "b == pi / 2",
        "d == pi / 4",
        "e == 0.0",
    ),
    classical(
        "`&=`, `|=`, `^=`, `<<=`, `>>=`",
        _BITS,
        "uint[8] a = 12; a += <m>; a &= 13; a |= 2; a ^= 1; a <<= 2; a >>= 1;",
        "a == 28",
        "a == 30",
    ),
    classical(
        "comparisons of integers",
        "classical: Comparison",
        "int[8] i = 4 + <m>;",
        "i > 4 && i >= 5 && i != 4",
        "i < 5 && i <= 4 && i == 4",
    ),
    classical(
        "comparisons of floats",
        "classical: Comparison",
        "float f = 4 + <m>;",
        "f > 4.5 && f != 4.0",
        "f < 4.5 && f <= 4.0",
    ),
    classical(
        "comparisons of angles",
        "classical: Comparison",
        "angle[8] a = pi; if (<b>) a = pi / 2;",
        "a < pi && a != pi",
        "a >= pi",
    ),
    classical(
        "comparisons of registers",
        "classical: Comparison",
        'bit[2] a = "01"; a[1] = <b>; bit[2] b = "01";',
        "a > b",
        "a <= b",
    ),
    classical(
        "`&&`, `||`, `!`",
        "classical: Comparison",
        "bool ok = <b>; bool f = false;",
        "(ok || f) && !f",
        "!(ok || f)",
    ),
    wrong(
        "`in`", "classical: Comparison", "int[8] i = 3; if (i in {0, 3}) x q[0];", "syntax_error"
    ),
    classical(
        "`+`, `-`, `*` of integers",
        "classical: Integers",
        "int[8] i = 3 * (4 + <m>) - 7;",
        "i == 8",
        "i == 5",
    ),
    classical(
        "`/` of integers is whole",
        "classical: Integers",
        "int[8] i = 7 + <m>; i = i / 4;",
        "i == 2",
        "i == 1",
    ),
    unsaid(
        constant(
            "`/` of negative integers goes to zero",
            "classical: Integers",
            "int[8] i = -7; int[8] two = 2;",
            "i / two == -3",
            "-7 / 2 == -3",
        )
    ),
    classical("`%`", "classical: Integers", "int[8] i = 8 + <m>; i = i % 5;", "i == 4", "i == 3"),
    unsaid(
        constant(
            "`%` has the sign of the dividend",
            "classical: Integers",
            "int[8] i = -7; int[8] j = 7; int[8] three = 3;",
            "i % three == -1",
            "j % -three == 1",
        )
    ),
    classical(
        "`**` of integers",
        "classical: Integers",
        "int[16] i = 2 + <m>; i = i ** 5;",
        "i == 243",
        "i == 32",
    ),
    classical(
        "`+=`, `-=`, `*=`, `/=`, `%=`, `**=`",
        "classical: Integers",
        "int[16] i = 4; i += <m>; i *= 7; i -= 3; i /= 2; i %= 9; i **= 2;",
        "i == 49",
        "i == 9",
    ),
    constant(
        "sum and difference of angles",
        "classical: Angles",
        "angle[4] a = 7 * (pi / 8); angle[4] b = pi / 8;",
        "a + b == pi",
        "b - a == 5 * (pi / 4)",
    ),
    constant(
        "angle times and by an integer",
        "classical: Angles",
        "angle[4] a = 7 * (pi / 8); angle[4] d = 5 * (pi / 4); uint[4] two = 2;",
        "a / two == 3 * (pi / 8)",
        "two * d == pi / 2",
        "d * two == pi / 2",
    ),
    constant(
        "angle by an angle",
        "classical: Angles",
        "angle[4] d = 5 * (pi / 4); angle[4] b = pi / 8; uint[4] u = d / b;",
        "u == 10",
    ),
    constant(
        "negative angle",
        "classical: Angles",
        "angle[4] a = pi / 4; angle[4] b = -a;",
        "b == 7 * (pi / 4)",
        "a + b == 0.0",
    ),
    constant(
        "`+=`, `-=`, `*=`, `/=` of angles",
        "classical: Angles",
        "angle[8] a = pi / 4; angle[8] b = pi / 2; uint[8] two = 2; a += b; a *= two; "
        "a -= b; a /= two;",
        "a == pi / 2",
    ),
    wrong(
        "integer by an angle",
        "classical: Angles",
        "angle[8] a = pi; uint[8] two = 2; angle[8] b = two / a;",
        "wrong_type",
    ),
    classical(
        "`+`, `-`, `*`, `/` of floats",
        "classical: Floating-point numbers",
        "float f = (1.5 + <m>) * 2.0 / 4.0 - 0.25;",
        "f == 1.0",
        "f == 0.5",
    ),
    classical(
        "`**` of floats",
        "classical: Floating-point numbers",
        "float f = 4.0; if (<b>) f = 9.0; f = f ** 0.5;",
        "f == 3.0",
        "f == 2.0",
    ),
    constant(
        "power that is negative",
        "classical: Floating-point numbers",
        "float f = 2.0;",
        "f ** -1 == 0.5",
        "2.0 ** -2 == 0.25",
    ),
    constant(
        "`+`, `-`, `*`, `/` of complex numbers",
        "classical: Complex numbers",
        "complex[float[64]] a = 10.0 + 5.0im; complex[float[64]] b = -2.0 - 7.0im; "
        "complex[float[64]] d = a * b; complex[float[64]] e = a / (1.0 + 2.0im);",
        "a + b == 8.0 - 2.0im",
        "a - b == 12.0 + 12.0im",
        "d == 15.0 - 80.0im",
        "real(e) == 4.0 && imag(e) == -3.0",
    ),
    constant(
        "`**` of complex numbers",
        "classical: Complex numbers",
        "complex[float[64]] a = 1im ** 2.0;",
        "real(a) < -0.999999 && imag(a) < 0.000001",
    ),
    constant(
        "`**` binds to the right, before `-`",
        "classical: Evaluation order",
        "int[16] two = 2;",
        "two ** 3 ** 2 == 512",
        "-two ** 2 == -4",
    ),
    constant(
        "`-`, `/` bind to the left",
        "classical: Evaluation order",
        "int[16] i = 16;",
        "i - 4 - 2 == 10",
        "i / 4 / 2 == 2",
        "i / 4 * 2 == 8",
    ),
    constant(
        "shifts before comparisons, after sums",
        "classical: Evaluation order",
        "uint[8] one = 1;",
        "one + one << 2 == 8",
        "one << 2 > 3",
    ),
    constant(
        "`&`, then `^`, then `|`",
        "classical: Evaluation order",
        "uint[4] a = 1; uint[4] b = 2; uint[4] d = 3;",
        "(a | b ^ d & b) == 1",
        "(d ^ a & b) == 3",
    ),
    constant(
        "`&&` before `||`",
        "classical: Evaluation order",
        "bool ok = true; bool f = false;",
        "ok || ok && f",
        "!(f && ok || f)",
    ),
)

FUNCTIONS = (
    constant(
        "`arccos`, `arcsin`, `arctan`",
        _FUNCTIONS,
        "",
        "arccos(-1.0) > 3.1415",
        "arcsin(-1.0) < -1.5707",
        "4 * arctan(1.0) > 3.1415",
    ),
    constant(
        "`cos`, `sin`, `tan`",
        _FUNCTIONS,
        "",
        "cos(3.141592653589793) < -0.999",
        "sin(1.5707963267948966) > 0.999",
        "tan(-0.7853981633974483) < -0.999",
    ),
    constant(
        "`sin` of an angle", _FUNCTIONS, "angle[16] a = pi / 2;", "sin(a) > 0.999", "cos(a) < 0.001"
    ),
    constant(
        "`exp`, `log`", _FUNCTIONS, "", "exp(0) == 1.0", "exp(1.0) > 2.718", "log(1.0) == 0.0"
    ),
    constant("`sqrt`", _FUNCTIONS, "", "sqrt(2.25) == 1.5", "sqrt(4) == 2.0"),
    constant(
        "`ceiling`, `floor`",
        _FUNCTIONS,
        "",
        "ceiling(1.25) == 2.0",
        "floor(1.75) == 1.0",
        "floor(-1.25) == -2.0",
    ),
    constant("`mod`", _FUNCTIONS, "", "mod(17, 5) == 2", "mod(5.5, 2.0) == 1.5"),
    constant(
        "`popcount`",
        _FUNCTIONS,
        'const bit[4] b = "1011"; const uint[6] u = 37;',
        "popcount(b) == 3",
        "popcount(u) == 3",
    ),
    constant(
        "`rotl`, `rotr` of registers",
        _FUNCTIONS,
        'const bit[8] b = "00101010"; bit[8] r = rotl(b, 3); bit[8] e = rotr(b, -3);',
        'r == "01010001"',
        "r == e",
    ),
    constant(
        "`rotl`, `rotr` of integers",
        _FUNCTIONS,
        "const uint[6] u = 37;",
        "rotl(u, 3) == 44",
        "rotr(u, 1) == 50",
    ),
    constant(
        "functions of complex numbers",
        _FUNCTIONS,
        "const complex[float[64]] w = sqrt(-4.0 + 0.0im); const complex[float[64]] e = exp(0.0im);",
        "imag(w) == 2.0",
        "real(e) == 1.0",
    ),
    constant(
        "`real`, `imag`",
        "types: Complex numbers",
        "const complex[float[64]] w = 1.5 - 2.5im; const float[64] f = real(w);",
        "f == 1.5",
        "imag(w) == -2.5",
    ),
    quantum(
        "functions in a gate's argument",
        _FUNCTIONS,
        "rx(2 * arcsin(1.0)) q[0]; rx(arccos(-1.0)) q[1];",
        "11",
    ),
    classical(
        "functions of variables",
        _FUNCTIONS,
        "float f = sqrt(4.0 + 5 * <m>);",
        "f == 3.0",
        "f == 2.0",
    ),
    classical(
        "`popcount` of a variable",
        _FUNCTIONS,
        'bit[4] b = "0110"; b[0] = <b>; uint[8] n = popcount(b);',
        "n == 3",
        "n == 2",
    ),
    classical(
        "`rotl` of a variable",
        _FUNCTIONS,
        'bit[4] b = "1000"; b[0] = <b>; b = rotl(b, 1);',
        'b == "0011"',
        'b == "0001"',
    ),
    wrong(
        "`mod` of complex numbers",
        _FUNCTIONS,
        "const complex[float[64]] w = mod(1.0im, 2);",
        "wrong_type",
    ),
)
