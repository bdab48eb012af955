"""The run of a Braket program: the circuit and the outputs of a task, by its shots and results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from quantumtask.doors.braket.eigenbasis import MatrixRows
from quantumtask.doors.braket.observables import PauliTerm, tensor_terms
from quantumtask.doors.braket.program_text import (
    ProgramText,
    QubitRegister,
    without_results,
)
from quantumtask.doors.braket.result_request import (
    AMPLITUDE,
    DENSITY_MATRIX,
    OF_OBSERVABLE,
    STATE_VECTOR,
    VARIANCE,
    ResultRequest,
)
from quantumtask.shared.output_kinds import (
    EXPECTATION_VALUES,
    MEMORY,
    PROBABILITIES,
    REGISTERS,
    STATEVECTOR,
)


@dataclass(frozen=True)
class BitOfQubit:
    """A bit, by its register and its number there, and the qubit that it is measured from."""

    register: str
    index: int
    qubit: int


@dataclass
class ProgramPlan:
    """A run of a program.

    Attributes:
        shots: The shots; 0: exact values.
        text: The program as it was submitted.
        registers: Its registers of qubits, if the run needs them.
        results: The results that it requests.
        own_bits: The measurements of the program itself.
        measured: The qubits that the run measures in the end, the last bit of an index first.
        gates: The gates before the measurements, by the qubits that each acts on.
    """

    shots: int
    text: ProgramText
    registers: Sequence[QubitRegister] = ()
    results: Sequence[ResultRequest] = ()
    own_bits: Sequence[BitOfQubit] = ()
    measured: Sequence[int] = ()
    gates: dict[tuple[int, ...], MatrixRows] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of declared qubits."""
        return sum(each.count for each in self.registers)

    @property
    def register(self) -> str:
        """The name of the register of the measurements that the run adds."""
        name = "results"
        while name in self.text.source:
            name += "_"
        return name

    def bits(self) -> Sequence[BitOfQubit]:
        """Return the bits of each shot that the result shows."""
        added = [BitOfQubit(self.register, k, qubit) for k, qubit in enumerate(self.measured)]
        return self.own_bits or added

    def circuit(self) -> str:
        """Return the circuit that runs."""
        lines = [
            f"#pragma braket unitary({_matrix_text(gate)}) {', '.join(map(self._place, qubits))}"
            for qubits, gate in sorted(self.gates.items())
        ]
        if self.measured:
            lines.append(f"bit[{len(self.measured)}] {self.register};")
        lines += [
            f"{self.register}[{bit}] = measure {self._place(qubit)};"
            for bit, qubit in enumerate(self.measured)
        ]
        return without_results(self.text, "\n".join(lines) + "\n")

    def options(self) -> dict[str, Any]:
        """Return the options of the task."""
        if self.shots:
            return {"return": [MEMORY, REGISTERS]}
        terms = [[[word, number] for word, number in each] for each in self.observables()]
        return {"return": self.outputs()} | ({"observables": terms} if terms else {})

    def outputs(self) -> list[str]:
        """Return the outputs of a task without shots."""
        kinds = {result.kind for result in self.results}
        return [
            *([EXPECTATION_VALUES] if kinds & {*OF_OBSERVABLE, DENSITY_MATRIX} else ()),
            *([PROBABILITIES] if self.measured else ()),
            *([STATEVECTOR] if kinds & {STATE_VECTOR, AMPLITUDE} else ()),
        ]

    def observables(self) -> Iterator[list[PauliTerm]]:
        """Yield the observables whose exact values the results need, in their order."""
        for result in self.results:
            if result.kind == DENSITY_MATRIX:
                targets = self.targets(result)
                for letters in product("IXYZ", repeat=len(targets)):
                    yield self._on_qubits([("".join(letters), 1.0)], targets)
            elif result.kind in OF_OBSERVABLE:
                for targets in self.target_lists(result):
                    yield self._on_qubits(tensor_terms(result.factors, squared=False), targets)
                    if result.kind == VARIANCE:
                        terms = tensor_terms(result.factors, squared=True)
                        yield self._on_qubits(terms, targets)

    def targets(self, result: ResultRequest) -> tuple[int, ...]:
        """Return the qubits of a result, which are all if it names none."""
        return tuple(range(self.count)) if result.targets is None else result.targets

    def target_lists(self, result: ResultRequest) -> list[tuple[int, ...]]:
        """Return the qubits of each observable: without targets there is one on each qubit."""
        if result.targets is None:
            return [(qubit,) for qubit in range(self.count)]
        return [result.targets]

    def _on_qubits(self, terms: Sequence[PauliTerm], targets: Sequence[int]) -> list[PauliTerm]:
        """Return terms with a letter for each qubit, the first qubit last."""
        whole = []
        for word, number in terms:
            letters = ["I"] * self.count
            for letter, qubit in zip(word, targets, strict=True):
                letters[-1 - qubit] = letter
            whole.append(("".join(letters), number))
        return whole or [("I" * self.count, 0.0)]

    def _place(self, qubit: int) -> str:
        register = [each for each in self.registers if each.first <= qubit][-1]
        return (
            register.name if register.size is None else f"{register.name}[{qubit - register.first}]"
        )


def _matrix_text(matrix: MatrixRows) -> str:
    rows = (", ".join(_number_text(complex(each)) for each in row) for row in matrix)
    return f"[{', '.join(f'[{row}]' for row in rows)}]"


def _number_text(number: complex) -> str:
    return f"{number.real!r}{number.imag:+}im"
