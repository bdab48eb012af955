"""Names that a noise model has for gates, on both paths and with modifiers; and broken errors."""

from typing import Any

import pytest

from quantumtask.openqasm.compiler.pipeline import compile_full
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.gates.hardware import NoiseModelGates
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.settings import Settings
from tests.support.http_queries import circuit_error, run_circuit
from tests.support.services import Service

SETTINGS = Settings()
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'
X = [{"name": "x", "qubits": [0]}]
MISREAD: dict[str, Any] = {"type": "roerror", "probabilities": [[0.9, 0.1], [0.2, 0.8]]}
CALLS = {
    "U": "U(0, 0, 0) q[0];", "gphase": "gphase(1);", "u3": "u3(0, 0, 0) q[0];",
    "CX": "CX q[0], q[1];", "cnot": "cnot q[0], q[1];", "own": "own q[0];", "x": "x q[0];",
    "iswap": "iswap q[0], q[1];", "id": "id q[0];",
}  # fmt: skip


def quantum(name: str, steps: Any) -> dict[str, Any]:
    return {
        "type": "qerror", "operations": [name], "instructions": [steps], "probabilities": [1]
    }  # fmt: skip


def names(program: Program | None) -> list[str]:
    assert program is not None
    assert program.circuit is not None
    return [step.gate.name for step in program.circuit.steps if isinstance(step, Operation)]


@pytest.mark.parametrize("name", [*CALLS, "u", "cx"])
def test_both_paths_know_the_gate_of_a_name(name: str) -> None:
    text = f"{HEAD}gate own a {{ x a; }}\n" + "\n".join(CALLS.values())
    instructions = NoiseModelGates(frozenset([name]))
    full = names(compile_full(text, SETTINGS, None, instructions).program)
    assert names(compile_straight_line(text, SETTINGS, instructions)) == full
    assert (name in full) == (name != "gphase")  # which is no instruction, and cannot err


@pytest.mark.parametrize("dynamic", ["", "c[0] = measure q[1];\nreset q[1];\n"])
@pytest.mark.parametrize(
    "call",
    ["ctrl @ own q[1], q[0];", "negctrl @ own q[0], q[1];", "ctrl @ pow(0.3) @ h q[1], q[0];"],
)
def test_a_gate_that_has_no_name_with_its_controls_does_not_err(
    service: Service, call: str, dynamic: str
) -> None:
    gates = f"{dynamic}x q[1];\n{call}\ninv @ {call}\nc = measure q;"
    noise = {"errors": [quantum("own", X)]}
    body = run_circuit(service, f"{HEAD}gate own a {{ s a; }}\n{gates}", noise=noise, shots=20)
    assert body["result"] == {"10": 20}


def test_a_gate_that_takes_a_name_of_the_model_is_refused_at_its_place(service: Service) -> None:
    text = f"{HEAD} gate cx a, b {{ cz a, b; }}\ncx q[0], q[1];"
    code, message = circuit_error(service, text, noise={"errors": [quantum("cx", X)]})
    assert code == "not_supported"
    assert message.startswith("line 5, column 7: the program defines `cx` differently")


@pytest.mark.parametrize(
    ("errors", "word"),
    [
        ([quantum("x", [{"name": "rx", "qubits": [0], "params": [True]}])], "finite numbers"),
        ([quantum("x", [{"name": "rx", "qubits": [0], "params": [10**400]}])], "finite numbers"),
        (
            [quantum("x", [{"name": "reset", "qubits": [0], "params": [1]}])],
            "a reset has no parameter",
        ),
        ([MISREAD, MISREAD], "a readout error of all qubits already"),
        ([{**MISREAD, "gate_qubits": [[0], [0]]}], "a readout error of qubit 0 already"),
        *(
            ([quantum("x", [{"name": "unitary", "qubits": [0], "params": [rows]}])], "[re, im]")
            for rows in (
                [[["0", 0], [1, 0]], [[1, 0], [0, 0]]],
                [[[0, 0, 1], [1, 0, 1]], [[1, 0, 1], [0, 0, 1]]],
            )
        ),
    ],
)
def test_no_part_of_an_error_is_dropped_or_guessed(
    service: Service, errors: Any, word: str
) -> None:
    code, message = circuit_error(
        service, f"{HEAD}x q[0];\nc = measure q;", noise={"errors": errors}
    )
    assert code == "bad_noise"
    assert word in message
