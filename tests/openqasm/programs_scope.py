"""Scopes of a random program, and references to their names."""

from functools import partial
from typing import Any, NamedTuple

from hypothesis import strategies as st


class Kind(NamedTuple):
    """A scalar type; the width 0 is not written."""

    name: str
    width: int = 0

    def __str__(self) -> str:
        name = "bit" if self.name == "bits" else self.name
        return f"{name}[{self.width}]" if self.width else name


class Variable(NamedTuple):
    """A variable; a frozen one is read-only, and `top` is the largest value of an index from 0."""

    kind: Kind
    shape: tuple[int, ...] = ()
    frozen: bool = False
    top: int | None = None

    def __str__(self) -> str:
        sizes = "".join(f", {size}" for size in self.shape)
        return f"array[{self.kind}{sizes}]" if sizes else str(self.kind)


class Function(NamedTuple):
    """A function in scope.

    Its parameters are kinds, Variables for arrays ("readonly" if frozen), and sizes for qubits. A
    call measures at most `measured` qubits; a pure function can be called anywhere.
    """

    name: str
    parameters: list[Any]
    result: Kind | None
    measured: int
    pure: bool


BIT, BOOL = Kind("bit"), Kind("bool")
ANGLES = ["pi/2", "0.3", "7.0", "-pi/4", "2*pi/3", "1.7 - pi", "-2.5", "9*pi/4", "euler", "pi"]


class Scope:
    """Draws names in scope; the simplest option first, because hypothesis shrinks to it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.scopes: list[dict[str, Variable]] = [{}]
        self.functions: list[Function] = []

    def pick(self, options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def one(self, options: list[Any]) -> str:
        """Draw one of some texts; an option that is a function is called only if it is drawn."""
        option = self.pick(options)
        return option() if callable(option) else option

    def upto(self, most: int) -> int:
        return self.draw(st.integers(0, most))

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) >= 100 - percent

    # What is in scope

    def visible(self) -> dict[str, Variable]:
        return {name: it for scope in self.scopes for name, it in scope.items()}

    def named(self, *kinds: Kind, writable: bool = False) -> list[str]:
        """Return the names of variables that are no arrays."""
        return [
            name
            for name, it in self.visible().items()
            if it.kind in kinds and not it.shape and not (writable and it.frozen)
        ]

    def arrays(self, *kinds: Kind, writable: bool = False) -> list[str]:
        return [
            name
            for name, it in self.visible().items()
            if it.shape and (it.kind in kinds or not kinds) and not (writable and it.frozen)
        ]

    def registers(self, width: int = 0, writable: bool = False) -> list[str]:
        return [
            name
            for name, it in self.visible().items()
            if it.kind.name == "bits" and width in (0, it.kind.width)
            if not (writable and it.frozen)
        ]  # fmt: skip

    def places(self, kind: Kind, writable: bool = False) -> list[Any]:
        """Return all names of a kind, as options for `one`."""
        result: list[Any] = [*self.named(kind, writable=writable)]
        result += [partial(self.element, n) for n in self.arrays(kind, writable=writable)]
        if kind in (BIT, BOOL):
            other = BOOL if kind == BIT else BIT
            result += self.named(other, writable=writable)
            result += [partial(self.bit_of, n) for n in self.registers(writable=writable)]
        return result

    # Indices

    def index(self, size: int) -> str:
        """Draw an index of an object of that size, perhaps known only at run time."""
        result = [str(i) for i in range(size)] + ["-1", f"-{size}"]
        visible = self.visible()
        result += 2 * [n for n, it in visible.items() if it.top is not None and it.top < size]
        uints = [n for n, it in visible.items() if it.kind.name == "uint" and not it.shape]
        return self.pick(result + [f"{name} % {size}" for name in uints])

    def span(self, size: int, length: int) -> str:
        """Draw a slice of that length."""
        start = self.upto(size - length)
        stop = start + length - 1
        forms = [f"{start}:{stop}", f"{start}:1:{stop}"]
        if length > 1:
            forms += [f"{start - size}:{stop - size}", f"{stop}:-1:{start}"]
        if stop == size - 1:
            forms.append(f"{start}:")
        if start == 0:
            forms.append(f":{stop}")
        if length > 1 and 2 * length - 1 <= size:
            forms.append(f"0:2:{2 * length - 2}")
        return self.pick(forms)

    def element(self, name: str) -> str:
        indices = [self.index(size) for size in self.visible()[name].shape]
        return f"{name}[{self.pick([', ', '][']).join(indices)}]"

    def bit_of(self, name: str) -> str:
        return f"{name}[{self.index(self.visible()[name].kind.width)}]"
