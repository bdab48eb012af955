"""Random OpenQASM 3 programs for hypothesis: well typed, sure to end, nothing left undefined.

`programs()` draws the text of a program over at most four qubits that measures few of them before
its last statement, so that every history can be explored. Where the specification leaves the
width of an operation open, a cast or an assignment makes all readings agree.
"""

from collections.abc import Callable

from hypothesis import strategies as st
from numpy import ndindex

from tests.openqasm.programs_definitions import KINDS, Definitions, Names
from tests.openqasm.programs_scope import BIT, BOOL, Kind, Variable


class Program(Definitions):
    """Draws statements of every kind, in the order of the text."""

    in_loop = False

    def text(self) -> str:
        self.lines += ["OPENQASM 3.0;", 'include "stdgates.inc";']
        self.some(2, self.constant)
        self.some(2, self.gate_definition)
        self.some(2, self.function)
        self.declared_registers()
        self.some(2, self.output)
        if summed := self.chance(60):
            self.lines += ["output uint[16] seen;", "seen = 1;", "output float at;", "at = 0.0;"]
        self.some(2, self.array)
        self.prologue()
        self.some(3, self.declaration)
        for _ in range(3):
            self.statement()
        self.some(8, self.statement)
        self.last_measurement()
        if summed:
            self.summing_up()
        return "\n".join(self.lines) + "\n"

    def some(self, most: int, what: Callable[[], None]) -> None:
        for _ in range(self.upto(most)):
            what()

    # Statements

    def statement(self) -> None:
        options = [self.assignment, self.assignment, self.declaration, self.compound]
        options += [self.function_call, self.function_call, self.part_of_array, self.part_of_bits]
        options += [self.bit_alias]
        if self.all_qubits():
            options += [self.gate, self.gate, self.gate, self.measure, self.measure, self.measure]
            options += [self.broadcast, self.phase, self.alias, self.reset, self.nothing]
        if self.depth < 2 + self.in_function:
            options += [self.branch] * 4 + [self.loop] * 4 + [self.switch] * 2
            options += [self.bounded_while] * 2 + [self.anonymous]
        if self.functions and not self.in_function:
            options += [self.function_call] * 3
        if self.depth:
            options += [self.leave] * (4 if self.in_loop else 2)
        self.pick(options)()

    def block(self, head: str, *steps: Callable[[], None]) -> None:
        """Draw a block in a new scope."""
        self.line(f"{head} {{".strip())
        self.body(self.upto(2) + 1, *steps)

    def body(
        self, count: int, *last: Callable[[], None], first: str = "", own: Names | None = None
    ) -> None:
        self.depth += 1
        self.scopes.append(own or {})
        self.quantum.append({})
        if first:
            self.line(first)
        for _ in range(count):
            self.statement()
        for each in last:
            each()
        self.quantum.pop()
        self.scopes.pop()
        self.depth -= 1
        self.line("}")

    def assignment(self) -> None:
        kind = self.pick(KINDS[:12])
        places = self.places(kind, writable=True)
        if not places:
            return self.declaration()
        return self.line(f"{self.one(places)} = {self.assigned(kind)};")

    def compound(self) -> None:
        kind = self.pick(KINDS[:12])
        places = self.places(kind, writable=True) if kind not in (BIT, BOOL) else []
        if not places:
            return self.assignment()
        place = self.one(places)
        if kind.name == "bits":
            return self.line(f"{place} {self.pick('&|^')}= {self.bits(kind.width, 1)};")
        if kind.name == "angle":
            return self.line(f"{place} {self.pick('+-')}= {self.angle(kind)};")
        if kind.name == "float":
            return self.line(f"{place} {self.pick('+-')}= {self.real()};")
        if self.chance(30):
            return self.line(f"{place} {self.pick('/%')}= {1 + self.upto(4)};")
        return self.line(f"{place} {self.pick('+-*')}= {self.ring(kind, 1)};")

    def part_of_array(self) -> None:
        """Draw an assignment of an array, or of a slice, to another."""
        shapes = {n: self.visible()[n] for n in self.arrays()}
        pairs = [
            (a, b) for a in shapes for b in shapes if a != b and shapes[a].kind == shapes[b].kind
        ]
        pairs = [(a, b) for a, b in pairs if not shapes[a].frozen]
        same = [(a, b) for a, b in pairs if shapes[a].shape == shapes[b].shape]
        flat = [(a, b) for a, b in pairs if len(shapes[a].shape) == len(shapes[b].shape) == 1]
        if same and self.chance(40):
            one, two = self.pick(same)
            return self.line(f"{one} = {two};")
        if not flat:
            return self.assignment()
        one, two = self.pick(flat)
        left, right = self.span(shapes[one].shape[0], 2), self.span(shapes[two].shape[0], 2)
        return self.line(f"{one}[{left}] = {two}[{right}];")

    def part_of_bits(self) -> None:
        """Draw an assignment to bits of a register or of an integer."""
        kinds = [Kind("uint", 8), Kind("int", 8), Kind("uint", 4), Kind("int", 4), Kind("uint", 16)]
        names = self.named(*kinds, Kind("bits", 3), writable=True)
        if not names:
            return self.assignment()
        name = self.pick(names)
        width = self.visible()[name].kind.width
        if self.chance(40):
            return self.line(f"{name}[{self.index(width)}] = {self.boolean()};")
        return self.line(f"{name}[{self.span(width, 2)}] = {self.bits(2, 1)};")

    def branch(self) -> None:
        head = f"if ({self.boolean()})"
        if self.all_qubits() and self.chance(20):
            self.line(head)
            self.depth += 1
            self.gate()
            self.depth -= 1
            return
        self.block(head)
        if self.chance(40):
            self.lines[-1] += " else {"
            self.body(1 + self.upto(1))

    def anonymous(self) -> None:
        self.block("")

    def switch(self) -> None:
        kind = self.pick([Kind("int"), Kind("uint", 4), Kind("int", 8)])
        bits = self.registers()
        target = f"int({self.pick(bits)})" if bits and self.chance(50) else self.typed(kind)
        labels = list(self.draw(st.permutations(range(4))))
        self.line(f"switch ({target}) {{")
        self.depth += 1
        for _ in range(1 + self.upto(2)):
            one = [str(labels.pop()) for _ in range(1 + (len(labels) > 3 and self.chance(30)))]
            self.block(f"case {', '.join(one)}")
        if self.chance(60):
            self.block("default")
        self.depth -= 1
        self.line("}")

    def looping(self, head: str, turns: int, its: Names, first: str = "") -> None:
        """Draw a loop of at most so many passes; `its` are its own variables."""
        self.line(f"{head} {{")
        was = self.times, self.in_loop
        self.times, self.in_loop = self.times * turns, True
        self.body(1 + self.upto(2), first=first, own=its)
        self.times, self.in_loop = was

    def loop(self) -> None:
        name = self.fresh("i")
        self.pick(
            [self.over_range, self.over_range, self.over_set, self.over_bits, self.over_items]
        )(name)

    def over_range(self, name: str) -> None:
        kind = self.pick([Kind("int"), Kind("uint", 4), Kind("int", 8), Kind("uint")])
        uints = self.named(Kind("uint", 8), Kind("uint", 4), Kind("uint"))
        bounds = [("0:1", 1), ("0:2", 2), ("2:-1:0", 2), ("0:2:3", 2), ("1:2", 2), ("1:0", 0)]
        bounds += [(f"0:{each} % 3", 2) for each in uints]
        text, top = self.pick(bounds)
        self.looping(f"for {kind} {name} in [{text}]", 3, {name: Variable(kind, (), True, top)})

    def over_set(self, name: str) -> None:
        kind = self.pick([Kind("int", 8), Kind("uint", 4), Kind("int")])
        values = ", ".join(self.exact(kind, 1) for _ in range(1 + self.upto(2)))
        self.looping(f"for {kind} {name} in {{{values}}}", 3, {name: Variable(kind)})

    def over_bits(self, name: str) -> None:
        result = self.registers()
        if not result:
            return self.over_set(name)
        of = self.pick(result)
        its = self.visible()[of]
        own = {of: its._replace(frozen=True), name: Variable(BIT)}
        return self.looping(f"for bit {name} in {of}", its.kind.width, own)

    def over_items(self, name: str) -> None:
        result = [n for n in self.arrays() if len(self.visible()[n].shape) == 1]
        if not result:
            return self.over_range(name)
        of = self.pick(result)
        its = self.visible()[of]
        own = {of: its._replace(frozen=True), name: Variable(its.kind)}
        return self.looping(f"for {its.kind} {name} in {of}", its.shape[0], own)

    def bounded_while(self) -> None:
        """Draw a loop on a condition, limited by a counter; often repeat until success."""
        name, turns = self.fresh("n"), 1 + self.upto(2)
        counter = Variable(Kind("uint", 8), (), True, turns)
        self.line(f"uint[8] {name} = 0;")
        self.scopes[-1][name] = counter
        bits = self.named(BIT)
        condition = f"!{self.pick(bits)}" if bits and self.chance(50) else self.boolean()
        text = self.pick([f"{name} < {turns} && {condition}", f"{condition} && {name} < {turns}"])
        self.looping(f"while ({text})", turns, {}, first=f"{name} += 1;")

    def leave(self) -> None:
        """Draw a jump out of the loop, the function or the program, or nothing."""
        ways = []
        if self.in_loop:
            ways += ["break;", "continue;"]
        if self.in_function:
            ways.append(f"return {self.assigned(self.returns, 1)};" if self.returns else "return;")
        if not self.in_function and self.chance(30):
            ways.append("end;")
        if ways:
            self.line(f"if ({self.boolean()}) {{ {self.pick(ways)} }}")

    def summing_up(self) -> None:
        """Write two outputs that depend on every variable, so that a wrong value is visible."""
        for name, it in self.visible().items():
            indices = (
                [f"[{', '.join(map(str, at))}]" for at in ndindex(it.shape)] if it.shape else [""]
            )
            for index in indices:
                if it.kind.name in ("float", "angle"):
                    self.line(f"at = 0.5 * at + sin({name}{index});")
                elif it.kind.name == "bits":
                    self.line(f"seen = seen * 31 + uint[16](uint[{it.kind.width}]({name}));")
                else:
                    self.line(f"seen = seen * 31 + uint[16]({name}{index});")

    def last_measurement(self) -> None:
        """Turn phases into probabilities, and measure as many qubits as a register has bits."""
        for number in self.all_qubits():
            if gate := self.pick(["h", "ry(0.7)", "sx", "", "rx(1.9)"]):
                self.line(f"{gate} {self.qubit(number)};")
        registers = [n for n in self.scopes[0] if n in self.registers() and n.startswith("c")]
        name = max(registers, key=lambda n: self.scopes[0][n].kind.width)
        width = self.scopes[0][name].kind.width
        part = self.part(width)
        if part and self.chance(50):
            return self.line(f"{name} = measure {part[0]};")
        for place, qubit in zip(range(width), self.all_qubits(), strict=False):
            self.line(f"{name}[{place}] = measure {self.qubit(qubit)};")
        return None


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Draw the text of a program."""
    return Program(draw).text()
