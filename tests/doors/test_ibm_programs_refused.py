"""Hostile quantum programs at the door of IBM: each is refused, or fails, with a reason."""

import base64
import copy
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.support.cases import check_each
from tests.support.lazy_import import lazy_import
from tests.support.samplexes import twirl, two_angles
from tests.support.services import Service

pytestmark = pytest.mark.xdist_group("ibm")

runtime = lazy_import("qiskit_ibm_runtime")
converters = lazy_import("qiskit_ibm_runtime.quantum_program.params_converters")
executor_options = lazy_import("qiskit_ibm_runtime.options_models.executor")

JOBS = "/ibm/experimental/jobs"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def params() -> Json:
    """A program of a circuit and a samplex, as the client encodes it."""
    program, twirled = runtime.QuantumProgram(shots=10), twirl(two_angles())
    program.append_circuit_item(twirled.circuit, circuit_arguments=np.zeros((2, 2)))
    program.append_samplex_item(
        twirled.template, samplex=twirled.samplex,
        samplex_arguments={"parameter_values": np.zeros(2)}, shape=(3,),
    )  # fmt: skip
    converter = converters.QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"]
    encoded: Json = converter.encoder(program, executor_options.ExecutorOptions()).model_dump(
        mode="json"
    )
    return encoded


def submit(service: Service, params: Json, backend: str = "simulator") -> Any:
    body = {"program_id": "executor", "backend": backend, "params": params}
    return service.http.post(JOBS, json=body)


def outcome(service: Service, params: Json) -> tuple[str, str]:
    """The state of a job, or "refused", and the reason."""
    answer = submit(service, params)
    if answer.status_code == 400:
        return "refused", answer.json()["message"]
    assert answer.status_code == 200, answer.text
    path, deadline = f"{JOBS}/{answer.json()['id']}", time.monotonic() + 60
    while True:
        state = service.http.get(path, params={"exclude_params": "true"}).json()["state"]
        if state["status"] not in ("Queued", "Running"):
            return state["status"], state.get("reason") or ""
        assert time.monotonic() < deadline
        time.sleep(0.05)


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def tensor(values: Any, **changes: Any) -> Json:
    array = np.asarray(values, dtype=np.float64)
    fields = {"data": packed(array.tobytes()), "shape": list(array.shape), "dtype": "f64"}
    return {**fields, **changes}


