"""Declarations of random programs: constants, registers, variables, arrays, aliases, functions."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from tests.openqasm.programs_quantum import Quantum, Register
from tests.openqasm.programs_scope import BIT, BOOL, Function, Kind, Variable

KINDS = [
    Kind("int", 8), Kind("uint", 8), BIT, Kind("bits", 3), Kind("uint", 4), BOOL, Kind("float"),
    Kind("angle", 5), Kind("int"), Kind("int", 4), Kind("uint"), Kind("bits", 2),
    Kind("angle", 8), Kind("float", 64), Kind("angle"), Kind("uint", 16), Kind("int", 32),
]  # fmt: skip
ELEMENTS = [Kind("int", 8), Kind("uint", 8), Kind("float", 64), Kind("uint", 4), Kind("angle", 8),
            BOOL]  # fmt: skip
REGISTERS = [
    ["qubit[2] q;"], ["qubit[3] q;"], ["qubit a;", "qubit[2] q;"], ["qubit[4] q;"],
    ["qubit[2] q;", "qubit[2] r;"], ["qubit[1] a;", "qubit b;", "qubit[2] q;"],
]  # fmt: skip


Names = dict[str, Variable]


class Definitions(Quantum, ABC):
    """Draws declarations; `returns` is the return type of the current function."""

    returns: Kind | None = None
    in_function = False

    @abstractmethod
    def body(
        self, count: int, *last: Callable[[], None], first: str = "", own: Names | None = None
    ) -> None:
        """Draw the rest of a block: statements in a scope with `own` names, and the brace."""

    @abstractmethod
    def assignment(self) -> None:
        """Draw a statement that assigns to a variable."""

    def constant(self) -> None:
        name, kind = self.fresh("k"), self.pick(KINDS)
        self.line(f"const {kind} {name} = {self.simple(kind)};")
        self.scopes[0][name] = Variable(kind, frozen=True)

    def declared_registers(self) -> None:
        for text in self.pick(REGISTERS):
            first = len(self.all_qubits())
            name = text.rstrip(";").split()[1]
            size = int(text[6]) if "[" in text else 1
            self.line(text)
            self.quantum[0][name] = Register(tuple(range(first, first + size)), "[" not in text)
        size = len(self.all_qubits())
        for width in self.pick([[size], [size, 0], [0, size], [size, 3], [2, size], [size - 1]]):
            name, kind = self.fresh("c"), Kind("bits", width) if width else BIT
            start = f" = {self.simple(kind)}" if self.chance(40) else ""
            self.line(f"{kind} {name}{start};")
            self.scopes[0][name] = Variable(kind)

    def output(self) -> None:
        name, kind = self.fresh("out"), self.pick(KINDS)
        self.line(f"output {kind} {name};")
        self.line(f"{name} = {self.assigned(kind, 0)};")
        self.scopes[0][name] = Variable(kind)

    def array(self) -> None:
        name, kind, shape = (
            self.fresh("v"),
            self.pick(ELEMENTS),
            self.pick([(3,), (2,), (4,), (2, 3)]),
        )
        its = Variable(kind, shape)
        self.line(f"{its} {name} = {self.array_literal(kind, shape)};")
        self.scopes[0][name] = its

    def array_literal(self, kind: Kind, shape: tuple[int, ...]) -> str:
        if not shape:
            return self.assigned(kind, 0)
        return "{" + ", ".join(self.array_literal(kind, shape[1:]) for _ in range(shape[0])) + "}"

    def declaration(self) -> None:
        """Draw a new variable; in an inner scope it may shadow another one."""
        kind, name = self.pick(KINDS), self.fresh("x")
        hidden = [
            n for n, it in self.visible().items() if not it.frozen and n not in self.scopes[-1]
        ]
        if len(self.scopes) > 1 and hidden and self.chance(25):
            name = self.pick(hidden)
        self.line(f"{kind} {name} = {self.assigned(kind)};")
        self.scopes[-1][name] = Variable(kind)

    def alias(self) -> None:
        one, two = self.part(), self.part()
        if one is None or two is None:
            return
        name = self.fresh("let")
        if set(one[2]) & set(two[2]):
            self.line(f"let {name} = {one[0]};")
            self.quantum[-1][name] = Register(one[2])
        else:
            self.line(f"let {name} = {one[0]} ++ {two[0]};")
            self.quantum[-1][name] = Register(one[2] + two[2])

    def bit_alias(self) -> None:
        result = [n for n in self.registers(writable=True) if self.visible()[n].kind.width >= 2]
        if result:
            name, of = self.fresh("let"), self.pick(result)
            self.line(f"let {name} = {self.slice_of(of, 2)};")
            self.scopes[-1][name] = Variable(Kind("bits", 2))

    def prologue(self) -> None:
        """Draw superpositions, and measured bits that flow into numbers."""
        for number in self.all_qubits():
            gate = self.pick(["h", "ry(0.9)", "ry(2.3)", "sx", "rx(pi/3)", ""])
            if gate:
                self.line(f"{gate} {self.qubit(number)};")
        self.measure()
        self.gate()
        if self.chance(50):
            self.measure()
        self.gate()
        for name in self.registers()[:1]:
            width = self.visible()[name].kind.width
            kind = self.pick([Kind("uint", width), Kind("int", width), Kind("int"), Kind("uint")])
            cast = self.fresh("x")
            self.line(f"{kind} {cast} = {kind}({name});")
            self.scopes[-1][cast] = Variable(kind)

    # Functions

    def function(self) -> None:
        template = self.pick(
            [self.any_function, self.any_function, self.over_array, self.recursion]
        )
        saved = self.scopes, self.quantum, self.remaining, self.times
        constants = {n: it for n, it in self.scopes[0].items() if it.frozen}
        self.scopes, self.quantum, self.in_function = [constants, {}], [{}], True
        self.remaining = min(self.remaining, 2)
        budget = self.remaining
        try:
            database = template(self.fresh("f"))
        finally:
            measured = budget - self.remaining
            self.scopes, self.quantum, self.remaining, self.times = saved
            self.in_function, self.returns = False, None
        self.functions.append(database._replace(measured=measured))

    def any_function(self, name: str) -> Function:
        """Draw a function of values and perhaps of qubits."""
        self.returns = self.pick([*KINDS[:8], None])
        kinds: list[Any] = [self.pick(KINDS) for _ in range(self.upto(2))]
        names = [self.fresh("p") for _ in kinds]
        sizes = [self.pick([1, 0, 2]) for _ in range(self.upto(2))] or ([0] if not kinds else [])
        parameter_texts = [f"{kind} {p}" for kind, p in zip(kinds, names, strict=True)]
        self.scopes[-1] |= {p: Variable(kind) for kind, p in zip(kinds, names, strict=True)}
        for size in sizes:
            first, p = len(self.all_qubits()), self.fresh("q")
            self.quantum[-1][p] = Register(tuple(range(first, first + max(size, 1))), size == 0)
            parameter_texts.append(f"qubit[{size}] {p}" if size else f"qubit {p}")
        result = f" -> {self.returns}" if self.returns else ""
        self.line(f"def {name}({', '.join(parameter_texts)}){result} {{")
        self.body(1 + self.upto(3), self.returned, own=self.scopes.pop())
        return Function(name, kinds + sizes, self.returns, 0, not sizes)

    def returned(self) -> None:
        if self.returns is None:
            return
        if self.returns == BIT and self.all_qubits() and self.afford(1) and self.chance(50):
            self.spend(1)
            self.line(f"return measure {self.qubit(self.pick(self.all_qubits()))};")
        else:
            self.line(f"return {self.assigned(self.returns)};")

    def over_array(self, name: str) -> Function:
        """Draw a function that sums, and perhaps changes, an array of unknown length."""
        kind, mutable = self.pick(ELEMENTS[:4]), self.chance(50)
        access = "mutable" if mutable else "readonly"
        self.scopes[-1]["by0"] = Variable(kind)
        self.line(f"def {name}({access} array[{kind}, #dim = 1] v, {kind} by0) -> {kind} {{")
        self.line(f"  {kind} sum = {self.assigned(kind, 1)};")
        self.line("  for uint i in [0:sizeof(v) - 1] {")
        self.line("    sum += v[i];")
        if mutable:
            self.line(f"    v[i] = {self.assigned(kind, 1)};")
            self.line("    v[-1] -= by0;")
        self.lines += ["  }", "  return sum;", "}"]
        return Function(name, [Variable(kind, (0,), not mutable), kind], kind, 0, not mutable)

    def recursion(self, name: str) -> Function:
        kind = Kind("uint", 4)
        self.line(f"def {name}({kind} n) -> {kind} {{")
        self.line("  if (n < 2) { return 1; }")
        self.line(f"  return n {self.pick('+*')} {name}({kind}(n - 1));")
        self.line("}")
        return Function(name, [kind], kind, 0, True)

    def function_call(self) -> None:
        """Draw a call with effects, as the whole right side of a statement."""
        fitting = [f for f in self.functions if self.afford(f.measured) and self.callable(f)]
        if self.in_function or not fitting:
            return self.assignment()
        function = self.pick(fitting)
        qubits = self.arguments([each for each in function.parameters if isinstance(each, int)])
        if qubits is None:
            return self.assignment()
        self.spend(function.measured)
        values = [each for each in function.parameters if not isinstance(each, int)]
        call = self.called(function._replace(parameters=values), 1, qubits)
        targets = self.places(function.result, writable=True) if function.result else []
        if not targets or self.chance(10):
            return self.line(f"{call};")
        return self.line(f"{self.one(targets)} = {call};")

    def arguments(self, sizes: list[int]) -> list[str] | None:
        """Draw distinct qubits and registers; None if there are too few."""
        texts, claims = [], set[int]()
        for size in sizes:
            free = [q for q in self.all_qubits() if q not in claims]
            if size:
                part = self.part(size)
                if part is None or claims & set(part[2]):
                    return None
                texts.append(part[0])
                claims |= set(part[2])
            elif not free:
                return None
            else:
                claims.add(free[-1])
                texts.append(self.qubit(free[-1]))
        return texts
