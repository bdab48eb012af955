"""Programs with noise that depend on outcomes, against reference density matrices."""

from random import Random
from typing import Any

import numpy as np
import pytest
from qiskit_aer.noise import NoiseModel

from quantumtask.engines.backends.noisy import NoisyBackend
from quantumtask.engines.noise.request import resolve_device_gates, resolve_noise
from quantumtask.openqasm import compile_sweep
from quantumtask.shared.settings import Settings
from quantumtask.shared.task_options import parse_noise
from tests.engines.noisy_reference import (
    CLIFFORD_NOISE,
    HEAD,
    SOME,
    DeviceNoise,
    Gate,
    If,
    Measure,
    Noise,
    Reset,
    Steps,
    distribution,
    expectation,
    on_device,
    random_steps,
    text_of,
)
from tests.support.chisquare import p_value
from tests.support.compile_circuit import compile_circuit
from tests.support.http_queries import circuit_error, run_circuit
from tests.support.lazy_import import lazy_import
from tests.support.services import Service
from tests.support.sizes import sized

fake_provider = lazy_import("qiskit_ibm_runtime.fake_provider")

SETTINGS = Settings()
UNLIKELY = 1e-6


def noisy(rates: Any, **options: Any) -> NoisyBackend:
    return NoisyBackend(resolve_noise("simulator", parse_noise(rates)), SETTINGS, seed=1, **options)


def counts(device: NoisyBackend, steps: Steps, shots: int, seed: int) -> Any:
    result = np.zeros(8, dtype=np.int64)
    sample = device.sample(compile_circuit(text_of(steps), SETTINGS), shots, seed, False)
    for outcome, count in sample.counts.by_outcome.items():
        result[outcome] = count
    return result


@pytest.mark.parametrize("seed", range(sized(20, 60)))
def test_random_programs_have_the_exact_distribution_of_density_matrices(seed: int) -> None:
    steps = random_steps(Random(seed))
    reference = distribution(steps, Noise(SOME))
    device = noisy(SOME, engine="quantumtask" if seed % 2 else "auto")
    result = device.probabilities(compile_circuit(text_of(steps), SETTINGS))
    assert result == pytest.approx(reference, abs=1e-9)


@pytest.mark.parametrize("seed", range(sized(2, 12)))
def test_shots_of_random_programs_are_drawn_from_that_distribution(seed: int) -> None:
    steps = random_steps(Random(seed), clifford=True)
    for method, rates in (
        ("density_matrix", SOME), ("statevector", SOME), ("stabilizer", CLIFFORD_NOISE),
    ):  # fmt: skip
        reference = distribution(steps, Noise(rates))
        device = noisy(rates, method=method, engine="quantumtask")
        shots = 4000 if method == "density_matrix" else 300
        assert p_value(counts(device, steps, shots, seed), reference) > UNLIKELY, method
        assert device.run_info is not None
        assert device.run_info.method == method


def turned(rho: Any, qubit: int, letter: str) -> Any:
    for name in {"X": ("h",), "Y": ("sdg", "h"), "Z": ()}[letter]:
        rho = Noise(SOME).gate(rho, Gate(name, (), (qubit,)))
    return rho


@pytest.mark.parametrize("seed", range(sized(2, 8)))
def test_expectation_values_of_random_programs_are_exact(seed: int) -> None:
    steps = random_steps(Random(seed))
    words = ["ZZI", "IXY", "YIX"]
    reference = [expectation(without_last(steps), Noise(SOME), word, turned) for word in words]
    result = noisy(SOME).expectation_values(compile_circuit(text_of(steps), SETTINGS), words)
    assert result == pytest.approx(reference, abs=1e-9)


def without_last(steps: Steps) -> Steps:
    """Return the steps without the terminal measurements, which an observable does not include."""
    remaining = list(steps)
    while remaining and isinstance(remaining[-1], Measure):
        remaining.pop()
    return tuple(remaining)


TELEPORT = (
    Gate("rx", (1.1,), (0,)), Gate("h", (), (1,)), Gate("cx", (), (1, 2)), Gate("cx", (), (0, 1)),
    Gate("h", (), (0,)), Measure(0, 0), Measure(1, 1), If(1, (Gate("x", (), (2,)),), ()),
    If(0, (Gate("p", (3.141592653589793,), (2,)),), ()), Measure(2, 2),
)  # fmt: skip


def test_a_teleported_state_has_the_noise_of_every_step(service: Service) -> None:
    reference = distribution(TELEPORT, Noise(SOME))
    body = run_circuit(
        service, text_of(TELEPORT), noise=SOME, shots=5000, seed=1, memory=True,
        **{"return": ["counts", "probabilities"]},
    )  # fmt: skip
    result = np.zeros(8, dtype=np.int64)
    for text, shots in body["result"].items():
        result[int(text, 2)] = shots
    assert body["data"]["probabilities"] == pytest.approx(reference, abs=1e-9)
    assert p_value(result, reference) > UNLIKELY
    assert (body["engine"], body["method"]) == ("quantumtask", "density_matrix")
    assert sorted(set(body["memory"])) == sorted(body["result"])


