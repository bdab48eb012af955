"""Circuits as they are written, on device snapshots, against Aer and against sums by hand."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import XGate
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import PassManager, generate_preset_pass_manager
from qiskit.transpiler.passes import ALAPScheduleAnalysis, PadDynamicalDecoupling

from quantumtask.client.qiskit import (
    EstimatorV2,
    QuantumTaskBackend,
    QuantumTaskProvider,
    SamplerV2,
    openqasm,
)
from quantumtask.engines.compilation.transpile import transpile_for_device
from quantumtask.engines.devices.calibration import load_snapshot
from quantumtask.engines.noise.request import resolve_device_gates
from quantumtask.openqasm.compiler.pipeline import compile_full
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.program.operations import BARRIER, Operation
from quantumtask.shared.settings import Settings
from tests.engines.device_circuits import aer_counts, device, ghz, random_isa, scheduled
from tests.engines.probability_queries import HEAD, UNLIKELY, exactly, table
from tests.support.chisquare import p_value
from tests.support.command_line import quantumtask
from tests.support.compile_circuit import compile_circuit
from tests.support.http_queries import circuit_error, run_circuit
from tests.support.services import BELL, Service
from tests.support.sizes import sized

STILL = {"idle": False}
PAIRS = "cx $0, $1;\nbarrier $0, $1;\n"
MEASURED = "c[0] = measure $0;\nc[1] = measure $1;\n"


@pytest.fixture(scope="module")
def manila(service: Service) -> Iterator[QuantumTaskBackend]:
    with QuantumTaskProvider(service.url) as provider:
        yield provider.backend("fake_manila")


def declared(circuit: str) -> str:
    """The same on qubits that are declared."""
    return circuit.replace("$", "q").replace(HEAD, HEAD + "qubit q0;\nqubit q1;\nqubit q2;\n")


@pytest.mark.parametrize(("compile", "as_written"), [(None, True), ("always", False)])
def test_gates_with_barriers_between_them_all_run(
    service: Service, compile: str | None, as_written: bool
) -> None:
    circuit = HEAD + "bit[2] c;\n" + 100 * PAIRS + MEASURED
    body = run_circuit(service, circuit, backend="fake_manila", compile=compile, seed=1)
    assert body["compiled"]["as_written"] is as_written
    assert body["compiled"]["gates"] == {"cx": 100}
    if as_written:
        assert body["compiled"]["qubits"] == [0, 1]
        chances = exactly(service, circuit, backend="fake_manila", noise=STILL)
        aer = QuantumCircuit(5, 2)
        for _ in range(100):
            aer.cx(0, 1)
            aer.barrier()
        aer.measure([0, 1], [0, 1])
        assert p_value(table(aer_counts("fake_manila", aer, 4000, 1), 2), chances) > UNLIKELY
    without = HEAD + "bit[2] c;\n" + 100 * PAIRS.replace("barrier $0, $1;\n", "") + MEASURED
    assert run_circuit(service, declared(without), backend="fake_manila")["compiled"]["gates"] == {}


def test_a_barrier_in_a_definition_a_loop_and_a_subroutine_holds(service: Service) -> None:
    circuit = HEAD + (
        "gate pair a, b { x a; barrier a, b; x a; barrier; }\n"
        "def twice(qubit a, qubit b) { pair a, b; pair a, b; }\n"
        "qubit[2] q;\nbit[2] c;\nfor int k in [1:5] { twice(q[0], q[1]); barrier q; }\n"
        "c = measure q;\n"
    )
    body = run_circuit(service, circuit, backend="fake_manila", seed=1)
    assert body["compiled"]["gates"] == {"x": 20}


@pytest.mark.parametrize("seed", range(sized(1, 2)))
@pytest.mark.parametrize("name", ["fake_manila", "fake_sherbrooke", "fake_fez", "fake_almaden"])
def test_a_circuit_on_a_device_runs_as_on_aer(service: Service, name: str, seed: int) -> None:
    """With `idle` off, and with delays in place of idle time, both are what Aer has."""
    circuit = random_isa(name, seed)
    with QuantumTaskProvider(service.url) as provider:
        target = provider.backend(name).target
    padded = scheduled(circuit, target) if target.dt and name != "fake_almaden" else None
    for each, noise in ((circuit, STILL), (padded, None), (padded, STILL)):
        if each is not None:
            fields: dict[str, Any] = {"backend": name, "compile": "never", "noise": noise}
            chances = exactly(service, openqasm(each), **fields)
            counts = aer_counts(name, each, sized(8_000, 20_000), seed)
            assert p_value(table(counts, 4), chances) > UNLIKELY


def test_idle_time_is_a_delay_that_is_not_written(service: Service) -> None:
    circuit = random_isa("fake_manila", 9, steps=60)
    with QuantumTaskProvider(service.url) as provider:
        padded = scheduled(circuit, provider.backend("fake_manila").target)
    fields = {"backend": "fake_manila", "compile": "never"}
    idle = exactly(service, openqasm(circuit), **fields)
    assert idle == pytest.approx(exactly(service, openqasm(padded), **fields), abs=1e-5)
    still = exactly(service, openqasm(circuit), **fields, noise=STILL)
    assert np.abs(np.array(idle) - still).sum() > 0.005


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("150us", 150e-6), ("0.15ms", 150e-6), ("150000ns", 150e-6), ("1.5e-4s", 150e-6),
     ("675000dt", 150e-6), ("100us + 225000dt", 150e-6), ("2 * 75us", 150e-6), ("0ns", 0)],
)  # fmt: skip
def test_an_excited_qubit_decays_in_a_delay(service: Service, time: str, seconds: float) -> None:
    qubit = load_snapshot("fake_manila").qubits[2]
    error = qubit.readout_error
    assert qubit.t1_s is not None and error is not None

    def excited(delay: str) -> float:
        circuit = HEAD + f"bit c;\nx $2;\n{delay}c = measure $2;\n"
        one = exactly(service, circuit, backend="fake_manila")[1]
        return (one - error) / (1 - 2 * error)

    survival = excited(f"delay[{time}] $2;\n") / excited("")
    assert survival == pytest.approx(math.exp(-seconds / qubit.t1_s), rel=1e-6)


@pytest.mark.parametrize(
    "waits", ["delay[40us] $2;", "x $1;\nbarrier $1, $2;\ndelay[40us] $1;\nbarrier;"]
)
def test_a_qubit_loses_its_phase_while_it_waits(service: Service, waits: str) -> None:
    """The qubit waits for a `delay`, or for another qubit."""
    t2 = load_snapshot("fake_manila").qubits[2].t2_s
    assert t2 is not None
    turn = "rz(pi/2) $2;\nsx $2;\nrz(pi/2) $2;\n"

    def contrast(between: str) -> float:
        ends = [
            exactly(
                service,
                HEAD + f"bit c;\n{turn}{between}\nrz({angle}) $2;\n{turn}c = measure $2;\n",
                backend="fake_manila",
            )[1]
            for angle in ("0", "pi")
        ]
        return float(ends[1] - ends[0])

    assert contrast(waits) / contrast("") == pytest.approx(math.exp(-40e-6 / t2), rel=1e-3)


def test_a_qubit_decays_while_others_are_busy_unless_it_is_kept(service: Service) -> None:
    circuit = HEAD + "bit c;\nx $0;\nx $1;\nbarrier $0, $1;\n" + 200 * "sx $0;\n"
    circuit += "barrier $0, $1;\nc = measure $1;\n"
    manila = load_snapshot("fake_manila")
    gate = next(g for g in manila.gates if g.name == "sx" and g.qubits == (0,))
    assert gate.duration_s is not None and manila.qubits[1].t1_s is not None
    error = manila.qubits[1].readout_error
    assert error is not None
    busy, still = [
        (exactly(service, circuit, backend="fake_manila", noise=noise)[1] - error) / (1 - 2 * error)
        for noise in (None, STILL)
    ]
    decay = math.exp(-200 * gate.duration_s / manila.qubits[1].t1_s)
    assert busy / still == pytest.approx(decay, rel=1e-4)
    fields = {"backend": "fake_manila", "seed": 1}
    waits = declared(circuit.replace(200 * "sx $0;\n", "delay[20us] $0;\n"))
    busy, still = [exactly(service, waits, **fields, noise=noise)[1] for noise in (None, STILL)]
    assert busy < still - 0.05


def test_a_stretch_has_no_length_of_its_own(service: Service) -> None:
    one = HEAD + "bit c;\nx $0;\nstretch s;\ndelay[s] $0;\nc = measure $0;\n"
    other = HEAD + "bit c;\nx $0;\nc = measure $0;\n"
    fields = {"backend": "fake_manila"}
    assert exactly(service, one, **fields) == pytest.approx(exactly(service, other, **fields))


ECR = (
    "gate rzx(t) a, b { h b; cx a, b; rz(t) b; cx a, b; h b; }\n"
    "gate ecr a, b { rzx(pi/4) a, b; x a; rzx(-pi/4) a, b; }\n"
)


def test_a_definition_that_does_the_same_is_the_gate_of_the_device(service: Service) -> None:
    circuit = HEAD + ECR + "bit[2] c;\necr $1, $0;\n" + MEASURED
    body = run_circuit(service, circuit, backend="fake_sherbrooke")
    assert body["compiled"]["gates"] == {"ecr": 1}
    other = HEAD + "gate ecr a, b { cx a, b; }\nbit[2] c;\necr $1, $0;\n" + MEASURED
    code, text = circuit_error(service, other, backend="fake_sherbrooke")
    assert (code, "has no `cx`" in text) == ("backend_unsuitable", True)


@pytest.mark.parametrize(
    ("circuit", "body", "place", "word"),
    [
        ("bit c;\nx $0;\n h $0;\nc = measure $0;", {}, "line 5, column 2",
         "no `h`: its gates are cx,"),
        ("bit c;\ncx $0, $2;\nc = measure $0;", {}, "line 4, column 1", "no `cx` on qubits 0, 2"),
        ("bit c;\nx $5;\nc = measure $5;", {}, "line 4, column 1", "has 5 qubits"),
        ("bit c;\nc = measure $5;", {}, "line 4, column 1", "has 5 qubits"),
        ("bit c;\ndelay[1us] $5;\nc = measure $0;", {}, "line 4, column 1", "has 5 qubits"),
        ("bit c;\nc = measure $0; if (c) { delay[1us] $5; }", {}, "line 4, column 26",
         "has 5 qubits"),
        ("bit c;\nctrl @ sx $0, $1;\nc = measure $0;", {}, "line 4, column 1", "`ctrl @ sx`"),
        ("qubit q; bit c;\nfor int k in [0:3] { if (k == 3) { y q; } }\nc = measure q;",
         {"compile": "never"}, "line 4, column 36", "no `y`"),
        ("qubit q; bit c;\npow(0.3) @ x q;\nc = measure q;", {"compile": "never"}, "line 4",
         "no `unitary`"),
        (("bit[2] c;\nx $0; c[0] = measure $0;\nif (c[0]) { x $1; } else { h $1; }\n"
         "c[1] = measure $1;"), {}, "line 5, column 28", "no `h`"),
        ("input float a; bit c;\nry(a) $0;\nc = measure $0;", {"parameters": {"a": [0.1, 0.2]}},
         "line 4, column 1", "no `ry`"),
        ("bit[2] c;\necr $0, $1;\nc[0] = measure $0;", {"backend": "fake_sherbrooke"},
         "line 6, column 1", "it has one on 1, 0"),
        ("bit c;\nx $0; reset $0;\nc = measure $0;", {"backend": "fake_miami"}, "line 4, column 7",
         "no `reset`"),
        ("qubit q; bit c;\nx q; delay[5dt] q;\nc = measure q;", {"backend": "fake_essex"}, "",
         "no time unit `dt`"),
        ("bit c;\nbox[10us] { x $0; }\nc = measure $0;", {}, "line 4, column 5",
         "a `box` for a device"),
    ],
)  # fmt: skip
def test_what_a_device_cannot_run_as_written_is_refused_with_its_place(
    service: Service, circuit: str, body: dict[str, Any], place: str, word: str
) -> None:
    head = HEAD + ECR if "ecr" in circuit else HEAD
    code, text = circuit_error(service, head + circuit, **{"backend": "fake_manila", **body})
    assert code == ("not_supported" if "box" in circuit else "backend_unsuitable")
    assert place in text
    assert word in text


def test_what_cannot_run_as_written_runs_compiled(service: Service) -> None:
    circuit = HEAD + "bit c;\nx $0;\nh $0;\nh $0;\nc = measure $0;"
    body = run_circuit(service, circuit, backend="fake_manila", compile="always")
    assert body["compiled"]["as_written"] is False
    assert body["result"]["1"] > 900


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        ({"compile": "sometimes"}, "invalid_request", "compile"),
        ({"noise": STILL}, "bad_noise", "only allowed with a `backend`"),
        (
            {"backend": "fake_manila", "noise": {**STILL, "readout": {}}},
            "bad_noise",
            "without rates",
        ),
    ],
)
def test_an_option_that_means_nothing_is_refused(
    service: Service, body: dict[str, Any], code: str, word: str
) -> None:
    actual_code, text = circuit_error(service, BELL, **body)
    assert actual_code == code
    assert word in text


def test_values_of_observables_are_of_the_circuit_as_written(service: Service) -> None:
    """Qubit k of an observable is qubit k of the device, and the turns are in its gates."""
    circuit = HEAD + "bit c;\nrz(pi/2) $2;\nsx $2;\nrz(pi/2) $2;\nx $0;\n"
    fields: dict[str, Any] = {"observables": ["XIZ", "YII", "IIZ", "ZII"], "backend": "fake_manila"}
    exact = run_circuit(service, circuit, **fields)
    assert exact["compiled"]["as_written"] is True
    values = exact["data"]["expectation_values"]
    assert values == pytest.approx([-1, 0, -1, 0], abs=0.3)
    estimate = run_circuit(service, circuit, precision=0.01, seed=1, **fields)["data"]
    assert (
        np.abs(estimate["expectation_values"] - values) <= 6 * estimate["standard_errors"]
    ).all()


def test_every_way_of_asking_has_the_option(service: Service) -> None:
    circuit = HEAD + "qubit[2] q;\nbit c;\nx q[1];\nc = measure q[1];\n"
    fields = {"circuit": circuit, "backend": "fake_manila", "compile": "never", "shots": 50}
    batch = service.http.post("/batches", json={"tasks": [fields, fields]}).json()
    lines = service.http.get(f"/batches/{batch['batch_id']}/results").text.splitlines()
    assert ['"qubits":[null,1]' in line.replace(" ", "") for line in lines] == [True, True]
    output = quantumtask(
        "submit", "-", "--backend", "fake_manila", "--compile", "never", "--wait",
        url=service.url, stdin=circuit,
    )  # fmt: skip
    assert "as written, of depth 2: 1 x" in output.stdout


@pytest.mark.parametrize("name", ["fake_sherbrooke", "fake_almaden"])
def test_the_short_path_reads_the_same_for_a_device(name: str) -> None:
    gates, settings = resolve_device_gates(name, None), Settings()
    for seed in range(3):
        text = openqasm(random_isa(name, seed, delays=False))
        short = compile_straight_line(text, settings, gates)
        full = compile_full(text, settings, None, gates).program
        assert short is not None and short.circuit is not None and full.circuit is not None
        assert short.circuit.steps == full.circuit.steps
        assert any(isinstance(s, Operation) and s.gate.name == BARRIER for s in short.circuit.steps)


def test_barriers_and_delays_cost_nothing_where_there_is_no_device() -> None:
    text = HEAD + "qubit[2] q;\nx q[0];\nbarrier q;\ndelay[1us] q[0];\nbarrier;\nx q[0];\n"
    circuit = compile_circuit(text, Settings()).circuit
    assert circuit is not None
    assert [step.gate.name for step in circuit.steps] == ["x", "x"]  # type: ignore[union-attr]


@pytest.mark.parametrize("qubits", [4, 10])
def test_compiling_finds_qubits_at_least_as_good_as_qiskit_does(qubits: int) -> None:
    """By the chance that no gate and no readout errs."""
    circuit = ghz(qubits)
    for name in ("fake_sherbrooke", "fake_fez"):
        target = device(name).target
        for seed in range(sized(1, 2)):
            passes = generate_preset_pass_manager(2, target=target, seed_transpiler=seed)
            ours = transpile_for_device(circuit, load_snapshot(name), seed, Settings()).circuit
            assert fidelity(ours, target) >= fidelity(passes.run(circuit), target) - 1e-9


def fidelity(circuit: QuantumCircuit, target: Any) -> float:
    fidelity = 1.0
    for item in circuit.data:
        on = tuple(circuit.find_bit(qubit).index for qubit in item.qubits)
        if item.operation.name != "barrier":
            fidelity *= 1 - (target[item.operation.name][on].error or 0)
    return fidelity


def test_qiskit_circuits_that_are_on_the_device_run_there(manila: QuantumTaskBackend) -> None:
    wide, small = QuantumCircuit(5, 1), QuantumCircuit(1, 1)
    wide.x(2)
    wide.measure(2, 0)
    small.y(0)
    small.measure(0, 0)
    narrow = QuantumCircuit(3, 1)  # as qiskit-experiments makes those of qubits 1 and 2
    narrow.cx(1, 2)
    narrow.measure(2, 0)
    laid_out = transpile(small, manila, initial_layout=[1])
    hadamard = QuantumCircuit(5, 1)
    hadamard.h(2)
    hadamard.measure(2, 0)
    job = manila.run([wide, small, laid_out, hadamard, narrow], shots=50, seed_simulator=3)
    answers = job._submission.answers(60)
    reports = [
        (answer["compiled"]["as_written"], answer["compiled"]["qubits"]) for answer in answers
    ]
    assert reports[0] == (True, [None, None, 2, None, None])
    assert reports[1][0] is False
    assert reports[2] == (True, [None, 1, None, None, None])
    assert reports[3][0] is False
    assert reports[4] == (True, [None, 1, 2])
    job = manila.run(wide, shots=50, compile="always")
    assert job._submission.answers(60)[0]["compiled"]["as_written"] is False
    job = manila.run(hadamard, shots=50, compile="never")
    assert "no `h`" in job._submission.answers(60)[0]["error"]


def test_primitives_keep_a_circuit_on_its_qubits(manila: QuantumTaskBackend) -> None:
    circuit = QuantumCircuit(5)
    circuit.x(0)
    circuit.delay(3000, 0, unit="us")
    circuit.x(4)
    value = EstimatorV2(manila).run([(circuit, [SparsePauliOp("IIIIZ"), SparsePauliOp("ZIIII")])])
    zero, four = value.result()[0].data.evs
    assert zero > 0.8
    assert four < -0.8
    circuit.measure_all()
    counts = SamplerV2(manila, seed=1).run([circuit], shots=200).result()[0].data.meas.get_counts()
    assert max(counts, key=counts.get) == "10000"


def test_a_backend_tells_how_long_its_gates_take(manila: QuantumTaskBackend) -> None:
    assert manila.dt == pytest.approx(2e-9 / 9)
    aer = device("fake_manila")
    assert manila.target.durations().get("cx", [0, 1], "dt") == aer.target.durations().get(
        "cx", [0, 1], "dt"
    )
    assert manila.qubit_properties(3).t1 == pytest.approx(aer.qubit_properties(3).t1)
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.barrier()
    for _ in range(6):
        circuit.cx(1, 2)
    circuit.h(0)
    circuit.measure(range(3), range(3))
    circuit = transpile(circuit, manila, initial_layout=[0, 1, 2], optimization_level=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        decoupled = PassManager(
            [
                ALAPScheduleAnalysis(target=manila.target),
                PadDynamicalDecoupling(target=manila.target, dd_sequence=[XGate(), XGate()]),
            ]
        ).run(circuit)
    assert decoupled.count_ops()["x"] == 2
    assert manila.run(decoupled, shots=10).result().success
