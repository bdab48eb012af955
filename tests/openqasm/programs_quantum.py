"""Quantum statements of random programs: gates, modifiers, broadcasts, measurements."""

from functools import partial
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.openqasm.programs_expressions import Expressions
from tests.openqasm.programs_scope import ANGLES, BIT, BOOL, Kind, Variable

MEASURED_ON_THE_WAY = 4
"""Qubits that are measured or reset on any path before the last statement."""

GATES = {
    "h": (0, 1), "x": (0, 1), "ry": (1, 1), "cx": (0, 2), "rz": (1, 1), "sx": (0, 1), "t": (0, 1),
    "y": (0, 1), "z": (0, 1), "s": (0, 1), "sdg": (0, 1), "tdg": (0, 1), "id": (0, 1),
    "p": (1, 1), "rx": (1, 1), "phase": (1, 1), "u1": (1, 1), "u2": (2, 1), "u3": (3, 1),
    "U": (3, 1), "cy": (0, 2), "cz": (0, 2), "ch": (0, 2), "swap": (0, 2), "cp": (1, 2),
    "cphase": (1, 2), "crx": (1, 2), "cry": (1, 2), "crz": (1, 2), "cu": (4, 2), "CX": (0, 2),
    "ccx": (0, 3), "cswap": (0, 3),
}  # fmt: skip
"""The numbers of parameters and qubits of each gate."""

COMMUTING = ["cx", "cz", "cp", "ch", "crx"]
"""Gates whose calls commute if a broadcast shares one operand."""

ROOTS = ["x", "y", "z", "s", "sx", "rx", "ry", "p", "h", "swap"]
"""Gates of which to take real powers."""


SMALL = [Kind("int", 4), Kind("uint", 4), Kind("int", 8), Kind("uint", 8), Kind("uint", 2)]
"""Integers in angles and exponents."""


class Register(NamedTuple):
    """Qubits by number. A single one is not written with an index."""

    qubits: tuple[int, ...]
    single: bool = False