def test_a_measurement_repeated_is_misread_by_itself(service: Service) -> None:
    circuit = (
        "OPENQASM 3.0;\nqubit q;\nbit[2] c;\nbit d;\nU(pi, 0, pi) q;\nc[0] = measure q;\n"
        "c[1] = measure q;\nif (c[0]) d = c[1];\n"
    )
    noise = {"readout": {"one_as_zero": 0.25}}
    body = run_circuit(service, circuit, noise=noise, **{"return": ["probabilities"]})
    reference = np.zeros(8)
    reference[[0b000, 0b001, 0b010, 0b111]] = [1 / 16, 3 / 16, 3 / 16, 9 / 16]
    assert body["data"]["probabilities"] == pytest.approx(reference)


LOOP = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nbit c;\noutput int tries;\ntries = 0;\n'
    "while (!c) { h q; c = measure q; tries += 1; }\n"
)


def test_a_loop_until_a_measurement_succeeds_ends_sooner_with_misreadings(service: Service) -> None:
    noise = {"readout": {"zero_as_one": 0.5}}
    body = run_circuit(service, LOOP, noise=noise, shots=4000, seed=3)
    tries = np.array(body["outputs"]["tries"])
    assert body["result"] == {"1": 4000}
    assert tries.mean() == pytest.approx(4 / 3, abs=6 * (2 / 3) / 63)  # each try ends it in 3 of 4
    code, text = circuit_error(service, LOOP, noise=noise, **{"return": ["probabilities"]})
    assert (code, "branches" in text) == ("not_exact", True)


def test_an_output_of_a_measurement_is_as_it_was_read(service: Service) -> None:
    circuit = "OPENQASM 3.0;\nqubit q;\noutput bit c;\nc = measure q;\n"
    body = run_circuit(service, circuit, noise={"readout": {"zero_as_one": 1}}, shots=5)
    assert body["result"] == {"1": 5}
    assert body["outputs"] == {"c": [1] * 5}


MANY = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[30] q;\nbit[30] c;\nh q[0];\n'
    "for int k in [0:28] { cx q[k], q[k + 1]; }\nc[0] = measure q[0];\n"
    "if (c[0]) { for int k in [0:29] { x q[k]; } }\nc = measure q;\n"
)


def test_many_qubits_run_shot_by_shot_in_a_stabilizer_state(service: Service) -> None:
    noise = {"depolarizing": {"two_qubit": 0.002}, "readout": {"zero_as_one": 0.001}}
    body = run_circuit(service, MANY, noise=noise, shots=100, seed=2)
    assert body["method"] == "stabilizer"
    # Either way the corrected state is all 0, unless the first reading or a gate errs.
    assert 65 < body["result"].get("0" * 30, 0) < 100


def test_a_program_that_no_way_has_room_for_is_refused(service: Service) -> None:
    circuit = MANY.replace("h q[0];", "h q[0]; t q[0]; h q[0];")
    noise = {"depolarizing": {"two_qubit": 0.002}}
    assert circuit_error(service, circuit, noise=noise)[0] == "out_of_memory"
    code, text = circuit_error(service, circuit, noise=noise, method="stabilizer")
    assert (code, "not Clifford" in text) == ("engine_unsuitable", True)


def test_values_from_shots_of_a_program_that_acts_come_near_the_exact_ones(
    service: Service,
) -> None:
    circuit = text_of(TELEPORT)
    fields: dict[str, Any] = {"noise": SOME, "observables": ["XII", "YII", "ZIZ"], "seed": 5}
    exact = run_circuit(service, circuit, **fields)["data"]
    estimate = run_circuit(service, circuit, precision=0.01, **fields)["data"]
    off = np.abs(estimate["expectation_values"] - exact["expectation_values"])
    assert (off <= 6 * estimate["standard_errors"] + 1e-9).all()


def test_the_same_seed_gives_the_same_shots_of_a_program_that_acts() -> None:
    steps = (*TELEPORT[:-1], Reset(0), Measure(2, 2))
    for method in ("density_matrix", "statevector"):
        device = noisy(SOME, method=method)
        assert (counts(device, steps, 50, 1) == counts(device, steps, 50, 1)).all()


CODE_ROUND = (
    "reset q[3:4]; cx q[0], q[3]; cx q[1], q[3]; cx q[1], q[4]; cx q[2], q[4]; s = measure q[3:4];"
    "if (s == 1) x q[0]; if (s == 3) x q[1]; if (s == 2) x q[2];"
)
CODE = f"{HEAD}qubit[5] q; bit[2] s; bit[3] r; {5 * CODE_ROUND} r = measure q[0:2];"


