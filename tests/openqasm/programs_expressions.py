"""Expressions of random programs, each drawn for a type."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st

from tests.openqasm.programs_scope import ANGLES, BIT, BOOL, Function, Kind, Scope, Variable


class Expressions(Scope):
    """Draws expressions over the names in scope."""

    # Whole numbers

    def literal(self, kind: Kind) -> str:
        most = 2 ** min(kind.width or 8, 8) - 1
        if kind.name == "uint":
            number = self.draw(st.integers(0, most))
            forms = [str(number), hex(number), bin(number), oct(number)]
            return self.pick([str(number), *forms])
        return str(self.draw(st.integers(-(most // 2) - 1, most // 2)))

    def typed(self, kind: Kind, depth: int = 1) -> str:
        """Draw an expression of exactly that type, safe as the operand of any operator."""
        places = self.places(kind)
        if places and (depth <= 0 or self.chance(70)):
            return self.one(places)
        return f"{kind}({self.castable(kind, depth - 1)})"

    def exact(self, kind: Kind, depth: int = 1) -> str:
        """Draw an expression with a value of that type; a literal may have another type."""
        if depth <= 0 or self.chance(20):
            return self.one([*self.places(kind), partial(self.literal, kind)])
        calls = self.calls(kind, depth)
        if calls and self.chance(30):
            return self.one(calls)
        if self.chance(15):
            op, by = self.pick("/%"), 1 + self.upto(6)
            return f"{kind}({self.typed(kind, depth - 1)} {op} {by})"
        return self.typed(kind, depth)

    def castable(self, kind: Kind, depth: int) -> str:
        """Draw an operand of a cast to an integer type."""
        forms: list[Any] = [lambda: self.measured(kind), lambda: self.literal(kind)]
        forms += [lambda: self.boolean(0), lambda: self.measured(kind)]
        if depth > 0:
            forms += [lambda: self.other(kind, depth), self.counted, lambda: self.fraction(kind)]
            forms += [lambda: self.ring(kind, depth), lambda: self.ring(kind, depth)]
        return self.one(forms)

    def other(self, kind: Kind, depth: int) -> str:
        """Draw an integer of another type: a cast of it wraps, or keeps the bits."""
        widths = [kind.width or 8, 8, 4]
        kinds = [Kind(name, width) for name in ("int", "uint") for width in widths]
        return self.typed(self.pick([self.a_number(), *kinds]), depth - 1)

    def measured(self, kind: Kind) -> str:
        """Draw bits, most of them measured; of the exact width if the type has one."""
        return self.bits(kind.width, 0) if kind.width else self.bits(3, 0)

    def counted(self) -> str:
        if arrays := self.arrays():
            name = self.pick(arrays)
            inner = f", {self.upto(len(self.visible()[name].shape) - 1)}" if self.chance(50) else ""
            return f"sizeof({name}{inner})"
        return f"popcount({self.bits(3, 0)})"

    def fraction(self, kind: Kind) -> str:
        """Draw a float in the range of the type; its fraction is discarded."""
        sine = f"sin({self.real(0)})"
        return f"7.3 * {sine}" if kind.name == "int" else f"(1.0 + {sine}) * 3.1"

    def ring(self, kind: Kind, depth: int) -> str:
        """Draw sums and products, which agree modulo 2**width for any width of the operation.

        Only a cast or an assignment to that type may take it.
        """
        if kind.name == "uint" and kind.width and self.chance(30):
            return self.bitwise(kind, depth)
        text = self.term(kind, depth)
        for _ in range(self.upto(2)):
            text += f" {self.pick('+-*')} {self.term(kind, depth)}"
        if (bits := self.named(BIT)) and self.chance(15):
            text += f" + {self.pick(bits)}"
        return text

    def term(self, kind: Kind, depth: int) -> str:
        exact = self.exact(kind, depth)
        forms = [exact, exact]
        if not exact.startswith("-"):
            forms += [f"{exact} ** {self.upto(3)}", f"-{exact}"]
        return self.pick(forms)

    def bitwise(self, kind: Kind, depth: int) -> str:
        """Draw operators between operands of one type that all keep the type."""
        text = self.shifted(kind, depth)
        for _ in range(self.upto(2)):
            text += f" {self.pick('&|^')} {self.shifted(kind, depth)}"
        return text

    def shifted(self, kind: Kind, depth: int) -> str:
        operand = (
            self.bits(kind.width, depth - 1) if kind.name == "bits" else self.typed(kind, depth)
        )
        places = self.pick([1, kind.width - 1, 2, 0, kind.width])
        return self.pick(
            [
                operand,
                f"({operand})",
                f"~({operand})",
                f"({operand}) {self.pick(['<<', '>>'])} {places}",
                f"{self.pick(['rotl', 'rotr'])}({operand}, {places})",
            ]
        )

    # Truth, bits

    def boolean(self, depth: int = 2) -> str:
        places = self.places(BOOL)
        if depth <= 0 or self.chance(30):
            return self.one(places or [self.fallback_condition])
        if (calls := self.calls(BIT, depth) + self.calls(BOOL, depth)) and self.chance(30):
            return self.one(calls)
        if self.chance(40):
            left, right = self.boolean(depth - 1), self.boolean(depth - 1)
            return f"({left} {self.pick(['&&', '||'])} {right})"
        if self.chance(20):
            return f"!({self.boolean(depth - 1)})"
        return self.comparison(depth)

    def fallback_condition(self) -> str:
        """Draw a condition on a number, if nothing else is in scope."""
        for name, it in self.visible().items():
            if it.kind.name in ("int", "uint") and not it.shape:
                return f"({name} {self.relation()} {self.upto(5)})"
        return self.pick(["true", "false"])

    def comparison(self, depth: int) -> str:
        forms = [self.compared_integers, self.compared_integers, self.compared_bits]
        forms += [self.compared_floats, self.compared_angles]
        return f"({self.pick(forms)(depth)})"

    def relation(self) -> str:
        return self.pick(["==", "!=", "<", "<=", ">", ">="])

    def compared_integers(self, depth: int) -> str:
        kind = self.a_number()
        return f"{self.typed(kind, depth - 1)} {self.relation()} {self.exact(kind, depth - 1)}"

    def a_number(self) -> Kind:
        """Draw an integer type, preferably that of a variable in scope."""
        result = {it.kind for it in self.visible().values() if it.kind.name in ("int", "uint")}
        return self.pick([*sorted(result), *sorted(result), Kind("int", 8), Kind("uint", 4)])

    def compared_bits(self, depth: int) -> str:
        width = self.pick([2, 3])
        left = self.bits(width, depth - 1)
        right = self.pick([self.bits(width, 0), str(self.upto(2**width - 1))])
        return f"({left}) {self.pick(['==', '!='])} {right}"

    def compared_floats(self, depth: int) -> str:
        return f"{self.real(depth - 1)} {self.pick(['<', '>'])} {self.upto(40)}.37 / 16"

    def compared_angles(self, depth: int) -> str:
        kind = Kind("angle", self.pick([5, 8]))
        left, right = self.angle(kind, depth - 1), self.angle(kind, 0)
        return f"({left}) {self.relation()} ({right})"

    def bits(self, width: int, depth: int) -> str:
        """Draw bits for a register."""
        whole = self.registers(width)
        parts = [n for n in self.registers() if self.visible()[n].kind.width > width]
        if depth <= 0:
            slices = [partial(self.slice_of, name, width) for name in parts]
            return self.one([*whole * 3, *slices * 2, partial(self.string, width)])
        uint = Kind("uint", width)
        if self.chance(30):
            return f"bit[{width}]({self.typed(uint, depth - 1)})"
        return f"({self.bitwise(Kind('bits', width), depth - 1)})"

    def slice_of(self, name: str, width: int) -> str:
        return f"{name}[{self.span(self.visible()[name].kind.width, width)}]"

    def string(self, width: int) -> str:
        return f'"{self.draw(st.integers(0, 2**width - 1)):0{width}b}"'

    # Reals

    def real(self, depth: int = 1) -> str:
        """Draw a float that stays small, so that it never overflows."""
        places = self.places(Kind("float")) + self.places(Kind("float", 64))
        literal = f"{self.draw(st.integers(-30, 30)) / 8}"
        if depth <= 0:
            return self.one([literal, *places])
        inner = self.real(depth - 1)
        calls = self.calls(Kind("float"), depth)
        return self.one([literal, *places, *calls, partial(self.function_of, inner)])

    def function_of(self, inner: str) -> str:
        return self.one(
            [
                lambda: f"{self.pick(['sin', 'cos', 'arctan'])}({inner})",
                lambda: f"({inner} {self.pick('+-')} {self.real(0)})",
                lambda: f"{self.pick(['2', '0.5', '-1.25'])} * {inner}",
                lambda: f"({inner}) / {self.pick(['4', '1.6'])}",
                f"sqrt(1.5 + sin({inner}))",
                f"exp(cos({inner}))",
                f"log(2.5 + cos({inner}))",
                lambda: f"{self.pick(['floor', 'ceiling'])}({inner} + 0.123)",
                lambda: f"(1.1 + sin({inner})) ** {self.pick(['2', '0.5', '-1', '2 ** 2'])}",
                f"mod(3.5 + sin({inner}), 1.3)",
                lambda: f"float[64]({self.typed(Kind('int', 8), 0)})",
                lambda: f"{self.typed(Kind('uint', 4), 0)} * 0.25",
                lambda: f"sin({self.angle(Kind('angle', 8), 0)})",
                f"arcsin(sin({inner}))",
            ]
        )

    def angle(self, kind: Kind, depth: int = 1) -> str:
        """Draw an angle of exactly that type."""
        places = self.places(kind)
        cast = f"{kind}({self.pick(['pi/2', 'pi/4', '3*pi/8', '1.1', '-0.7', '5*pi/4'])})"
        if depth <= 0:
            return self.one([cast, *places])
        left = self.angle(kind, depth - 1)
        forms: list[Any] = [left, f"-({left})"]
        forms += [lambda: f"{left} {self.pick('+-')} {self.angle(kind, depth - 1)}"]
        if kind.width:
            uint = Kind("uint", kind.width)
            forms += [
                lambda: f"({left}) * {self.typed(uint, 0)}",
                lambda: f"{self.typed(uint, 0)} * ({left})",
                lambda: f"({left}) / {uint}({1 + self.upto(3)})",
                lambda: f"({left}) {self.pick('&|^')} ({self.angle(kind, depth - 1)})",
                lambda: f"({left}) {self.pick(['<<', '>>'])} 1",
                f"~({left})",
                lambda: f"{kind}({self.bits(kind.width, 0)})",
            ]
        return self.one(forms)

    # Whatever a variable or a parameter takes

    def assigned(self, kind: Kind, depth: int = 2) -> str:
        if kind.name in ("int", "uint"):
            text = self.ring(kind, depth)
            return text if self.varies(text) else f"{kind}({text})"
        if kind.name == "bits":
            return self.bits(kind.width, depth)
        if kind.name == "float":
            return self.real(depth)
        if kind.name == "angle":
            return self.one([self.pick(ANGLES), partial(self.angle, kind, depth - 1)])
        return self.boolean(depth)

    def varies(self, text: str) -> bool:
        """Return True for a non-constant: constants that do not fit a type may be refused."""
        constants = {name for name in self.visible() if name.startswith("k")}
        text = re.sub(r"sizeof\([^)]*\)", "", text)
        names = {*self.visible(), *(function.name for function in self.functions)}
        return bool(set(re.findall(r"\b[a-z]+[0-9]+\b", text)) & names - constants)

    def simple(self, kind: Kind) -> str:
        """Draw the value of a constant."""
        if kind.name in ("int", "uint"):
            return self.literal(kind)
        if kind.name == "bits":
            return self.string(kind.width)
        if kind.name in ("float", "angle"):
            return self.pick(ANGLES)
        return self.pick(["true", "false"])

    def calls(self, kind: Kind, depth: int) -> list[Any]:
        """Return the calls of pure functions that return that kind, as options for `one`."""
        fitting = [f for f in self.functions if f.pure and f.result == kind]
        return [partial(self.called, each, depth - 1) for each in fitting if self.callable(each)]

    def callable(self, function: Function) -> bool:
        arrays = [each for each in function.parameters if isinstance(each, Variable)]
        return all(self.references(each) for each in arrays)

    def references(self, parameter: Variable) -> list[Any]:
        """Return one-dimensional parts of arrays that can be passed, as options for `one`."""
        return [
            partial(self.viewed, name)
            for name in self.arrays(parameter.kind, writable=not parameter.frozen)
        ]

    def viewed(self, name: str) -> str:
        """Draw such a part, of at least two elements."""
        shape = self.visible()[name].shape
        if len(shape) == 2:
            return f"{name}[{self.index(shape[0])}]"
        return self.one([name, lambda: f"{name}[{self.span(shape[0], 2)}]"])

    def called(self, function: Function, depth: int, more: Sequence[str] = ()) -> str:
        arguments = [
            self.one(self.references(each)) if isinstance(each, Variable)
            else self.assigned(each, depth) for each in function.parameters
        ]  # fmt: skip
        return f"{function.name}({', '.join([*arguments, *more])})"
