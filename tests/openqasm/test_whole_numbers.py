"""Integers: literals, operators, casts and ranges have the values of Python's integers."""

import json
import random
from collections.abc import Iterator

import pytest

from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.engines.dense_reference import exact
from tests.openqasm import whole_numbers as model
from tests.openqasm.whole_numbers import Number, Undefined
from tests.support.compile_circuit import compile_circuit
from tests.support.http_queries import run_circuit
from tests.support.services import Service
from tests.support.sizes import sized

SETTINGS = Settings()
HEAD = 'OPENQASM 3.0; include "stdgates.inc";\n'
RESULT = 140
WIDTHS = (1, 2, 3, 5, 8, 16, 31, 32, 33, 63, 64, 65, 100, 127, 128, 130, 0)


def result_of(text: str, parameters: object = None) -> dict[str, int]:
    """Return the result of a program without qubits, as one number for each register."""
    inputs = None if parameters is None else json.dumps(parameters)
    program = compile_circuit(text, SETTINGS, inputs)
    assert program.circuit is not None
    numbers, at = {}, 0
    for name, size in program.registers:
        bits = program.circuit.bits[at : at + size]
        numbers[name] = sum(bit << k for k, bit in enumerate(bits))
        at += size
    return numbers


class ProgramGenerator:
    """Random declarations and expressions over them, each with its value by the model."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.lines: list[str] = []
        self.inputs: dict[str, int] = {}
        self.names: dict[str, Number] = {}
        self.opened = 0
        for number in range(8):
            self._declare(f"v{number}")

    def _declare(self, name: str) -> None:
        kind, width = self.rng.choice(("int", "uint")), self.rng.choice(WIDTHS)
        number = model.wrap(self._value(width or 64), kind, width)
        to = kind + (f"[{width}]" if width else "")
        way = self.rng.choice(("variable", "variable", "constant", "loop", "input"))
        if way == "input":
            self.lines.insert(0, f"input {to} {name};")
            self.inputs[name] = number.value
        elif way == "loop" and abs(number.value) < 2**1000:
            self.lines.append(f"for {to} {name} in {{{self._format(number.value)}}} {{")
            self.opened += 1
        else:
            word = "const " if way == "constant" else ""
            self.lines.append(f"{word}{to} {name} = {self._format(number.value)};")
        self.names[name] = number

    def _value(self, bits: int) -> int:
        near = self.rng.choice((0, 1, 2**bits - 1, 2 ** (bits - 1), self.rng.getrandbits(bits)))
        return self.rng.choice((1, -1)) * near + self.rng.randint(-2, 2)

    def _format(self, value: int) -> str:
        size = abs(value)
        text = self.rng.choice((str(size), hex(size), bin(size), oct(size), f"{size:_}"))
        return f"-{text}" if value < 0 else text

    def operand(self) -> tuple[str, Number]:
        if self.rng.random() < 0.65:
            name = self.rng.choice(list(self.names))
            return name, self.names[name]
        size = abs(self._value(self.rng.choice((1, 3, 8, 63, 64, 65, 70))))
        return self._format(size), Number("literal", 0, size)

    def expression(self, depth: int) -> tuple[str, Number]:
        if depth == 0:
            return self.operand()
        if self.rng.random() < 0.25:
            return self._random_expression(depth)
        op = self.rng.choice(model.BINARY)
        lhs, one = self.expression(depth - 1)
        rhs, two = self.operand() if op not in ("**", "<<", ">>") else self.small()
        return f"({lhs} {op} {rhs})", model.binary(op, one, two)

    def small(self) -> tuple[str, Number]:
        size = self.rng.randint(0, 9)
        return str(size), Number("literal", 0, size)

    def _random_expression(self, depth: int) -> tuple[str, Number]:
        text, number = self.expression(depth - 1)
        op = self.rng.choice(("-", "!", "~", "cast"))
        if op == "cast":
            kind, width = self.rng.choice(("int", "uint", "bool")), self.rng.choice(WIDTHS)
            if kind == "bool":
                return f"bool({text})", model.truth(number.value)
            name = f"{kind}[{width}]" if width else kind
            return f"{name}({text})", model.wrap(number.value, kind, width)
        if op == "~" and (number.kind != "uint" or not number.width):
            op = "-"
        return f"({op}{text})", model.unary(op, number)

    def statements(self, count: int) -> Iterator[tuple[str, str, int]]:
        """Return a register, the statement that assigns it, and its value."""
        while count:
            try:
                text, number = self.expression(self.rng.randint(1, 3))
            except Undefined:
                continue
            count -= 1
            value = number.value % 2**RESULT
            yield f"r{count}", f"r{count} = bit[{RESULT}](int[{RESULT}]({text}));", value


@pytest.mark.parametrize("seed", range(sized(15, 40)))
def test_any_expression_has_the_value_that_python_gives(seed: int) -> None:
    source = ProgramGenerator(seed)
    expected = {}
    for register, statement, value in source.statements(40):
        source.lines.insert(0, f"bit[{RESULT}] {register};")
        source.lines.append(statement)
        expected[register] = (value, statement)
    text = "\n".join([*source.lines, "}" * source.opened])
    actual = result_of(text, source.inputs or None)
    for register, (value, statement) in expected.items():
        assert actual[register] == value, (statement, source.names)


@pytest.mark.parametrize("seed", range(sized(4, 8)))
def test_a_compound_assignment_is_the_operator_and_an_assignment(seed: int) -> None:
    source = ProgramGenerator(seed)
    lines, expected, count = [], [], 0
    while count < 40:
        kind, width = source.rng.choice(("int", "uint")), source.rng.choice(WIDTHS)
        start = model.wrap(source.rng.getrandbits(140), kind, width)
        op = source.rng.choice((*model.ARITHMETIC, *model.OTHERS[:3]))
        rhs, number = source.operand() if op in model.ARITHMETIC else source.small()
        try:
            value = model.wrap(model.binary(op, start, number).value, kind, width).value
        except Undefined:
            continue
        to = f"{kind}[{width}]" if width else kind
        lines += [f"{to} a{count} = {start.value};", f"a{count} {op}= {rhs};",
                  f"r{count} = bit[{RESULT}](int[{RESULT}](a{count}));"]  # fmt: skip
        expected.append((value % 2**RESULT, lines[-3:]))
        count += 1
    registers = [f"bit[{RESULT}] r{k};" for k in range(count)]
    text = "\n".join([*registers, *source.lines, *lines, "}" * source.opened])
    actual = result_of(text, source.inputs or None)
    for k, (value, literal) in enumerate(expected):
        assert actual[f"r{k}"] == value, (literal, source.names)


SIZES = (1, 2, 3, 5)
"""Numbers of bits of measured registers; the test tries all their values."""


def test_conditions_on_measured_registers_compare_values() -> None:
    rng = random.Random(5)
    for size in SIZES:
        for value in range(2**size):
            flips = "".join(f"x q[{k}]; " for k in range(size) if value >> k & 1)
            near = (value - 1, value, value + 1, 2**size, 2**63, 2**64 + value, 2**200, -1)
            for number in rng.sample(near, 4):
                op = rng.choice(list(model.COMPARE))
                named = f"int[130] n = {number};" if number < 2**100 and rng.random() < 0.5 else ""
                other = "n" if named else f"({number})"
                kind = rng.choice(("c", f"uint[{size}](c)", "int(c)"))
                text = (
                    f"{HEAD}qubit[{size + 1}] q; bit[{size}] c; bit r; {named} {flips}"
                    f"c = measure q[0:{size - 1}]; if ({kind} {op} {other}) x q[{size}]; "
                    f"r = measure q[{size}];"
                )
                expected = value | model.COMPARE[op](value, number) << size
                assert exact(compile_circuit(text, SETTINGS)) == {expected: pytest.approx(1)}, text


def test_a_superposition_takes_the_branches_of_its_values() -> None:
    for number in (-1, 0, 3, 5, 8, 2**64, 2**64 + 5):
        for op, compare in model.COMPARE.items():
            text = (
                f"{HEAD}qubit[4] q; bit[3] c; bit r; h q[0:2]; c = measure q[0:2];"
                f"if (c {op} {number}) x q[3]; r = measure q[3];"
            )
            expected = {v | compare(v, number) << 3: pytest.approx(1 / 8) for v in range(8)}
            assert exact(compile_circuit(text, SETTINGS)) == expected, text


def test_a_range_has_the_numbers_that_its_bounds_mean() -> None:
    rng = random.Random(8)
    for _ in range(sized(60, 150)):
        start, stop, step = rng.randint(-6, 6), rng.randint(-6, 6), rng.choice((1, 2, -1, -3))
        bounds: list[str] = []
        lines: list[str] = []
        inputs: dict[str, int] = {}
        for name, value in (("a", start), ("s", step), ("b", stop)):
            way = rng.choice(("literal", "const", "variable", "input"))
            kind = rng.choice(("int", "int[8]", *(("uint", "uint[5]") if value >= 0 else ())))
            if way == "input":
                lines.insert(0, f"input {kind} {name};")
                inputs[name] = value
            elif way != "literal":
                lines.append(f"{'const ' if way == 'const' else ''}{kind} {name} = {value};")
            bounds.append(str(value) if way == "literal" else name)
        if step == 1 and rng.random() < 0.5:
            del bounds[1]
        text = (
            f"{' '.join(lines)} bit[{RESULT}] r; int[{RESULT}] sum = 0; "
            f"for int i in [{':'.join(bounds)}] sum = sum * 16 + (i + 7); "
            f"r = bit[{RESULT}](sum);"
        )
        total = 0
        for number in range(start, stop + (1 if step > 0 else -1), step):
            total = total * 16 + number + 7
        assert result_of(text, inputs or None)["r"] == total % 2**RESULT, text


def test_a_range_near_the_largest_number_of_a_type_ends() -> None:
    for kind, start, stop in (
        ("uint", 2**64 - 4, 2**64 - 1), ("int", -(2**63), -(2**63) + 2), ("uint[8]", 250, 255),
        ("uint[70]", 2**70 - 2, 2**70 - 1),
    ):  # fmt: skip
        text = f"bit[8] r; uint[8] n = 0; for {kind} i in [{start}:{stop}] {{ n += 1; }} r = n;"
        assert result_of(text)["r"] == stop - start + 1


def warnings_of(text: str) -> tuple[str, ...]:
    return compile_circuit(f"bit r = 1; {text}", SETTINGS).warnings


@pytest.mark.parametrize(
    "text",
    [
        "uint x = -42;", "const uint[8] x = -1;", "uint[8] x; x = -128;", "uint x = 2 - 3;",
        "const int m = -1; uint x = m;", "array[uint[8], 2] a = {1, 2 - 3};",
        "def f(uint n) { } f(-1);", "def f() -> uint[8] { return -1; } uint u = f();",
        "for uint i in {-1, 1} { }", "for uint i in [-1:1] { }", "uint[8] x = -1.5;",
        "const int m = -1; for uint[8] i in [2:m:m] { }",
    ],
)  # fmt: skip
def test_a_negative_constant_in_a_uint_wraps_with_a_warning(text: str) -> None:
    (warning,) = warnings_of(text)
    assert "negative" in warning


def test_a_negative_number_and_an_unsigned_variable_combine_as_in_c_with_a_warning() -> None:
    variables = "bit r; int[8] i = -1; uint[8] u = 1; uint[16] w = 1; int[16] v = 1;"
    for condition, holds, warns in (
        ("i > u", 1, True), ("i > w", 1, True), ("u < v", 0, False), ("i < v", 1, False),
        ("u > -1", 1, False), ("-1 < u", 1, False), ("i == 255", 0, False), ("u != -255", 1, False),
        ("i / u == 255", 1, True), ("i % 2 == -1", 1, False), ("u < i", 1, True),
    ):  # fmt: skip
        text = f"{variables} r = {condition};"
        program = compile_circuit(text, SETTINGS)
        assert program.circuit is not None and program.circuit.bits[0] == holds, condition
        assert any("counts as a large one" in w for w in program.warnings) == warns, condition


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("uint u = 3; u = u + 18446744073709551616;", 21),
        ("int u = 3; u = u - 0x1_0000_0000_0000_0000;", 20),
        ("uint[60] u = 3; bit b = (u & 18446744073709551616) == 0;", 30),
        ("int u = 3; u = 18446744073709551616 / u;", 16),
        ("int u = 3; u = 18446744073709551616 >> u;", 16),
        ("uint u = 3; u *= 18446744073709551616;", 18),
        ("uint[65] u = 36893488147419103232;", 14),
        ("bit[65] c = 36893488147419103232;", 13),
        ("bit[3] c; c = 18446744073709551616;", 15),
        ("int[8] i = 0b10000000000000000000000000000000000000000000000000000000000000000;", 12),
        ("uint[3] u = -5;", 13),
        ("int i = 18446744073709551615;", 9),
        ("int i = 1e20;", 9),
        ("uint[8] u = 300.7;", 13),
        ("int[8] i = 1; i = 1e3;", 19),
    ],
)
def test_a_literal_that_no_type_holds_is_an_error_at_its_position(text: str, column: int) -> None:
    with pytest.raises(CircuitError) as error:
        compile_circuit(text, SETTINGS)
    (problem,) = error.value.problems
    assert (problem.code, problem.line, problem.column) == ("number_too_large", 1, column)


def test_a_large_literal_is_compared_by_its_value(service: Service) -> None:
    large = 2**64
    conditions = [
        ("c == {}", 0), ("c != {}", 1), ("c < {}", 1), ("{} > c", 1), ("u < {}", 1), ("u == {}", 0),
        ("w == {}", 0), ("i >= {}", 0), ("b == {}", 0), ("({} - 1) * 2 > {}", 1), ("big == {}", 1),
        ("big + 0 == {}", 1), ("wide == {}", 1),
    ]  # fmt: skip
    declared = (
        f'bit[3] c = "000"; uint u = 5; uint[70] w; int[8] i = 3; bit b; uint[65] big = {large};'
        f"bit[100] wide; wide[64] = 1; bit[{len(conditions)}] r;"
    )
    lines = [f"r[{k}] = {condition.format(large, large)};" for k, (condition, _) in
             enumerate(conditions)]  # fmt: skip
    actual = run_circuit(service, f"OPENQASM 3.0; {declared} {' '.join(lines)}")["result"]
    (text,) = actual
    expected = "".join(str(value) for _, value in reversed(conditions))
    assert text.split(" ")[0] == expected


def test_a_cast_keeps_the_lowest_bits_of_a_large_literal() -> None:
    for to, value in (
        ("int", 2**64 + 5), ("int", 2**63), ("uint", 2**64 + 5), ("int[8]", 200),
        ("uint[70]", 2**71),
    ):  # fmt: skip
        kind, _, width = to.rstrip("]").partition("[")
        expected = model.wrap(value, kind, int(width or 0)).value % 2**RESULT
        text = f"bit[{RESULT}] r = bit[{RESULT}](int[{RESULT}]({to}({value})));"
        assert result_of(text)["r"] == expected


def test_openqasm_2_compares_a_register_by_value(service: Service) -> None:
    for number, flipped in ((0, 1), (1, 0), (8, 0), (2**64, 0), (2**64 + 1, 0)):
        text = (
            'OPENQASM 2.0; include "qelib1.inc"; qreg q[4]; creg c[3]; creg d[1];'
            f"measure q[0] -> c[0]; if (c == {number}) x q[3]; measure q[3] -> d[0];"
        )
        assert run_circuit(service, text)["result"] == {f"{flipped} 000": 1024}


def test_an_input_keeps_its_whole_width(service: Service) -> None:
    text = "OPENQASM 3.0; input uint[100] n; bit[2] r; r[0] = n == 1267650600228229401496703205375;"
    actual = run_circuit(
        service, f"{text} r[1] = n > 18446744073709551616;", parameters={"n": 2**100 - 1}
    )
    assert actual["result"] == {"11": 1024}
    refused = service.http.post(
        "/tasks?wait=20", json={"circuit": text, "parameters": {"n": 2**100}}
    ).json()
    assert refused["status"] == "failed" and refused["error_code"] == "bad_parameter"
