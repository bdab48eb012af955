"""Fuzzing: programs from a grammar, mutated and cut off, run or are refused."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.killable_child import Child, check

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.qasm"))

DECLARATIONS = """OPENQASM 3.1;
include "stdgates.inc";
qubit[3] q; qubit p; qubit[0] none; bit[3] c; bit b; bool t = true; int i = 3; int[8] k = -5;
uint[4] u = 9; float f = 1.5; float[32] g = 0.1; float nan = log(-1.0); angle[8] a = 1.0;
complex z = 1.0 + 2.0im; duration d = 10ns; stretch s; array[int[8], 3] v = {1, 2, 3};
array[int[8], 2, 2] w; array[float, 2] x1; const int n = 2; const bit[2] m = "10"; int[4096] h = 1;
let e = q[0:1]; let o = q[i - 3:2];
def one(int y) -> int { return y + 1; }
def none_given() { }
def look(qubit y) -> bit { return measure y; }
def first(readonly array[int[8], #dim = 1] y) -> int { return y[0]; }
def deep(int y) -> int { if (y < 1) return 0; return deep(y - 1); }
gate own(y) x2, x3 { rx(y) x2; ctrl @ pow(y) @ z x2, x3; }
"""
NAMES = [
    "q", "p", "none", "c", "b", "t", "i", "k", "u", "f", "g", "nan", "a", "z", "d", "s", "v", "w",
    "x1", "n", "m", "h", "e", "o", "pi", "tau", "one", "own", "x", "y", "r",
    "q[0]", "c[1]", "v[1]", "w[0]", "w[1, 0]", "u[2]", "a[0:3]", "o[0]", "q[{0, 2}]", "none_given",
]  # fmt: skip
VALUES = [
    "0", "1", "-1", "7", "300", "2**70", "0x7fffffffffffffff", "1.5", "1e308", "0.0", "2im", "true",
    '"101"', "5ns", "3dt", "durationof({x $0;})", "{1, 2}", "$1", "10**9", "h << 4000",
]  # fmt: skip
TYPES = [
    "bit", "bit[3]", "bit[i]", "bool", "int", "int[8]", "uint[4]", "uint[n]", "float", "float[32]",
    "angle", "angle[8]", "complex", "complex[float[32]]", "duration", "stretch", "int[5000]",
    "array[int[8], 3]", "array[float, 2, n]", "array[int, 10**9]", "float[20]", "qubit[2]",
]  # fmt: skip
OPERATORS = [
    "+", "-", "*", "/", "%", "**", "<<", ">>", "&", "|", "^", "&&", "||", "==", "!=", "<", "<=",
    ">", ">=", "++",
]  # fmt: skip
ASSIGNMENTS = [
    "=", "=", "=", "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^=",
]  # fmt: skip
FUNCTIONS = [
    "sin", "cos", "tan", "arccos", "arctan", "exp", "log", "sqrt", "floor", "ceiling", "mod",
    "pow", "popcount", "rotl", "rotr", "real", "imag", "sizeof", "one", "none_given", "look",
    "first", "deep", "int", "float", "bit", "bool", "angle[8]", "uint[4]", "bit[3]", "complex",
]  # fmt: skip
GATES = [
    "x",
    "h",
    "cx",
    "rx({})",
    "U({}, {}, 1)",
    "own({})",
    "gphase({})",
    "cu(1, {}, 2, 3)",
    "foo",
]
MODIFIERS = ["", "", "inv @ ", "ctrl @ ", "negctrl(2) @ ", "pow({}) @ ", "ctrl({}) @ "]


class Grammar:
    """Generates grammatical programs, a part of which is valid."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def program(self) -> str:
        return DECLARATIONS + "".join(self.statement(3) + "\n" for _ in range(6))

    def pick(self, options: list[str]) -> str:
        """Draw one of the templates, and fill each `{}` in it with a value."""
        text = self.random.choice(options)
        while "{}" in text:
            text = text.replace("{}", self.value(1), 1)
        return text

    def value(self, depth: int) -> str:
        form = self.random.randrange(8 if depth else 2)
        if form < 2:
            return self.random.choice(VALUES if form else NAMES)
        operand = self.value(depth - 1)
        if form < 5:
            return f"({operand} {self.random.choice(OPERATORS)} {self.value(depth - 1)})"
        if form == 5:
            arguments = [operand, *([self.value(depth - 1)] * self.random.randrange(2))]
            return f"{self.random.choice(FUNCTIONS)}({', '.join(arguments)})"
        if form == 6:
            return f"{self.random.choice('-!~')}{operand}"
        return f"{self.random.choice(NAMES)}[{self.index(depth - 1)}]"

    def index(self, depth: int) -> str:
        one, two = self.value(depth), self.value(depth)
        return self.random.choice([one, f"{one}:{two}", f"{{{one}, {two}}}", f"{one}, {two}", ":"])

    def block(self, depth: int) -> str:
        count = self.random.randrange(3)
        return "{ " + " ".join(self.statement(depth - 1) for _ in range(count)) + " }"

    def statement(self, depth: int) -> str:
        forms: list[Callable[[int], str]] = [
            self.gate, self.gate, self.assignment, self.assignment, self.declaration, self.quantum,
        ]  # fmt: skip
        if depth:
            forms += [self.branch, self.loop, self.jump]
        return self.random.choice(forms)(depth)

    def gate(self, _: int) -> str:
        operands = ", ".join(self.random.choice(NAMES) for _ in range(self.random.randint(1, 3)))
        return f"{self.pick(MODIFIERS)}{self.pick(GATES)} {operands};"

    def assignment(self, _: int) -> str:
        name = self.random.choice(NAMES)
        if self.random.random() < 0.3:
            name += f"[{self.index(1)}]"
        return f"{name} {self.random.choice(ASSIGNMENTS)} {self.value(2)};"

    def declaration(self, _: int) -> str:
        name = self.random.choice(["r", "r", "y", "i", "c"])
        return self.random.choice([
            f"{self.pick(TYPES)} {name} = {self.value(2)};",
            f"const {self.pick(TYPES)} {name} = {self.value(2)};",
            f"let {name} = {self.value(1)};",
            f"output {self.pick(TYPES)} {name};",
            f"{self.pick(TYPES)} {name};",
            f"def {name}({self.pick(TYPES)} y) -> {self.pick(TYPES)} {{ return {self.value(1)}; }}",
            f"gate {name} y {{ {self.gate(0)} }}",
        ])  # fmt: skip

    def quantum(self, _: int) -> str:
        one, two = self.random.choice(NAMES), self.random.choice(NAMES)
        return self.random.choice([
            f"{one} = measure {two};", "c = measure q;", "b = measure q[0];", f"reset {one};",
            f"barrier {one}, {two};", f"delay[{self.value(1)}] {one};", f"measure {one} -> {two};",
            f"box {{ {self.gate(0)} }}",
        ])  # fmt: skip

    def branch(self, depth: int) -> str:
        condition = self.value(2)
        return self.random.choice([
            f"if ({condition}) {self.block(depth)}",
            f"if ({condition}) {self.block(depth)} else {self.block(depth)}",
            f"if ({condition}) {self.statement(0)}",
            f"switch ({condition}) {{ case {self.value(0)} {self.block(depth)} }}",
            f"switch ({condition}) {{ case 0, 1 {{ }} default {self.block(depth)} }}",
        ])  # fmt: skip

    def loop(self, depth: int) -> str:
        over = self.random.choice([f"[{self.value(1)}:{self.value(1)}]", "[0:2]", self.value(1)])
        return self.random.choice([
            f"for {self.pick(TYPES)} r in {over} {self.block(depth)}",
            f"for int r in [0:2] {self.block(depth)}",
            f"while ({self.value(2)}) {self.block(depth)}",
        ])  # fmt: skip

    def jump(self, _: int) -> str:
        return self.random.choice(["break;", "continue;", "end;", "return;", f"{self.value(2)};"])


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.stop()


@pytest.mark.parametrize("seed", range(30))
def test_a_program_from_the_grammar_runs_or_is_refused(seed: int, child: Child) -> None:
    grammar = Grammar(seed)
    texts = [grammar.program() for _ in range(20)]
    for text, outcome in zip(texts, child.run(texts), strict=True):
        check(text, outcome)


PIECES = [*"(){}[];,@+-*/<>=!~&|:\"'#$.\\\n\r\t 019eqc", "ctrl @", "pow(", "measure", "->", "**",
          "0x", "1e9", "if", "else", "for", "in", "while", "gate", "let", "const", "qubit", "bit",
          "/*", "*/", "//", "π", "é", "im", "ns", "==", "++", "box {", "int(", "array[", "def",
          "pragma", "end;", "gphase", "U(", "-1", "10**9", "true", "switch", "case", "return",
          "input", "output", "mutable", "sizeof(", "durationof(", "cal {", "\u2028"]  # fmt: skip


def mutant(text: str, random_: random.Random) -> str:
    """Mutate a program: remove, double, move or insert parts, and perhaps cut it off."""
    for _ in range(random_.randint(1, 6)):
        text = text or ";"
        start = random_.randrange(len(text))
        end = start + random_.choice([0, 0, 1, 1, 2, 5, 20, 60])
        elsewhere = random_.randrange(len(text))
        piece = random_.choice(
            [random_.choice(PIECES), "", text[start:end] * 2, text[elsewhere : elsewhere + 20]]
        )
        text = text[:start] + piece + text[end:]
    return text[: random_.randrange(len(text) + 1)] if random_.random() < 0.1 else text


@pytest.mark.parametrize("seed", range(20))
def test_a_mutated_program_runs_or_is_refused(seed: int, child: Child) -> None:
    random_ = random.Random(seed)
    sources = [path.read_text() for path in EXAMPLES] + [Grammar(seed).program()]
    texts = [mutant(random_.choice(sources), random_) for _ in range(20)]
    for text, outcome in zip(texts, child.run(texts), strict=True):
        check(text, outcome)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_program_that_is_cut_off_anywhere_runs_or_is_refused(path: Path, child: Child) -> None:
    whole = path.read_text()
    texts = [whole[:end] for end in range(1, len(whole), max(1, len(whole) // 60))]
    for text, outcome in zip(texts, child.run(texts), strict=True):
        check(text, outcome)