@pytest.mark.parametrize("shots", [200, 2000, 4000])
def test_a_repetition_code_with_rare_errors_runs_in_a_density_matrix(shots: int) -> None:
    rates = {"depolarizing": {"one_qubit": 0.001, "two_qubit": 0.01}}
    device = noisy(rates)
    device.sample(compile_circuit(CODE, SETTINGS), shots, 1, False)
    assert device.run_info is not None
    assert device.run_info.method == "density_matrix"


PAIRS = [(0, 1), (1, 0), (1, 2), (2, 1)]
MANILA = "qubit[3] q;\nbit[3] c;\n"


def compiled(text: str, noise: Any) -> Any:
    gates = resolve_device_gates("fake_manila", parse_noise(noise))
    return compile_sweep(text, SETTINGS, None, gates).program


@pytest.mark.parametrize("seed", range(sized(2, 20)))
def test_on_a_device_a_program_as_written_has_the_noise_of_its_gates(seed: int) -> None:
    lots = Random(seed)
    steps = on_device(random_steps(lots), lots, PAIRS)
    reference = distribution(
        steps, DeviceNoise(NoiseModel.from_backend(fake_provider.FakeManilaV2()))
    )
    noise = {"idle": False}
    device = NoisyBackend(
        resolve_noise("fake_manila", parse_noise(noise)), SETTINGS, seed=1, engine="quantumtask",
        compile_mode="never",
    )  # fmt: skip
    result = device.probabilities(compiled(text_of(steps), noise))
    assert result == pytest.approx(reference, abs=1e-7)


@pytest.mark.parametrize("seed", range(sized(2, 12)))
def test_compiling_a_program_for_a_device_keeps_what_it_means(seed: int) -> None:
    steps = random_steps(Random(seed))
    nothing = {"readout": {"zero_as_one": 0.0}}
    reference = distribution(steps, Noise({}))
    device = NoisyBackend(
        resolve_noise("fake_manila", parse_noise(nothing)), SETTINGS, seed=1, engine="quantumtask"
    )
    result = device.probabilities(compiled(text_of(steps), nothing))
    assert result == pytest.approx(reference, abs=1e-7)


def test_a_teleported_state_on_a_device_is_compiled_and_noisy(service: Service) -> None:
    ideal = distribution(TELEPORT, Noise({}))
    body = run_circuit(
        service, text_of(TELEPORT), backend="fake_manila", shots=4000, seed=1,
        **{"return": ["counts", "probabilities"]},
    )  # fmt: skip
    result = np.zeros(8, dtype=np.int64)
    for text, shots in body["result"].items():
        result[int(text, 2)] = shots
    exact = body["data"]["probabilities"]
    assert p_value(result, exact) > UNLIKELY
    assert 0.02 < np.abs(exact - ideal).sum() / 2 < 0.25
    assert body["compiled"]["as_written"] is False
    assert set(body["compiled"]["gates"]) <= {"id", "rz", "sx", "x", "cx"}


def test_qubits_of_a_device_decay_while_another_is_measured(service: Service) -> None:
    circuit = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[2] c;\nx $0;\nc[1] = measure $1;\n'
        "if (c[1]) x $2;\nx $2;\ndelay[100us] $0;\nc[0] = measure $0;\n"
    )
    t1 = fake_provider.FakeManilaV2().qubit_properties(0).t1
    fields: dict[str, Any] = {"backend": "fake_manila", "return": ["probabilities"]}
    table = run_circuit(service, circuit, **fields)["data"]["probabilities"]
    error = fake_provider.FakeManilaV2().target["measure"][(0,)].error
    survival = np.exp(
        -(100e-6 + fake_provider.FakeManilaV2().target["measure"][(1,)].duration) / t1
    )
    assert table[1] + table[3] == pytest.approx(
        survival * (1 - error) + (1 - survival) * error, abs=0.003
    )
    waiting = {"noise": {"idle": False}}
    table = run_circuit(service, circuit, **fields, **waiting)["data"]["probabilities"]
    survival = np.exp(-100e-6 / t1)
    assert table[1] + table[3] == pytest.approx(
        survival * (1 - error) + (1 - survival) * error, abs=0.003
    )


def test_a_gate_that_the_device_has_not_is_refused_where_only_a_shot_shows_it(
    service: Service,
) -> None:
    circuit = (
        'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[2] c;\nx $0;\nc[0] = measure $0;\n'
        "if (c[0]) { c[1] = measure $1; h $1; }\n"
    )
    code, text = circuit_error(service, circuit, backend="fake_manila", shots=10)
    assert (code, "has no `h`" in text) == ("backend_unsuitable", True)