class Quantum(Expressions):
    """Draws lines; `remaining` qubits may still be measured, each in `times` passes."""

    def __init__(self, draw: st.DrawFn) -> None:
        super().__init__(draw)
        self.lines: list[str] = []
        self.depth = 0
        self.quantum: list[dict[str, Register]] = [{}]
        self.gates: dict[str, tuple[int, int]] = dict(GATES)
        self.remaining, self.times, self.count = MEASURED_ON_THE_WAY, 1, 0

    def line(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def afford(self, qubits: int) -> bool:
        return qubits * self.times <= self.remaining

    def spend(self, qubits: int) -> None:
        self.remaining -= qubits * self.times

    # Operands

    def qregisters(self) -> dict[str, Register]:
        return {name: it for scope in self.quantum for name, it in scope.items()}

    def all_qubits(self) -> list[int]:
        return sorted({q for it in self.qregisters().values() for q in it.qubits})

    def qubit(self, number: int) -> str:
        """Draw the text of a qubit."""
        result = []
        for name, (qubits, single) in self.qregisters().items():
            if number in qubits:
                place = qubits.index(number)
                result += (
                    [name] if single else [f"{name}[{place}]", f"{name}[{place - len(qubits)}]"]
                )
        return self.pick(result)

    def some_qubits(self, count: int) -> list[int]:
        return list(self.draw(st.permutations(self.all_qubits())))[:count]

    def moving_qubit(self) -> str:
        """Draw a qubit whose index may be known only at run time."""
        wide = [(n, len(it.qubits)) for n, it in self.qregisters().items() if not it.single]
        if not wide:
            return self.qubit(self.pick(self.all_qubits()))
        name, size = self.pick(wide)
        return f"{name}[{self.index(size)}]"

    def part(self, size: int = 0) -> tuple[str, int, tuple[int, ...]] | None:
        """Draw a register, a slice or a set of its qubits: text, size, qubits."""
        wide = [
            (name, it.qubits)
            for name, it in self.qregisters().items()
            if not it.single and len(it.qubits) >= max(size, 1)
        ]
        if not wide:
            return None
        name, qubits = self.pick(wide)
        length = size or 1 + self.upto(len(qubits) - 1)
        if length == len(qubits) and self.chance(70):
            return name, length, qubits
        places = list(self.draw(st.permutations(range(len(qubits)))))[:length]
        if self.chance(50):
            return (
                f"{name}[{{{', '.join(map(str, places))}}}]",
                length,
                tuple(qubits[i] for i in places),
            )
        start = self.upto(len(qubits) - length)
        stop = start + length - 1
        form = self.pick([f"{start}:{stop}", f"{start}:1:{stop}", f"{start}:{stop - len(qubits)}"])
        return f"{name}[{form}]", length, qubits[start : stop + 1]

    # Gates

    def parameter(self) -> str:
        angles = self.named(Kind("angle"), Kind("angle", 5), Kind("angle", 8))
        turns = [f"pi * {name} / 4" for name in self.named(*SMALL)]
        angle = partial(self.pick, ANGLES)
        return self.one([angle, angle, partial(self.real, 1), *angles, *turns])

    def call(self, name: str, parameters: int, modifiers: str, operands: list[str]) -> str:
        values = ", ".join(self.parameter() for _ in range(parameters))
        return f"{modifiers}{name}{f'({values})' if parameters else ''} {', '.join(operands)};"

    def gate(self) -> None:
        """Draw a gate, perhaps with modifiers."""
        room = len(self.all_qubits())
        names = [n for n, (_, qubits) in self.gates.items() if qubits <= room]
        own = [n for n in names if n not in GATES]
        name = self.pick(own if own and self.chance(50) else names)
        parameters, qubits = self.gates[name]
        modifiers, controls = self.modifiers(name, room - qubits) if self.chance(50) else ("", 0)
        places = self.some_qubits(qubits + controls)
        operands = [self.qubit(each) for each in places]
        if len(operands) == 1 and self.chance(30):
            operands = [self.moving_qubit()]
        self.line(self.call(name, parameters, modifiers, operands))

    def modifiers(self, name: str, room: int) -> tuple[str, int]:
        """Draw modifiers, and the number of qubits that they add."""
        text, added = "", 0
        for _ in range(1 + self.upto(1)):
            each = self.pick(["inv", "pow(2)", "ctrl", "negctrl", "pow(-1)", "pow(3)", "ctrl(2)",
                              "negctrl(2)", "pow(0)"])  # fmt: skip
            controls = 2 if "(2)" in each and "ctrl" in each else int("ctrl" in each)
            if added + controls <= room:
                text, added = f"{text}{each} @ ", added + controls
        if (exponents := self.named(*SMALL)) and self.chance(15):
            text += f"pow({self.pick(exponents)}) @ "
        if name in ROOTS and self.chance(30):
            text += self.pick(["pow(0.5) @ ", "pow(1.0/3) @ ", "pow(-0.25) @ ", "pow(1.5) @ "])
        return text, added

    def broadcast(self) -> None:
        part = self.part()
        if part is None:
            return self.gate()
        text, size, qubits = part
        others = [q for q in self.all_qubits() if q not in qubits]
        if others and self.chance(40):
            name = self.pick(COMMUTING)
            operands = [self.qubit(self.pick(others)), text]
            if self.chance(50):
                operands.reverse()
            return self.line(self.call(name, GATES[name][0], "", operands))
        if size > 1 and self.chance(30) and (pair := self.pair()):
            name = self.pick(["cx", "swap", "cp", "cu"])
            return self.line(self.call(name, GATES[name][0], "", pair))
        name = self.pick([n for n, (_, count) in self.gates.items() if count == 1])
        modifiers = self.pick(["", "", "inv @ ", "pow(2) @ "])
        return self.line(self.call(name, self.gates[name][0], modifiers, [text]))

    def pair(self) -> list[str] | None:
        """Draw two registers of one size that share no qubit."""
        one, two = self.part(2), self.part(2)
        if one and two and not set(one[2]) & set(two[2]):
            return [one[0], two[0]]
        return None

    def phase(self) -> None:
        controls = self.upto(min(2, len(self.all_qubits())))
        modifiers = "".join(
            self.pick(["ctrl @ ", "negctrl @ ", "inv @ ctrl @ "]) for _ in range(controls)
        )
        operands = ", ".join(map(self.qubit, self.some_qubits(controls)))
        self.line(f"{modifiers}gphase({self.parameter()}) {operands}".rstrip() + ";")

    def nothing(self) -> None:
        qubit = self.qubit(self.pick(self.all_qubits()))
        self.line(self.pick(["barrier {};", "delay[20ns] {};", "box {{ id {}; }}"]).format(qubit))

    def gate_definition(self) -> None:
        """Draw a gate of one or two qubits, with a body of earlier gates."""
        name, parameters, qubits = self.fresh("g"), self.upto(2), 1 + self.upto(1)
        names, operands = ["a", "b"][:parameters], ["m", "n"][:qubits]
        parameter_list = f"({', '.join(names)})" if names else ""
        self.line(f"gate {name}{parameter_list} {', '.join(operands)} {{")
        self.depth += 1
        for _ in range(self.upto(3)):
            self.line(self.gate_body(names, operands))
        self.depth -= 1
        self.line("}")
        self.gates[name] = (parameters, qubits)

    def gate_body(self, names: list[str], operands: list[str]) -> str:
        values = [*names, *(f"-{n}/2" for n in names), *(f"sin({n}) + {n}" for n in names), "pi/3"]
        if self.chance(20):
            control = self.pick(["", "ctrl @ "])
            return f"{control}gphase({self.pick(values)}){f' {operands[0]}' if control else ''};"
        called = self.pick([n for n, (_, count) in self.gates.items() if count <= len(operands)])
        parameters, qubits = self.gates[called]
        places = list(self.draw(st.permutations(operands)))[:qubits]
        modifier = self.pick(["", "", "inv @ ", "pow(2) @ ", "ctrl @ ", "negctrl @ "])
        if "ctrl" in modifier:
            modifier = modifier if qubits < len(operands) else ""
            places = list(self.draw(st.permutations(operands))) if modifier else places
        arguments = ", ".join(self.pick(values) for _ in range(parameters))
        return f"{modifier}{called}{f'({arguments})' if parameters else ''} {', '.join(places)};"

    # Measuring

    def measure(self) -> None:
        forms: list[Any] = [self.measure_one, self.measure_one, self.measure_many, self.measure_new]
        if self.afford(1):
            self.pick(forms)()

    def measure_one(self) -> None:
        qubit = self.moving_qubit()
        self.spend(1)
        places = self.places(BIT, writable=True)
        if not places or self.chance(5):
            return self.line(f"measure {qubit};")
        target = self.one(places)
        return self.line(
            self.pick([f"{target} = measure {qubit};", f"measure {qubit} -> {target};"])
            if not self.is_bool(target)
            else f"{target} = measure {qubit};"
        )

    def is_bool(self, target: str) -> bool:
        return target in self.named(BOOL)

    def measure_many(self) -> None:
        part = self.part(2)
        if part is None or not self.afford(2):
            return self.measure_one()
        targets = [n for n in self.registers(writable=True) if self.visible()[n].kind.width >= 2]
        if not targets:
            return self.measure_one()
        self.spend(2)
        name = self.pick(targets)
        width = self.visible()[name].kind.width
        target = name if width == 2 else f"{name}[{self.span(width, 2)}]"
        return self.line(f"{target} = measure {part[0]};")

    def measure_new(self) -> None:
        name, qubit = self.fresh("m"), self.moving_qubit()
        self.spend(1)
        self.line(f"bit {name} = measure {qubit};")
        self.scopes[-1][name] = Variable(BIT)

    def reset(self) -> None:
        if self.afford(1):
            self.line(f"reset {self.moving_qubit()};")
            self.spend(1)
