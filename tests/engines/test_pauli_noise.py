"""Clifford circuits with Pauli noise: shots of Stim against exact density matrices."""

from random import Random
from typing import Any

import numpy as np
import pytest
from qiskit_aer.noise import (
    NoiseModel,
    QuantumError,
    ReadoutError,
    amplitude_damping_error,
    depolarizing_error,
    pauli_error,
)

from quantumtask.engines.backends.noisy import NoisyBackend
from quantumtask.engines.noise.request import resolve_device_gates, resolve_noise
from quantumtask.openqasm import compile_sweep
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task_options import parse_noise
from tests.support.chisquare import p_value
from tests.support.http_queries import circuit_error, run_circuit
from tests.support.services import BELL, Service
from tests.support.sizes import sized

SETTINGS = Settings()
CIRCUITS = sized(60, 600)
SHOTS = 4000
UNLIKELY = 1e-6 / CIRCUITS

ONE = ("id", "x", "y", "z", "h", "s", "sdg", "sx")
TWO = ("cx", "cy", "cz", "swap")
GRAMMAR = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def random_text(rng: Random) -> str:
    """Return Clifford gates with measurements and resets between them, on one to four qubits."""
    qubits = rng.randint(1, 4)
    lines = [f"{GRAMMAR}qubit[{qubits}] q;\nbit[{qubits}] c;\nbit[2] m;"]
    for _ in range(rng.randint(3, 14)):
        kind = rng.random()
        qubit = rng.randrange(qubits)
        if kind < 0.08:
            lines.append(f"reset q[{qubit}];")
        elif kind < 0.16:
            lines.append(f"m[{rng.randrange(2)}] = measure q[{qubit}];")
        elif kind < 0.6 or qubits == 1:
            lines.append(f"{rng.choice(ONE)} q[{qubit}];")
        else:
            first, second = rng.sample(range(qubits), 2)
            lines.append(f"{rng.choice(TWO)} q[{first}], q[{second}];")
    return "\n".join([*lines, "c = measure q;"])


def random_rates(rng: Random) -> dict[str, Any]:
    rates: dict[str, Any] = {
        "depolarizing": {"one_qubit": rng.uniform(0, 1), "two_qubit": rng.uniform(0, 1)},
        "readout": {"zero_as_one": rng.uniform(0, 0.3), "one_as_zero": rng.uniform(0, 0.3)},
    }
    if rng.random() < 0.3:
        rates["readout"]["one_as_zero"] = rates["readout"]["zero_as_one"]
    return rates


def random_model(rng: Random) -> dict[str, Any]:
    """Return Pauli errors of gates, measurements and resets, for all or for certain qubits."""
    model = NoiseModel()
    for name in rng.sample([*ONE, "measure", "reset"], 5):
        _add(model, _random_error(rng, 1), name, [rng.randrange(4)], rng)
    for name in rng.sample(TWO, 2):
        _add(model, _random_error(rng, 2), name, rng.sample(range(4), 2), rng)
    flips = rng.uniform(0, 0.2), rng.uniform(0, 0.2)
    readout = ReadoutError([[1 - flips[0], flips[0]], [flips[1], 1 - flips[1]]])
    model.add_readout_error(readout, [rng.randrange(4)], warnings=False)
    return dict(model.to_dict(serializable=True))


def _add(model: NoiseModel, error: Any, name: str, on: list[int], rng: Random) -> None:
    if rng.random() < 0.5:
        model.add_all_qubit_quantum_error(error, name, warnings=False)
    else:
        model.add_quantum_error(error, name, on, warnings=False)


def _random_error(rng: Random, size: int) -> QuantumError:
    words = [a + b for a in "IXYZ" for b in ("IXYZ" if size == 2 else [""])]
    lots = np.random.default_rng(rng.getrandbits(32)).dirichlet([1] * 4)
    some = pauli_error(list(zip(rng.sample(words, 4), lots.tolist(), strict=True)))
    kind = rng.randrange(3)
    if kind == 0:
        return depolarizing_error(rng.uniform(0, 1), size)
    return some if kind == 1 else some.compose(depolarizing_error(0.2, size))


def compiled(text: str, noise: Any) -> Program:
    gates = resolve_device_gates("simulator", parse_noise(noise))
    return compile_sweep(text, SETTINGS, None, gates).program


def backend(noise: Any, **options: Any) -> NoisyBackend:
    spec = resolve_noise("simulator", parse_noise(noise))
    return NoisyBackend(spec, SETTINGS, seed=1, **options)


