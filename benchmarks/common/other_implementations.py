"""Run OpenQASM programs with another implementation: qiskit, pyqasm or braket, by argument.

The script needs that implementation (and Qiskit for pyqasm, which does not run programs), but
nothing of this project. Each line of the input is `{"program", "parameters"}` as JSON. Each line of
the output is `{"outcomes": {bits: share}}` of the register `c` with its last bit first,
`{"refused": reason}`, or `{"read": reason}` for a program that is read but cannot run.
"""

import json
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHOTS = 1000

Json = dict[str, Any]

# Braket has some gates under other names; these definitions add the standard names.
STDGATES_FOR_BRAKET = """
gate p(t) a { phaseshift(t) a; }
gate phase(t) a { phaseshift(t) a; }
gate sdg a { si a; }
gate tdg a { ti a; }
gate sx a { v a; }
gate id a { i a; }
gate cx a, b { cnot a, b; }
gate CX a, b { cnot a, b; }
gate cp(t) a, b { cphaseshift(t) a, b; }
gate cphase(t) a, b { cphaseshift(t) a, b; }
gate crx(t) a, b { ctrl @ rx(t) a, b; }
gate cry(t) a, b { ctrl @ ry(t) a, b; }
gate crz(t) a, b { ctrl @ rz(t) a, b; }
gate ch a, b { ctrl @ h a, b; }
gate ccx a, b, c { ccnot a, b, c; }
gate cu(t, f, l, g) a, b { phaseshift(g) a; ctrl @ U(t, f, l) a, b; }
gate u1(l) a { phaseshift(l) a; }
gate u2(f, l) a { rz(l) a; ry(pi / 2) a; rz(f) a; }
gate u3(t, f, l) a { rz(l) a; ry(t) a; rz(f) a; }
"""


def qiskit(program: str, parameters: Json) -> Json:
    from qiskit import qasm2, qasm3

    circuit = qasm2.loads(program) if "OPENQASM 2" in program else qasm3.loads(program)
    try:
        circuit.assign_parameters(parameters, inplace=True)
        return {"outcomes": _run(circuit)}
    except Exception as error:
        return {"read": _reason(error)}


def _run(circuit: Any) -> dict[str, float]:
    from qiskit import transpile
    from qiskit_aer import AerSimulator

    simulator = AerSimulator()
    circuit = transpile(circuit, simulator, optimization_level=0)
    result = simulator.run(circuit, shots=SHOTS, seed_simulator=7).result()
    if not result.success:
        raise RuntimeError(result.status)
    [register] = [r for r in circuit.cregs if r.name == "c"]
    places = [circuit.find_bit(bit).index for bit in reversed(register)]
    counts: Counter[str] = Counter()
    for key, shots in result.data()["counts"].items():
        counts["".join(str(int(key, 16) >> place & 1) for place in places)] += shots
    return _shares(counts)


def pyqasm(program: str, parameters: Json) -> Json:
    import pyqasm as library

    module = library.loads(program)
    module.validate()
    module.unroll()
    text = library.dumps(module)
    try:
        return qiskit(text, parameters)
    except Exception as error:
        return {"read": _reason(error)}


def braket(program: str, parameters: Json) -> Json:
    from braket.default_simulator import StateVectorSimulator
    from braket.ir.openqasm import Program

    class Simulator(StateVectorSimulator):
        def _parse_program_with_shots(self, program: Any, shots: int) -> Any:
            self.context = super()._parse_program_with_shots(program, shots)
            return self.context

    simulator = Simulator()
    result = simulator.run(Program(source=program, inputs=parameters), shots=SHOTS)
    slots = simulator.context.circuit.measurement_slots
    [size] = [r.size for r in simulator.context.circuit.classical_registers if r.name == "c"]
    places = {at: slot for slot, (register, at, _) in enumerate(slots) if register.name == "c"}
    return {"outcomes": _shares(Counter(_read(row, places, size) for row in result.measurements))}


def _read(row: list[str], places: dict[int, int], size: int) -> str:
    return "".join(str(row[places[at]]) if at in places else "0" for at in reversed(range(size)))


def _shares(counts: Counter[str]) -> dict[str, float]:
    return {outcome: shots / counts.total() for outcome, shots in counts.items()}


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _answer(implementation: Callable[[str, Json], Json], line: str) -> Json:
    task = json.loads(line)
    try:
        return implementation(task["program"], task["parameters"])
    except Exception as error:
        return {"refused": _reason(error)}


def main() -> None:
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the output of a library must not mix with the answers
    implementation = {"qiskit": qiskit, "pyqasm": pyqasm, "braket": braket}[sys.argv[1]]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if sys.argv[1] == "braket":
            Path("stdgates.inc").write_text(STDGATES_FOR_BRAKET)
        for line in sys.stdin:
            print(json.dumps(_answer(implementation, line)), file=answers, flush=True)


if __name__ == "__main__":
    main()
