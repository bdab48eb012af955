"""A feature of the specification: a program and its expected outcomes.

Every program declares `bit[n] c` first; its last bit is the leftmost of an outcome. `<m>` in the
text of a classical feature is the whole number one, `<b>` the bit one: written as `1` and `true`
in `program`, and taken from a measurement of |+> in `measured_program`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


@dataclass(frozen=True)
class Refused:
    """A feature that is refused; `valid` if the specification allows it in at least one place."""

    code: str
    valid: bool = False


Expected = Mapping[str, float] | Refused
"""The probability of each outcome of `c`, or a Refusal."""


@dataclass(frozen=True)
class Feature:
    """`spec`: page and section of the specification; `parameters`: values of its inputs."""

    name: str
    spec: str
    program: str
    expected: Expected
    measured_program: str | None = None
    measured_expected: Mapping[str, float] | None = None
    parameters: Mapping[str, object] | None = None
    silent: bool = False


def unsaid(feature: Feature) -> Feature:
    """The specification leaves the outcome open: other outcomes are not wrong."""
    return replace(feature, silent=True)


def framed(qubits: int, code: str) -> str:
    return f"{HEAD}qubit[{qubits}] q;\nbit[{qubits}] c;\n{code}\nc = measure q;\n"


def quantum(name: str, spec: str, code: str, expected: str | Mapping[str, float]) -> Feature:
    """Return a feature on `q` and `c`; a string is an outcome with probability 1."""
    outcomes = {expected: 1.0} if isinstance(expected, str) else expected
    return Feature(name, spec, framed(len(next(iter(outcomes))), code), outcomes)


def whole(
    name: str,
    spec: str,
    program: str,
    expected: str | Mapping[str, float] | Refused,
    parameters: Mapping[str, object] | None = None,
) -> Feature:
    """Return a feature with a complete program."""
    outcomes = {expected: 1.0} if isinstance(expected, str) else expected
    return Feature(name, spec, program, outcomes, parameters=parameters)


_MEASURE = "h q[0];\nc[0] = measure q[0];\n"
_AS_INTEGER = "int[8] m = c[0];\n"


def either(name: str, spec: str, code: str, one: str, zero: str) -> Feature:
    """Return a classical feature, with conditions for `<m>` and `<b>` of one and of zero."""
    prepare = _MEASURE + (_AS_INTEGER if "<m>" in code else "")
    return Feature(
        name,
        spec,
        framed(3, code.replace("<m>", "1").replace("<b>", "true")),
        {f"{one}0": 1.0},
        framed(3, prepare + code.replace("<m>", "m").replace("<b>", "c[0]")),
        {f"{one}1": 0.5, f"{zero}0": 0.5},
    )


def classical(name: str, spec: str, code: str, one: str, zero: str) -> Feature:
    """Return a feature whose `one` holds exactly if `<m>` and `<b>` are one, and `zero` if zero."""
    text = f"{code}\nif ({one}) x q[1];\nif ({zero}) x q[2];"
    return either(name, spec, text, "01", "10")


def constant(name: str, spec: str, code: str, *conditions: str) -> Feature:
    """Return a feature of constants: every condition must hold."""
    lines = [code, *(f"if ({text}) x q[{at}];" for at, text in enumerate(conditions))]
    return quantum(name, spec, "\n".join(lines), "1" * len(conditions))


def wrong(name: str, spec: str, code: str, refusal: str) -> Feature:
    """Return a program on three qubits that the specification does not allow."""
    return Feature(name, spec, framed(3, code), Refused(refusal))


def impossible(name: str, spec: str, code: str, refusal: str = "not_supported") -> Feature:
    """Return a program on three qubits that needs hardware."""
    return Feature(name, spec, framed(3, code), Refused(refusal, valid=True))