@pytest.mark.parametrize("kind", ["rates", "model"])
@pytest.mark.parametrize("seed", range(CIRCUITS // 2))
def test_shots_are_drawn_from_the_diagonal_of_the_density_matrix(seed: int, kind: str) -> None:
    rng = Random(f"{kind} {seed}")
    noise = random_rates(rng) if kind == "rates" else random_model(rng)
    program = compiled(random_text(rng), noise)
    expected = backend(noise).probabilities(program)
    for memory in (False, True):
        stim = backend(noise, engine="stim")
        sample = stim.sample(program, SHOTS, seed, memory)
        counts = np.zeros(len(expected), dtype=np.int64)
        for outcome, shots in sample.counts.by_outcome.items():
            counts[outcome] = shots
        assert counts.sum() == SHOTS
        assert p_value(counts, expected) > UNLIKELY
        assert stim.run_info is not None
        assert (stim.run_info.engine, stim.run_info.method) == ("stim", "stabilizer")


MANY = "".join(
    [GRAMMAR, "qubit[70] q;\nbit[70] c;\nx q[69];\nh q[0];\ncx q[0], q[1];\nc = measure q;"]
)


@pytest.mark.parametrize(
    "readout",
    [{"zero_as_one": 0.001, "one_as_zero": 0.001}, {"zero_as_one": 0, "one_as_zero": 0.001}],
)
def test_results_longer_than_a_word_keep_all_bits(readout: dict[str, float]) -> None:
    program = compiled(MANY, {"readout": readout})
    sample = backend({"readout": readout}).sample(program, 1000, 3, False)
    likely = sum(sample.counts.by_outcome.get(1 << 69 | low, 0) for low in (0, 3))
    assert 850 < likely < 1000


def test_counts_with_registers_are_written_as_those_of_other_engines() -> None:
    text = (
        f"{GRAMMAR}qubit[5] q;\nbit a;\nbit[3] b;\nx q[3];\na = measure q[1];\nb = measure q[2:4];"
    )
    program = compiled(text, {"readout": {"zero_as_one": 0.0}})
    output = backend({"readout": {"zero_as_one": 0.0}}).sample(program, 12, 1, False).to_output()
    assert output.counts == '{"010 0":12}'


def test_one_error_that_is_no_pauli_operator_sends_a_circuit_elsewhere(service: Service) -> None:
    model = NoiseModel()
    model.add_all_qubit_quantum_error(pauli_error([("X", 0.1), ("I", 0.9)]), "h")
    noise = dict(model.to_dict(serializable=True))
    assert run_circuit(service, BELL, noise=noise)["engine"] == "stim"
    model.add_all_qubit_quantum_error(amplitude_damping_error(0.1), "x")
    noise = dict(model.to_dict(serializable=True))
    assert run_circuit(service, BELL, noise=noise)["engine"] == "aer"
    code, text = circuit_error(service, BELL, noise=noise, engine="stim")
    assert (code, "errors that are not Pauli operators" in text) == ("engine_unsuitable", True)


def test_stim_refuses_the_noise_of_a_device_and_exact_values(service: Service) -> None:
    code, text = circuit_error(service, BELL, backend="fake_manila", engine="stim")
    assert (code, "compiled for a device" in text) == ("engine_unsuitable", True)
    noise = {"depolarizing": {"one_qubit": 0.1}}
    request: dict[str, Any] = {"noise": noise, "engine": "stim"}
    code, text = circuit_error(service, BELL, **request, observables="ZZ")
    assert (code, "no exact values" in text) == ("engine_unsuitable", True)
    sampled = run_circuit(service, BELL, **request, observables="XX", precision=0.02, seed=1)
    # The errors of three gates h: the first one, and two that turn X to Z.
    assert sampled["data"]["expectation_values"] == pytest.approx(0.9**3, abs=0.1)
    code, text = circuit_error(service, BELL.replace("h q[0];", "t q[0];"), **request)
    assert (code, "not Clifford" in text) == ("engine_unsuitable", True)


def test_the_same_seed_gives_the_same_shots_on_stim() -> None:
    noise = {"readout": {"zero_as_one": 0.1, "one_as_zero": 0.3}}
    program = compiled(BELL, noise)
    first, second, other = [
        dict(backend(noise).sample(program, 500, seed, False).counts.by_outcome)
        for seed in (1, 1, 2)
    ]
    assert first == second != other


def test_too_many_measurements_of_a_memory_are_refused() -> None:
    program = compiled(MANY, {"readout": {"zero_as_one": 0.5}})
    small = Settings(max_result_bytes=10_000)
    spec = resolve_noise("simulator", parse_noise({"readout": {"zero_as_one": 0.5}}))
    with pytest.raises(ResourceError) as error:
        NoisyBackend(spec, small, seed=1).sample(program, 1000, 1, False)
    assert error.value.code == "result_too_large"
