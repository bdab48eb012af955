"""Programs of tapes: OpenQASM texts, and the values of their inputs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pennylane.tape import QuantumScript

from quantumtask.client.pennylane.gates import NO_OPERATION, call

Array = NDArray[Any]

CallTemplate = tuple[str, tuple[float, ...], tuple[int, ...]]
"""Name of a gate with its modifiers, the signs of its arguments, and its qubits."""


@dataclass(frozen=True, eq=False)
class TapeProgram:
    """Program of one tape; qubit k of the program is wire k of the device.

    Attributes:
        qubits: Number of qubits.
        measured: Qubits that are measured at the end; bit k is that of qubit `measured`[k].
        statements: Calls of gates, without the values of their arguments.
        values: Value of each argument, with the shape () or (batch,).
        positions: For each parameter of the tape's operators, the number of its argument; None for
            a parameter of no gate.
        phase: Global phase in radians, which no gate of the program has, with such a shape.
        batch: Number of elements of the tape, if it has parameter broadcasting; otherwise None.
    """

    qubits: int
    measured: tuple[int, ...]
    statements: tuple[CallTemplate, ...]
    values: tuple[Array, ...]
    positions: tuple[int | None, ...]
    phase: Array
    batch: int | None

    @property
    def key(self) -> Any:
        """Everything but the values: programs with equal keys can be one sweep."""
        return self.qubits, self.measured, self.statements

    @property
    def batched(self) -> bool:
        """True if the tape has parameter broadcasting."""
        return self.batch is not None

    @property
    def size(self) -> int:
        """Number of elements."""
        return 1 if self.batch is None else self.batch

    @cached_property
    def table(self) -> Array:
        """The values of all elements: float64 [values, elements]."""
        shape = (len(self.values), self.size)
        table = np.empty(shape)
        for row, value in zip(table, self.values, strict=True):
            row[:] = value
        return table


def write_program(
    tape: QuantumScript, wires: Sequence[Any], measured: Sequence[Any]
) -> TapeProgram:
    """Return the program of a tape whose operators are native.

    Args:
        wires: Labels of all wires, in the order of the qubits.
        measured: Labels of the wires that are measured at the end.
    """
    number = {wire: k for k, wire in enumerate(wires)}
    phase = np.zeros(())
    statements: list[CallTemplate] = []
    values: list[Array] = []
    positions: list[int | None] = []
    for operator in tape.operations:
        native = None if isinstance(operator, NO_OPERATION) else call(operator)
        if native is None or not native.wires:
            positions += [None] * len(operator.data)
            if native is not None:
                phase = phase + native.signs[0] * np.real(np.asarray(native.values[0]))
            continue
        places = tuple(number[wire] for wire in native.wires)
        statements.append((native.name, native.signs, places))
        positions += range(len(values), len(values) + len(native.values))
        values += [np.real(np.asarray(value)) for value in native.values]
    return TapeProgram(
        qubits=max(1, len(number)),
        measured=tuple(number[wire] for wire in measured),
        statements=tuple(statements),
        values=tuple(values),
        positions=tuple(positions),
        phase=phase,
        batch=tape.batch_size,
    )


def write_text(program: TapeProgram, fixed: Array, inputs: frozenset[int]) -> str:
    """Return the OpenQASM text of programs with equal keys.

    Args:
        fixed: Values of all arguments.
        inputs: Numbers of the arguments that are an `input` instead; argument k is `input` pk.
    """
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
    lines += [f"input float p{k};" for k in sorted(inputs)]
    lines.append(f"qubit[{program.qubits}] q;")
    if program.measured:
        lines.append(f"bit[{len(program.measured)}] c;")
    lines += _statement_lines(program, fixed, inputs)
    lines += [f"c[{bit}] = measure q[{qubit}];" for bit, qubit in enumerate(program.measured)]
    return "\n".join(lines) + "\n"


def _statement_lines(program: TapeProgram, fixed: Array, inputs: frozenset[int]) -> Iterator[str]:
    position = 0
    for name, signs, qubits in program.statements:
        numbers = range(position, position + len(signs))
        position += len(signs)
        arguments = ", ".join(
            ("-" if sign < 0 else "") + f"p{k}" if k in inputs else repr(sign * float(fixed[k]))
            for sign, k in zip(signs, numbers, strict=True)
        )
        places = ", ".join(f"q[{qubit}]" for qubit in qubits)
        yield f"{name}({arguments}) {places};" if signs else f"{name} {places};"
