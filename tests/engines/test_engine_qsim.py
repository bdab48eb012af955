"""qsim: many qubits in single precision, without cirq; what it is not chosen for."""

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from quantumtask.engines.progress import RunProgress
from quantumtask.engines.selection.choose import choose_engine
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.engines.selection.methods import RunPlan, engine_version
from quantumtask.engines.simulators import lightning
from quantumtask.engines.simulators.base import load_engine
from quantumtask.engines.transforms.swap_removal import remove_swaps
from quantumtask.openqasm.program.operations import Operation
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, TaskSpec
from quantumtask.worker.slots.execute import execute
from tests.support.compile_circuit import compile_circuit

pytestmark = pytest.mark.skipif(
    engine_version("qsim") is None, reason="qsim has no wheel for this machine"
)

SETTINGS = Settings(slot_memory_mb=2048)


def text(qubits: int, measured: int | None = None) -> str:
    """Return a circuit of rotations and of CNOTs between distant qubits."""
    bits, half = measured or qubits, qubits // 2
    layer = "".join(f"ry({0.1 + k / qubits}) q[{k}]; t q[{k}];" for k in range(qubits))
    pairs = "".join(f"cx q[{k}], q[{k + half}]; cx q[{k + half}], q[0];" for k in range(1, half))
    return (
        f'include "stdgates.inc"; qubit[{qubits}] q; bit[{bits}] c; {(layer + pairs) * 3} '
        f"c = measure q[0:{bits - 1}];"
    )


def run(circuit: str, threads: int = 1, **fields: object) -> Result:
    spec = TaskSpec(circuit, **{"seed": 5, "shots": 400, **fields})  # type: ignore[arg-type]
    result = execute(spec, SETTINGS, threads)
    assert isinstance(result, Result), result
    return result


def plan(qubits: int, **options: int) -> RunPlan:
    features = extract_features(compile_circuit(text(qubits), SETTINGS))
    return choose_engine(features, 1024, Settings(slot_memory_mb=4096), **options).plan  # type: ignore[arg-type]


def test_many_qubits_run_on_qsim_and_few_in_double_precision() -> None:
    assert [(plan(n).engine, plan(n).precision) for n in (12, 14, 20, 24)] == [
        ("lightning", "double"), ("lightning", "double"), ("qsim", "single"), ("qsim", "single"),
    ]  # fmt: skip


def test_a_run_leaves_denormal_numbers_to_the_rest_of_the_process() -> None:
    run(text(6), engine="qsim")
    smallest = np.float64(5e-324)
    assert smallest * 1.0 > 0
    assert np.ldexp(1.0, -1074) == smallest


def test_more_threads_take_less_time() -> None:
    one, two, four = (plan(24, threads=threads).microseconds for threads in (1, 2, 4))
    assert one > 1.4 * two > 1.7 * four


def test_a_task_can_name_qsim_for_few_qubits() -> None:
    result = run(text(2), engine="qsim")
    assert (result.engine, result.method, result.precision) == ("qsim", "statevector", "single")
    assert result.reason == "requested by the task"


def test_a_gate_given_by_a_matrix_on_five_qubits_is_refused_by_name_and_runs_otherwise() -> None:
    rows = [["1" if row == column ^ 1 else "0" for column in range(32)] for row in range(32)]
    matrix = ", ".join(f"[{', '.join(row)}]" for row in rows)
    circuit = (
        f"qubit[5] q; bit[5] c; h q[1];\n#pragma braket unitary([{matrix}]) q[0], q[1], q[2], "
        "q[3], q[4]\nc = measure q;"
    )
    refused = execute(TaskSpec(circuit, engine="qsim"), SETTINGS)
    assert isinstance(refused, Failure)
    assert refused.code == "engine_unsuitable"
    assert "more than 4 qubits" in refused.message
    assert run(circuit).engine != "qsim"


@pytest.mark.parametrize("measured", [None, 3])
def test_the_same_seed_gives_the_same_counts_with_one_thread_and_with_two(
    measured: int | None,
) -> None:
    circuit = text(16, measured)
    one, again, two = (
        run(f"{circuit}// {threads} {turn}", threads, engine="qsim")
        for threads, turn in ((1, 1), (1, 2), (2, 1))
    )
    assert one.counts == again.counts == two.counts
    assert sum(json.loads(one.counts).values()) == 400


def test_probabilities_of_large_states_are_those_of_double_precision() -> None:
    circuit = extract_features(compile_circuit(text(19), SETTINGS)).circuit
    assert circuit is not None
    qubits = circuit.active_qubits
    qsim: Any = load_engine("qsim")
    single = qsim.probabilities(circuit, qubits, threads=2)
    double = lightning.probabilities(circuit, qubits, precision="double", progress=RunProgress())
    assert np.abs(single - double).max() < 1e-6 * double.max()
    assert abs(single.sum() - 1) < 1e-5


def test_qsim_runs_without_cirq_and_without_its_own_package() -> None:
    script = (
        "import sys; sys.modules['cirq'] = None\n"
        "import quantumtask.engines.simulators.qsim\n"
        "assert 'qsimcirq' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_swaps_become_other_qubits_of_the_gates_before_them() -> None:
    body = "ry(0.3) q[0]; swap q[0], q[1]; cx q[1], q[2]; swap q[1], q[2]; rx(0.2) q[1];"
    program = compile_circuit(
        f'include "stdgates.inc"; qubit[3] q; bit[3] c; {body} c = measure q;', SETTINGS
    )
    assert program.circuit is not None
    operations = [step for step in program.circuit.steps if isinstance(step, Operation)]
    remaining = [(each.gate.name, each.qubits) for each in remove_swaps(operations)]
    assert remaining == [("ry", (2,)), ("cx", (2, 1)), ("rx", (1,))]
