"""Sweeps: one task with arrays for the inputs of its circuit, through a running service."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.support.http_queries import circuit_error, encode_array, run_circuit
from tests.support.services import Service

Start = Callable[..., Service]

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
ROTATION = HEAD + "input float theta;\nbit c;\nqubit q;\nrx(theta) q;\nc = measure q;\n"
TWO = (
    HEAD + "input float a;\ninput float b;\nqubit[2] q;\nbit[2] c;\n"
    "ry(a) q[0];\nry(b) q[1];\nc = measure q;\n"
)
PI = float(np.pi)


def test_an_array_for_an_input_is_a_sweep(service: Service) -> None:
    result = run_circuit(service, ROTATION, parameters={"theta": [0, PI, 0, PI]}, shots=10)
    assert result["shape"] == [4]
    assert result["result"] == [{"0": 10}, {"1": 10}, {"0": 10}, {"1": 10}]
    assert result["registers"] == [{"name": "c", "size": 1}]


def test_a_sweep_of_one_is_still_a_sweep(service: Service) -> None:
    result = run_circuit(service, ROTATION, parameters={"theta": [PI]}, shots=10)
    assert (result["shape"], result["result"]) == ([1], [{"1": 10}])


def test_a_single_value_is_none(service: Service) -> None:
    body = service.run(ROTATION, parameters={"theta": PI}, shots=10)
    assert body["result"] == {"1": 10}
    assert "shape" not in body


def test_shapes_are_broadcast_as_numpy_does(service: Service) -> None:
    result = run_circuit(service, TWO, parameters={"a": [[0], [PI]], "b": [0, PI, PI]}, shots=5)
    assert result["shape"] == [2, 3]
    assert result["result"] == [
        [{"00": 5}, {"10": 5}, {"10": 5}],
        [{"01": 5}, {"11": 5}, {"11": 5}],
    ]


def test_an_encoded_array_means_what_lists_mean(service: Service) -> None:
    values = np.linspace(0, 3, 12).reshape(3, 4)
    fields: dict[str, Any] = {"shots": 200, "seed": 8}
    lists = run_circuit(service, ROTATION, parameters={"theta": values.tolist()}, **fields)
    same = run_circuit(service, ROTATION, parameters={"theta": encode_array(values)}, **fields)
    assert same["shape"] == [3, 4]
    assert same["result"] == lists["result"]


TYPED: dict[str, tuple[str, list[Any]]] = {
    "int": (HEAD + "input int n;\nqubit q;\nbit c;\nif (n > 1) x q;\nc = measure q;", [0, 2]),
    "bool": (HEAD + "input bool n;\nqubit q;\nbit c;\nif (n) x q;\nc = measure q;", [False, True]),
    "bit": (HEAD + "input bit n;\nqubit q;\nbit c;\nif (n) x q;\nc = measure q;", [0, 1]),
    "bits": (
        HEAD + "input bit[2] n;\nqubit q;\nbit c;\nif (n[0] == 1) x q;\nc = measure q;",
        ["10", "01"],
    ),
    "angle": (HEAD + "input angle n;\nqubit q;\nbit c;\nrx(n) q;\nc = measure q;", [0, PI]),
    "complex": (
        HEAD + "input complex n;\nqubit q;\nbit c;\nrx(real(n)) q;\nc = measure q;",
        [[0, 1], [PI, 1]],
    ),
    "array": (
        HEAD + "input array[float[64], 2] n;\nqubit q;\nbit c;\nrx(n[1]) q;\nc = measure q;",
        [[1, 0], [1, PI]],
    ),
}


@pytest.mark.parametrize("kind", TYPED)
def test_the_type_of_an_input_tells_the_value_from_the_sweep(service: Service, kind: str) -> None:
    circuit, values = TYPED[kind]
    result = run_circuit(service, circuit, parameters={"n": values}, shots=4)
    assert (result["shape"], result["result"]) == ([2], [{"0": 4}, {"1": 4}])
    single = service.run(circuit, parameters={"n": values[1]}, shots=4)
    assert single["result"] == {"1": 4}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("int", np.array([0, 2])),
        ("bool", np.array([False, True])),
        ("bit", np.array([0, 1], dtype=np.uint8)),
        ("angle", np.array([0, PI])),
        ("complex", np.array([1j, PI])),
        ("complex", np.array([[0, 1.0], [PI, 1]])),
        ("array", np.array([[1, 0], [1, PI]])),
    ],
)
def test_each_dtype_has_its_inputs(service: Service, kind: str, values: Any) -> None:
    result = run_circuit(service, TYPED[kind][0], parameters={"n": encode_array(values)}, shots=4)
    assert (result["shape"], result["result"]) == ([2], [{"0": 4}, {"1": 4}])


def test_the_memory_of_a_sweep_is_packed_and_shown_as_texts(service: Service) -> None:
    circuit = HEAD + (
        "input float a;\nqubit[9] q;\nbit[8] low;\nbit high;\nrx(a) q[8];\nx q[1];\n"
        "low = measure q[0:7];\nhigh = measure q[8];\n"
    )
    fields: dict[str, Any] = {"parameters": {"a": [[0], [PI]]}, "shots": 3, "memory": True}
    result = run_circuit(service, circuit, **fields)
    assert result["data"]["memory"].tolist() == [[[[0, 2]] * 3], [[[1, 2]] * 3]]
    plain = service.run(circuit, **fields)
    assert plain["data"]["memory"] == [[["0 00000010"] * 3], [["1 00000010"] * 3]]
    assert plain["registers"] == [{"name": "low", "size": 8}, {"name": "high", "size": 1}]


def test_memory_and_counts_of_a_sweep_are_of_the_same_shots(service: Service) -> None:
    angles = np.linspace(0, 3, 5)
    result = run_circuit(
        service, TWO, parameters={"a": encode_array(angles), "b": 1.0}, shots=300, memory=True
    )
    for counts, memory in zip(result["result"], result["data"]["memory"], strict=True):
        texts = [f"{value:02b}" for value in memory[:, 0].tolist()]
        assert {text: texts.count(text) for text in set(texts)} == counts


def test_outputs_of_a_sweep_are_nested_as_it_is(service: Service) -> None:
    circuit = HEAD + ("input int n;\noutput int m;\nqubit q;\nbit c;\nm = 2 * n;\nc = measure q;\n")
    result = run_circuit(service, circuit, parameters={"n": [[1], [2]]}, shots=2)
    assert result["outputs"]["m"] == [[[2, 2]], [[4, 4]]]


def test_the_same_seed_gives_the_same_sweep_and_its_elements_differ(service: Service) -> None:
    fields: dict[str, Any] = {"parameters": {"theta": [1.5] * 20}, "shots": 1000, "memory": True}
    one, same = (run_circuit(service, ROTATION, seed=4, **fields) for _ in range(2))
    other = run_circuit(service, ROTATION, seed=5, **fields)
    assert one["result"] == same["result"]
    assert (one["data"]["memory"] == same["data"]["memory"]).all()
    assert one["result"] != other["result"]
    shots = [row.tobytes() for row in one["data"]["memory"]]
    assert len(set(shots)) == len(shots)


def test_programs_that_act_on_what_they_measure_are_swept_too(service: Service) -> None:
    circuit = HEAD + (
        "input int n;\nqubit q;\nbit c;\nint m = 0;\n"
        "while (m < n) { h q; c = measure q; if (c) m += 1; }\n"
        "reset q;\nif (m == 2) x q;\nc = measure q;\n"
    )
    result = run_circuit(service, circuit, parameters={"n": [0, 1, 2]}, shots=6, seed=2)
    assert result["result"] == [{"0": 6}, {"0": 6}, {"1": 6}]


def test_shapes_that_do_not_fit_are_told_where_the_input_is(service: Service) -> None:
    code, text = circuit_error(service, TWO, parameters={"a": [1, 2, 3], "b": [1, 2]})
    assert code == "shape_mismatch"
    assert text.startswith("line 4, column 1: ")
    assert "input `b` has shape [2], and input `a` has shape [3]" in text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([0.1, "x", 0.3], "`theta[1]`"),
        ([[0.1, 0.2], [0.3, True]], "`theta[1, 1]`"),
        ([[0.1, 0.2], [0.3]], "must have equal lengths"),
        ([[0.1], 0.3], "must have equal lengths"),
        ([], "must have at least one value"),
        ([[], []], "must have at least one value"),
        (encode_array(np.array([0.1, np.nan])), "`theta[1]`"),
        (encode_array(np.array([0.1, np.inf])), "`theta[1]`"),
        (encode_array(np.array([1j])), "complex128 cannot be converted to float"),
        (encode_array(np.zeros((0, 3))), "must have at least one value"),
        ({**encode_array(np.zeros(3)), "shape": [4]}, "has 24 bytes"),
        ({**encode_array(np.zeros(3)), "shape": [10**9, 10**9]}, "must have a product"),
        ({**encode_array(np.zeros(3)), "shape": [3] + [1] * 40}, "dimensions"),
        ({**encode_array(np.zeros(3)), "dtype": "object"}, "dtype must be one of"),
        ({**encode_array(np.zeros(3)), "dtype": "float32"}, "dtype must be one of"),
        ({**encode_array(np.zeros(3)), "data": "!!!"}, "must be base64"),
        ({"dtype": "bool", "shape": [1], "data": "Ag=="}, "must be 0 or 1"),
    ],
)
def test_a_value_that_is_not_allowed_says_which(service: Service, value: Any, words: str) -> None:
    code, text = circuit_error(service, ROTATION, parameters={"theta": value})
    assert code == "bad_parameter"
    assert text.startswith("line 3, column 1: ")
    assert words in text


def test_an_element_that_cannot_run_is_named(service: Service) -> None:
    circuit = HEAD + "input int n;\nqubit q;\nbit c;\nrx(1 / n) q;\nc = measure q;\n"
    code, text = circuit_error(service, circuit, parameters={"n": [[1], [0]]})
    assert code == "division_by_zero"
    assert text == "line 6, column 4: this divides by zero (element [1, 0] of the sweep)"


@pytest.mark.parametrize("size", [1_000_000_000, 100_001])
def test_a_sweep_that_is_too_large_is_refused_before_it_is_laid_out(
    service: Service, size: int
) -> None:
    side = encode_array(np.zeros((1, round(size**0.5) + 1)))
    other = encode_array(np.zeros((round(size**0.5) + 1, 1)))
    code, text = circuit_error(service, TWO, parameters={"a": side, "b": other})
    assert code == "sweep_too_large"
    assert "at most 100,000" in text


def test_how_large_a_sweep_may_be_is_a_setting(start: Start) -> None:
    service = start(slots=1, max_sweep=3, max_result_bytes=4000)
    result = run_circuit(service, ROTATION, parameters={"theta": [1, 2, 3]}, shots=3)
    assert result["shape"] == [3]
    assert circuit_error(service, ROTATION, parameters={"theta": [1] * 4})[0] == "sweep_too_large"
    shots = {"parameters": {"theta": [1] * 3}, "shots": 1001, "memory": True}
    assert circuit_error(service, ROTATION, **shots)[0] == "result_too_large"


def test_a_sweep_with_a_wrong_circuit_tells_of_the_circuit(service: Service) -> None:
    body = service.http.post(
        "/validate", json={"circuit": TWO, "parameters": {"a": [1, 2], "b": [1, 2, 3]}}
    ).json()
    assert not body["valid"]
    assert [problem["code"] for problem in body["problems"]] == ["shape_mismatch"]
    right = service.http.post(
        "/validate", json={"circuit": TWO, "parameters": {"a": [1, 2], "b": [[1], [2]]}}
    ).json()
    assert right["valid"], right


def test_an_estimate_is_of_all_elements(service: Service) -> None:
    def estimate(count: int) -> dict[str, Any]:
        fields = {"circuit": ROTATION, "parameters": {"theta": [1.0] * count}, "shots": 1000}
        answer = service.http.post("/estimate", json=fields)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    assert estimate(1000)["seconds"] > 50 * estimate(1)["seconds"]


@pytest.mark.parametrize("engine", ["lightning", "stim", "aer", "quantumtask"])
def test_every_engine_runs_sweeps(service: Service, engine: str) -> None:
    circuit = HEAD + (
        "input int n;\nqubit[2] q;\nbit[2] c;\n"
        "h q[0];\nif (n == 1) cx q[0], q[1];\nc = measure q;\n"
    )
    result = run_circuit(
        service, circuit, parameters={"n": [0, 1]}, engine=engine, shots=200, seed=3
    )
    assert result["engine"] == engine
    assert [set(counts) for counts in result["result"]] == [{"00", "01"}, {"00", "11"}]


def test_a_result_of_a_sweep_is_json_all_through(service: Service) -> None:
    result = service.run(ROTATION, parameters={"theta": [0, 1]}, memory=True, shots=2)
    assert json.loads(json.dumps(result)) == result
