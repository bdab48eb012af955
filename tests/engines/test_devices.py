"""Circuits compiled for device snapshots and run with their noise, through a running service."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.engines.probability_queries import HEAD, exactly
from tests.support.http_queries import circuit_error, run_circuit
from tests.support.services import BELL, Service

Start = Callable[..., Service]


def ghz(qubits: int) -> str:
    chain = "".join(f"cx q[{k}], q[{k + 1}];\n" for k in range(qubits - 1))
    return HEAD + f"qubit[{qubits}] q;\nbit[{qubits}] c;\nh q[0];\n{chain}c = measure q;\n"


def test_a_ghz_state_on_a_device_snapshot_is_less_than_perfect(service: Service) -> None:
    body = run_circuit(service, ghz(5), backend="fake_manila", shots=4000, seed=1)
    whole = body["result"]["00000"] + body["result"]["11111"]
    assert 2400 < whole < 3900
    assert max(body["result"], key=body["result"].get) in ("00000", "11111")
    assert (body["engine"], body["method"]) == ("aer", "density_matrix")
    assert body["reason"] == "noise of fake_manila, in a density matrix"


def test_the_answer_tells_what_became_of_the_circuit(service: Service) -> None:
    body = run_circuit(service, ghz(5), backend="fake_manila", seed=2)
    compiled = body["compiled"]
    assert set(compiled) == {"as_written", "depth", "gates", "qubits"}
    assert compiled["as_written"] is False
    assert set(compiled["gates"]) <= {"cx", "id", "rz", "sx", "x"}
    assert compiled["gates"]["cx"] == 4  # the device is a line: there is nothing to swap
    assert compiled["depth"] >= 7
    assert sorted(compiled["qubits"]) == [0, 1, 2, 3, 4]
    again = run_circuit(service, ghz(5), backend="fake_manila", seed=2)
    assert (again["compiled"], again["result"]) == (compiled, body["result"])
    listed = service.http.get(f"/tasks/{body['task_id']}").json()
    assert listed["compiled"] == compiled


def test_qubits_that_nothing_is_done_with_are_on_no_qubit(service: Service) -> None:
    circuit = HEAD + "qubit[9] q;\nbit c;\nx q[7];\nc = measure q[7];\n"
    body = run_circuit(service, circuit, backend="fake_manila", shots=100, seed=3)
    places = body["compiled"]["qubits"]
    assert [place is None for place in places] == [k != 7 for k in range(9)]
    assert body["result"]["1"] > 80


SCATTERED = (
    HEAD + "qubit[5] q;\nbit[3] a;\nbit[2] b;\nx q[0];\nx q[3];\n"
    + "".join(f"swap q[{k}], q[{j}];\nswap q[{k}], q[{j}];\n" for k in range(5) for j in range(k))
    + "cx q[0], q[4];\na[0] = measure q[4];\na[2] = measure q[1];\nb[1] = measure q[3];\n"
    "b[0] = measure q[2];\na[1] = measure q[0];\n"
)  # fmt: skip


@pytest.mark.parametrize("backend", ["fake_manila", "fake_vigo", "fake_fez", "fake_yorktown"])
def test_bits_stay_where_the_program_has_them(service: Service, backend: str) -> None:
    body = run_circuit(service, SCATTERED, backend=backend, shots=300, seed=4, memory=True)
    assert max(body["result"], key=body["result"].get) == "10 011"
    assert sorted(body["memory"]) == sorted(
        text for text, shots in body["result"].items() for _ in range(shots)
    )


def test_of_a_large_device_only_what_a_circuit_uses_is_simulated(start: Start) -> None:
    service = start(slots=1, slot_memory_mb=512)
    for backend, pair in (("fake_sherbrooke", "ecr"), ("fake_fez", "cz")):
        body = run_circuit(service, BELL, backend=backend, shots=1000, seed=7)
        assert body["result"]["00"] + body["result"]["11"] > 900
        assert body["compiled"]["gates"][pair] == 1
        one, other = body["compiled"]["qubits"]
        coupling = service.http.get(f"/backends/{backend}").json()["coupling_map"]
        assert [one, other] in coupling or [other, one] in coupling


def test_the_noise_of_a_device_snapshot_by_name_is_that_of_the_backend(service: Service) -> None:
    by_backend = run_circuit(service, ghz(3), backend="fake_quito", seed=8)
    for body in (
        run_circuit(service, ghz(3), noise="fake_quito", seed=8),
        run_circuit(service, ghz(3), noise="fake_quito", backend="fake_quito", seed=8),
    ):
        assert body["result"] == by_backend["result"]
        assert body["compiled"] == by_backend["compiled"]


def test_rates_take_the_place_of_the_noise_of_the_backend(service: Service) -> None:
    nothing = {"readout": {"zero_as_one": 0}}
    for backend in ("fake_manila", "fake_sherbrooke", "fake_almaden"):
        reference = exactly(service, ghz(3), backend=backend, noise=nothing, seed=9)
        assert reference == pytest.approx([0.5, 0, 0, 0, 0, 0, 0, 0.5], abs=1e-9)
    flips = {"readout": {"zero_as_one": 1, "one_as_zero": 1}}
    circuit = HEAD + "qubit[2] q;\nbit[2] c;\nx q[0];\nc = measure q;\n"
    body = run_circuit(service, circuit, backend="fake_manila", noise=flips, shots=9)
    assert body["result"] == {"10": 9}
    assert body["compiled"]["gates"] == {"x": 1}


def test_expectation_values_of_a_device_snapshot_are_those_of_its_shots(service: Service) -> None:
    observables = ["ZZZ", "XXX", "IZZ", "YYX", "0I1"]
    fields: dict[str, Any] = {"backend": "fake_lima", "observables": observables, "seed": 10}
    exact = run_circuit(service, ghz(3), **fields)["data"]["expectation_values"]
    estimate = run_circuit(service, ghz(3), precision=0.01, **fields)["data"]
    assert exact[0] == pytest.approx(0, abs=0.1)
    assert 0.7 < exact[1] < 0.99
    assert -0.99 < exact[3] < -0.7
    off = np.abs(estimate["expectation_values"] - exact)
    assert (off <= 6 * estimate["standard_errors"]).all()


def test_every_program_of_a_sweep_is_compiled(service: Service) -> None:
    circuit = HEAD + "input float a;\nqubit[2] q;\nbit[2] c;\nry(a) q[0];\ncx q[0], q[1];\n"
    angles = [0, math.pi / 2, math.pi]
    body = run_circuit(
        service, circuit + "c = measure q;", parameters={"a": angles}, backend="fake_manila",
        shots=500, seed=11, observables="ZI", **{"return": ["counts", "expectation_values"]},
    )  # fmt: skip
    most = [max(counts, key=counts.get) for counts in body["result"]]
    assert (most[0], most[2]) == ("00", "11")
    assert body["data"]["expectation_values"] == pytest.approx([1, 0, -1], abs=0.15)
    assert set(body["compiled"]) == {"as_written", "depth", "gates", "qubits"}


RESETS = HEAD + "qubit q;\nbit c;\nx q;\nreset q;\nc = measure q;\n"


@pytest.mark.parametrize(
    ("circuit", "body", "code", "word"),
    [
        (BELL, {"backend": "fake_moon"}, "backend_unknown", "`GET /backends` lists all"),
        (BELL, {"backend": "manila"}, "backend_unknown", "did you mean `fake_manila`?"),
        (BELL, {"backend": "manila"}, "backend_unknown", "`quantumtask backends`"),
        (BELL, {"backend": "fake_fractional"}, "backend_unknown", "no such backend"),
        (BELL, {"noise": "fake_moon"}, "backend_unknown", "no such backend"),
        (BELL, {"noise": "simulator"}, "bad_noise", "has no noise"),
        (ghz(6), {"backend": "fake_manila"}, "backend_unsuitable", "uses 6 qubits"),
        (ghz(200), {"backend": "fake_manila"}, "backend_unsuitable", "fake_manila has 5"),
        (RESETS, {"backend": "fake_miami"}, "backend_unsuitable", "resets a qubit"),
        (BELL, {"backend": "fake_manila", "noise": "fake_lima"}, "bad_noise", "has its own"),
        (
            BELL,
            {"backend": "fake_manila", "engine": "stim"},
            "engine_unsuitable",
            "compiled for a device",
        ),
        (BELL, {"backend": "fake_manila", "method": "stabilizer"}, "engine_unsuitable", "aer"),
    ],
)
def test_what_a_backend_cannot_run_is_refused(
    service: Service, circuit: str, body: dict[str, Any], code: str, word: str
) -> None:
    actual_code, text = circuit_error(service, circuit, **body)
    assert actual_code == code
    assert word in text


def test_a_strict_submission_that_names_no_backend_is_refused_at_once(service: Service) -> None:
    body = {"circuit": BELL, "backend": "fake_moon"}
    answer = service.http.post("/tasks?strict=true", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "backend_unknown")
    assert service.http.post("/tasks?strict=true", json={**body, "backend": "fake_lima"}).is_success


def test_compiling_that_takes_too_long_is_ended(start: Start) -> None:
    service = start(slots=1, compile_limit_s=0.5)
    pairs = "".join(f"cx q[{k * 7 % 100}], q[{(k * 7 + 1 + k % 98) % 100}];\n" for k in range(9000))
    circuit = HEAD + f"qubit[100] q;\nbit c;\n{pairs}c = measure q[0];\n"
    code, text = circuit_error(service, circuit, backend="fake_sherbrooke", shots=1)
    assert code == "compile_timeout"
    assert "compiling the circuit took more than 0.5 seconds" in text
    assert run_circuit(service, BELL)["status"] == "completed"  # in a fresh slot


def test_the_simulator_by_name_is_the_ideal_one(service: Service) -> None:
    body = run_circuit(service, BELL, backend="simulator", seed=12)
    assert body["result"] == run_circuit(service, BELL, seed=12)["result"]
    assert body.get("compiled") is None


@pytest.mark.xdist_group("without_snapshots")
def test_without_the_extra_a_device_snapshot_is_refused_and_says_what_to_install(
    without_snapshots: Service,
) -> None:
    code, text = circuit_error(without_snapshots, BELL, backend="fake_manila")
    assert code == "backend_unknown"
    assert "pip install '.[backends]'" in text
