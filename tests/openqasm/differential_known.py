"""Known disagreements of other implementations with the specification, which ours follows.

A name stands for a program of `differential_programs.py`, or for a feature in `openqasm/features`,
where "Section: name, measured" is its program with a measured value. Every one is checked to be
true still, so that nothing hides behind it.
"""

from typing import NamedTuple


class Disagreement(NamedTuple):
    """A disagreement; `section` is the page and title of the specification that ours follows."""

    other: str
    reason: str
    section: str
    names: tuple[str, ...]


def _both(*names: str) -> tuple[str, ...]:
    """Programs without and with a measured value."""
    return tuple(each for name in names for each in (name, f"{name}, measured"))


RUN_BY_NAME = (
    "gate named as one of Aer",
    "Includes and versions: names of the library are free without it",
)
"""Programs with the right amplitudes in Qiskit, and wrong shots in Aer."""

KNOWN = (
    Disagreement(
        "qiskit",
        "`U` has no factor exp(i theta / 2), and `u2` and `u3` have another phase",
        "gates: Built-in gates",
        (
            "Built-in gates: `U` has the phase of the specification",
            "Built-in gates: `U` has the period 2π",
            "Modifiers: `ctrl @ U` and a phase before it",
            "Standard library: `u3` has the phase of the specification",
        ),
    ),
    Disagreement(
        "qiskit",
        "Aer runs its own gate for one that the program defines by the same name",
        "gates: Hierarchical gate definitions",
        RUN_BY_NAME,
    ),
    Disagreement(
        "qdk",
        "gate arguments are taken modulo 2 pi, and then under a control are other gates",
        "standard_library: crx",
        (
            "gate cry below 0",
            "gate cry beyond 2 pi",
            "gate crz below 0",
            "gate cu below 0",
            "ctrl of wide rotations",
            "negative parameters",
            "textbook: controlled phase",
            "Applying gates: arguments are real numbers",
            "Applying gates: negative argument",
        ),
    ),
    Disagreement(
        "qdk",
        "bit 0 of a register is its highest, and the left one of a bit string",
        "types: Classical bits and registers",
        (
            "if a register is",
            "textbook: inverse Fourier transform",
            "Types: bit string, lowest bit on the right",
            "Aliases and slices: bits of an integer are read",
            *_both(
                "Types: compare a register with a bit string",
                "Aliases and slices: bits of an integer are assigned",
                "Casts: `int` to `bit[n]`",
                "Casts: `bit[n]` to integers",
                "Casts: `angle` to `bool` and `bit[n]`",
                "Operators: `<<`, `>>` of registers",
                "Operators: comparisons of registers",
                "Loops: `for` over bits",
                "Subroutines: register of bits as parameter",
            ),
        ),
    ),
    Disagreement(
        "qdk",
        "numbers do not wrap at their written size",
        "classical: Integers",
        (
            "Casts: signed meets unsigned as in C",
            *_both(
                "Types: `int[n]` wraps",
                "Types: `uint[n]` wraps",
                "Arrays: array of `uint`",
                "Casts: `int` to others",
                "Casts: `uint` to `int` keeps the bits",
                "Operators: `&`, `|`, `^`, `~` of integers",
                "Operators: `<<`, `>>` of integers",
            ),
        ),
    ),
    Disagreement(
        "qdk",
        "floats and angles are not rounded to their size, ties to even",
        "types: Floating-point numbers",
        (*_both("Types: `float[32]` rounds"), "Casts: ties go to the even angle"),
    ),
    Disagreement(
        "qdk",
        "a float between -1 and 1 is false",
        "types: Casting from float",
        _both("Casts: `float` to `bool`"),
    ),
    Disagreement(
        "braket",
        "registers of bits are read from the left, or not followed at all",
        "types: Classical bits and registers",
        (
            "Types: bit string, lowest bit on the right",
            "Constants: bits of constants",
            "Aliases and slices: bits of an integer are read",
            "Inputs and outputs: `input bit[2]`",
            *_both(
                "Types: compare a register with a bit string",
                "Arrays: bit of an element",
                "Aliases and slices: bit of an integer is read",
                "Aliases and slices: bits of an integer are assigned",
                "Casts: `bit[n]` to integers",
                "Operators: `&`, `|`, `^`, `~` of registers",
                "Operators: `<<`, `>>` of registers",
                "Operators: comparisons of registers",
                "Loops: `for` over bits",
                "Subroutines: register of bits as parameter",
            ),
        ),
    ),
    Disagreement(
        "braket",
        "what follows from a measurement is computed once, not for each of its outcomes",
        "classical: If-else statements",
        tuple(
            f"{name}, measured"
            for name in (
                "Qubits: index of a qubit that is a variable",
                "Arrays: array of `int`",
                "Operators: `+=`, `-=`, `*=`, `/=`, `%=`, `**=`",
                "Loops: `for` over an array",
                "Loops: assigning the loop variable",
                "Loops: `while`",
                "Loops: `break`",
                "Loops: `continue`",
                "Loops: `break`, `continue` in `while`",
                "Scopes: name hidden by a loop variable",
                "Scopes: parameter that hides a constant",
                "Subroutines: classical parameter, by value",
                "Subroutines: `mutable` array",
                "Subroutines: slice passed by reference",
                "Applying gates: argument that is a variable",
                "Modifiers: `pow` with a variable",
            )
        ),
    ),
    Disagreement(
        "braket",
        "`end` and `return` are passed over",
        "classical: Terminating the program early; subroutines",
        _both(
            "`end`: `end`",
            "`end`: `end` in a loop",
            "Subroutines: return early",
            "Subroutines: return of nothing",
        ),
    ),
    Disagreement(
        "braket",
        "a name declared in a block replaces the one outside",
        "scope: Block scope",
        _both("Scopes: name hidden in a branch", "Timing: names in a `box`"),
    ),
    Disagreement(
        "braket",
        "`U` has no factor exp(i theta / 2), and phases within a gate are lost",
        "gates: Built-in gates",
        (
            "Built-in gates: `U` has the phase of the specification",
            "Built-in gates: `U` has the period 2π",
            "Built-in gates: `gphase` within a gate under control",
        ),
    ),
    Disagreement(
        "braket",
        "a gate of one's own loses a loop in it, and `pow` before it",
        "gates: Defining gates; Quantum gate modifiers",
        ("Defining gates: `gate` with a loop", "Modifiers: `pow` of a gate of one's own"),
    ),
    Disagreement(
        "braket",
        "unsigned numbers do not wrap; quotients are rounded down",
        "classical: Integers; types: Casting specifics",
        (
            "Arrays: array of `uint`",
            "Casts: signed meets unsigned as in C",
            "Operators: `/` of negative integers goes to zero",
            "Operators: `%` has the sign of the dividend",
        ),
    ),
    Disagreement(
        "braket",
        "a reset adds the amplitudes of both values of its qubit",
        "insts: Initialization",
        ("reset of an entangled qubit",),
    ),
    Disagreement(
        "braket",
        "`pow` before its gates `cnot` and `swap` is passed over",
        "gates: Quantum gate modifiers",
        ("pow of cx and swap",),
    ),
    Disagreement(
        "braket",
        "`durationof` is no length; `$0` is the first declared qubit, where nothing says so",
        "delays: Duration of a block; types: Physical qubits",
        ("Timing: `durationof` that pads", "Qubits: physical beside declared qubits"),
    ),
)