def bomb(size: int) -> str:
    """Zeros, compressed."""
    stream = zlib.compressobj(9)
    parts = [stream.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return base64.b64encode(b"".join(parts) + stream.flush()).decode()


def set_at(path: str, value: Any) -> Callable[[Json], None]:
    """A change of one value, at a path such as `quantum_program.items.0.shape`."""

    def change(params: Json) -> None:
        *outer, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        place: Any = params
        for part in outer:
            place = place[part]
        place[last] = value

    return change


def set_bomb(path: str, size: int) -> Callable[[Json], None]:
    """A change that computes the bomb in the test, and not in each process that collects it."""
    return lambda params: set_at(path, bomb(size))(params)


PROGRAM = "quantum_program"
CIRCUIT, SAMPLEX = f"{PROGRAM}.items.0", f"{PROGRAM}.items.1"
ARGUMENTS = f"{CIRCUIT}.circuit_arguments"
VALUES = f"{SAMPLEX}.samplex_arguments"
QPY = f"{PROGRAM}.circuits.b64_data"


def swap_circuits(params: Json) -> None:
    params[PROGRAM]["items"].reverse()


def damage_table(params: Json) -> None:
    data = bytearray(zlib.decompress(base64.b64decode(params[PROGRAM]["circuits"]["b64_data"])))
    data[20:28] = b"\xff" * 8
    params[PROGRAM]["circuits"]["b64_data"] = packed(bytes(data))


def damage_circuit(params: Json) -> None:
    data = bytearray(zlib.decompress(base64.b64decode(params[PROGRAM]["circuits"]["b64_data"])))
    data[-200:-100] = b"\xff" * 100
    params[PROGRAM]["circuits"]["b64_data"] = packed(bytes(data))


HOSTILE: dict[str, tuple[Callable[[Json], None], str]] = {
    "another schema": (set_at("schema_version", "v9.9"), "schema_version: must be v2.0"),
    "no schema": (set_at("schema_version", None), "schema_version: "),
    "a field too many": (set_at("other", 1), "other: no such field"),
    "an inner field too many": (set_at(f"{CIRCUIT}.other", 1), "other: no such field"),
    "no program": (set_at(PROGRAM, []), f"{PROGRAM}: "),
    "no items": (set_at(f"{PROGRAM}.items", []), "as many as circuits, 2; got 0"),
    "no shots": (set_at(f"{PROGRAM}.shots", 0), f"{PROGRAM}.shots: "),
    "many shots": (set_at(f"{PROGRAM}.shots", 10**9), "shots: "),
    "analogue signals": (set_at(f"{PROGRAM}.meas_level", "kerneled"), "must be classified"),
    "qubits that are not reset": (set_at("options.init_qubits", False), "init_qubits: must be"),
    "timing": (set_at("options.scheduler_timing", True), "scheduler_timing: must be false"),
    "an experiment": (set_at("options.experimental", {"image": "x"}), "'image' is not an option"),
    "an unknown item": (set_at(f"{CIRCUIT}.item_type", "other"), "circuit or samplex"),
    "mixed chunks": (set_at(f"{CIRCUIT}.chunk_size", 3), "chunk_size must be auto"),
    "a repeated circuit": (set_at(f"{CIRCUIT}.shape", [5, 2]), "this service repeats no circuit"),
    "OpenQASM": (set_at(f"{PROGRAM}.circuits", {"data": ["qubit q;"]}), "must be QPY"),
    "no QPY": (set_at(QPY, "%"), "circuits.b64_data: "),
    "packed rubbish": (set_at(QPY, packed(b"rubbish")), "is not QPY"),
    "a short file": (set_at(QPY, packed(b"QISKIT\x12")), "QPY"),
    "a bomb of QPY": (set_bomb(QPY, 200 << 20), "must have at most 67,108,864 bytes"),
    "a damaged table": (damage_table, "is damaged"),
    "a damaged circuit": (damage_circuit, "Qiskit cannot read this QPY"),
    "circuits in another order": (swap_circuits, ""),
    "an unknown dtype": (set_at(f"{ARGUMENTS}.dtype", "O"), "dtype: must be one of"),
    "a huge shape": (set_at(f"{ARGUMENTS}.shape", [10**6, 10**6, 2]), "a product of at most"),
    "a large shape": (set_at(f"{ARGUMENTS}.shape", [10**7, 2]), "must be at most 6,291,456 bytes"),
    "a negative size": (set_at(f"{ARGUMENTS}.shape", [-1, 2]), "shape.0: "),
    "many dimensions": (set_at(f"{ARGUMENTS}.shape", [1] * 17), "shape: "),
    "another shape": (set_at(f"{ARGUMENTS}.shape", [3, 2]), "needs 48 bytes; got 32"),
    "a bomb of numbers": (set_bomb(f"{ARGUMENTS}.data", 64 << 20), "needs 32 bytes; got more"),
    "an unpacked tensor": (set_at(f"{ARGUMENTS}.data", "AAAA"), "data that zlib packed"),
    "too few parameters": (set_at(ARGUMENTS, tensor(np.zeros((2, 1)))), "each of the 2 parameters"),
    "no number": (set_at(ARGUMENTS, tensor([[np.nan, 0]])), "finite"),
    "an empty samplex": (set_at(f"{SAMPLEX}.samplex.samplex_json", ""), "samplex"),
    "a samplex of brackets": (
        set_at(f"{SAMPLEX}.samplex.samplex_json", "[" * 10**6), "nested too deeply",
    ),
    "an unknown argument": (set_at(f"{VALUES}.other", 1), "'other'"),
    "a text as an argument": (set_at(f"{VALUES}.parameter_values", "1"), "finite number"),
    "values of another shape": (
        set_at(f"{VALUES}.parameter_values", tensor(np.zeros((2, 2)))), "cannot be broadcast",
    ),
    "a map that is none": (
        set_at(f"{VALUES}.m", {"sparse_terms": [["X", [5], 0.1]], "num_qubits": 2}), "term 0",
    ),
    "a huge sweep": (set_at(f"{SAMPLEX}.shape", [10**7]), "QUANTUMTASK_MAX_SWEEP"),
    "a shape beyond all limits": (set_at(f"{SAMPLEX}.shape", [2**40]), "a product of at most"),
    "a shape of 0": (set_at(f"{SAMPLEX}.shape", [0]), "shape"),
    "a result beyond the limit": (
        lambda params: (
            set_at(f"{PROGRAM}.shots", 100_000)(params), set_at(f"{SAMPLEX}.shape", [5000])(params),
        )[0],
        "QUANTUMTASK_MAX_RESULT_BYTES",
    ),
}  # fmt: skip


def test_hostile_programs_are_refused_with_a_reason(service: Service, params: Json) -> None:
    def check(case: tuple[Callable[[Json], None], str]) -> None:
        change, reason = case
        hostile = copy.deepcopy(params)
        change(hostile)
        state, message = outcome(service, hostile)
        assert state in ("refused", "Failed"), state
        assert reason in message, f"{state}: {message}"

    check_each(HOSTILE, check)
    assert outcome(service, params) == ("Completed", "")


def test_a_body_beyond_the_limit_is_refused(service: Service, params: Json) -> None:
    large = copy.deepcopy(params)
    large[PROGRAM]["passthrough_data"] = "x" * 12_000_000
    answer = submit(service, large)
    assert answer.status_code == 413, answer.text
    large[PROGRAM]["passthrough_data"] = "x" * 9_000_000
    answer = submit(service, large)
    assert answer.status_code in (400, 413), answer.status_code
    assert "8,388,608" in answer.text


def test_a_large_passthrough_comes_back(service: Service, params: Json) -> None:
    echo = copy.deepcopy(params)
    data = {"texts": ["x" * 1000] * 500, "numbers": list(range(1000))}
    echo[PROGRAM] |= {"passthrough_data": data, "semantic_role": "of-a-client"}
    job_id = submit(service, echo).json()["id"]
    for _ in range(600):
        state = service.http.get(f"{JOBS}/{job_id}", params={"exclude_params": "true"}).json()
        if state["state"]["status"] == "Completed":
            break
        time.sleep(0.05)
    results = json.loads(service.http.get(f"{JOBS}/{job_id}/results").text)
    assert (results["passthrough_data"], results["semantic_role"]) == (data, "of-a-client")
    assert service.http.get(f"{JOBS}/{job_id}").json()["params"] == echo
