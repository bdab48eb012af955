"""Tasks whose circuits a samplex randomizes, through a running service."""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from samplomatic import InjectNoise, Twirl, build
from samplomatic.serialization import samplex_to_json

from quantumtask.engines.randomization.samplex import Samplex
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.task import FailureCode
from tests.support.cases import check_each
from tests.support.chisquare import p_value
from tests.support.http_queries import circuit_error, encode_array, run_circuit
from tests.support.samplexes import (
    Randomized,
    exact_probabilities,
    twirl,
    two_angles,
    value_counts,
)
from tests.support.services import Service

LEAST_P = 1e-6
VALUES = np.random.default_rng(5).random((3, 1, 2))


@pytest.fixture(scope="module")
def twirled() -> Randomized:
    return twirl(two_angles())


def run(service: Service, randomized: Randomized, **body: Any) -> dict[str, Any]:
    shape, arguments = body.pop("shape", [1]), body.pop("arguments", None)
    return run_circuit(service, **{"seed": 8, **randomized.task(shape, arguments), **body})


def bits_of(result: dict[str, Any], register: str) -> Any:
    """The bits of a register, the lowest first."""
    memory = result["data"][f"memory.{register}"]
    (size,) = [each["size"] for each in result["registers"] if each["name"] == register]
    return np.unpackbits(memory, axis=-1)[..., ::-1][..., :size].astype(bool)


def test_twirling_changes_no_distribution_after_its_flips(
    service: Service, twirled: Randomized
) -> None:
    arguments = {"parameter_values": encode_array(VALUES)}
    result = run(service, twirled, shape=[20, 3, 2], arguments=arguments, shots=100)
    assert result["shape"] == [20, 3, 2]
    flips = result["data"]["measurement_flips.c"]
    assert (flips.shape, flips.dtype) == ((20, 3, 2, 1, 2), np.dtype(bool))
    assert 0.3 < flips.mean() < 0.7
    bits = bits_of(result, "c") ^ flips
    for number, values in enumerate(VALUES[:, 0]):
        exact = exact_probabilities(twirled.circuit, values)
        assert p_value(value_counts(bits[:, number]), exact) > LEAST_P


def test_the_same_seed_draws_the_same_values(service: Service, twirled: Randomized) -> None:
    arguments = {"parameter_values": encode_array(VALUES[0, 0])}
    one, same, other = (
        run(service, twirled, shape=[50], arguments=arguments, shots=5, seed=seed)["data"]
        for seed in (1, 1, 2)
    )
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not np.array_equal(one["measurement_flips.c"], other["measurement_flips.c"])


def test_a_twirled_clifford_circuit_is_still_one(service: Service) -> None:
    circuit = QuantumCircuit(40)
    circuit.sx(0)
    for qubit in range(39):
        circuit.cz(qubit, qubit + 1)
        circuit.sx(qubit + 1)
    circuit.measure_all()
    result = run(service, twirl(circuit), shape=[3], shots=4)
    assert result["method"] == "stabilizer"
    assert bits_of(result, "meas").shape == (3, 4, 40)


def test_noise_that_a_samplex_injects_is_that_of_its_map(service: Service) -> None:
    circuit = QuantumCircuit(1, 1)
    with circuit.box([Twirl(dressing="left"), InjectNoise("n", "m")]):
        circuit.noop(0)
    with circuit.box([Twirl(dressing="left")]):
        circuit.measure(0, 0)
    rate = 0.2
    arguments = {
        "pauli_lindblad_maps.n": {"num_qubits": 1, "terms": [["X", [0], rate]]},
        "noise_scales.m": 2.0,
    }
    noisy = Randomized(circuit, *build(circuit))
    result = run(service, noisy, shape=[2000], arguments=arguments, shots=1)
    ones = value_counts(bits_of(result, "c") ^ result["data"]["measurement_flips.c"])
    flipped = (1 - np.exp(-2 * 2 * rate)) / 2
    assert p_value(ones, np.array([1 - flipped, flipped])) > LEAST_P


def test_a_circuit_without_parameters_is_repeated(service: Service) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    result = run(service, Randomized(circuit, *build(circuit)), shape=[2, 3], shots=4)
    assert bits_of(result, "c").shape == (2, 3, 4, 1)
    assert bits_of(result, "c").all()


def test_counts_and_plain_lists_come_as_of_any_sweep(service: Service, twirled: Randomized) -> None:
    fields = twirled.task([2], {"parameter_values": encode_array(VALUES[0, 0])})
    task = service.run(**{**fields, "return": ["counts"], "shots": 10})
    assert [sum(counts.values()) for counts in task["result"]] == [10, 10]
    flips = task["data"]["measurement_flips.c"]
    assert {bit for row in flips for bits in row for bit in bits} <= {True, False}


def test_an_attachment_comes_back(service: Service) -> None:
    value = {"any": [1, "text", None]}
    task = service.run(attachment=value)
    assert task["options"] == {"attachment": value}
    assert service.http.get(f"/tasks/{task['task_id']}/request").json()["attachment"] == value


def change(text: str, *path: str | int, value: Any) -> str:
    """Return a samplex with one value changed; a step `JSON` reads the text inside of it."""
    return json.dumps(_change(json.loads(text), path, value))


def _change(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    if path[0] == "JSON":
        return json.dumps(_change(json.loads(document), path[1:], value))
    document[path[0]] = _change(document[path[0]], path[1:], value)
    return document


OUTPUT = ("attrs", "output_specification", "JSON", "parameter_values", "JSON")
TABLE = ("attrs", "param_table", "JSON", "circuit_base64")
OLD_QPY = "UUlTS0lUDAEAAAAAAAAAAAAAAAA="  # QISKIT, then version 12

BAD_SAMPLEXES: dict[str, tuple[Callable[[str], str], str]] = {
    "no JSON": (lambda _: "{", "is not the JSON text of a samplex"),
    "a list": (lambda _: "[]", "is not the JSON text of a samplex"),
    "a part": (lambda text: text[:-9], "is not the JSON text of a samplex"),
    "deep": (lambda _: "[" * 100_000, "nested too deeply"),
    "old expressions": (lambda text: change(text, *TABLE, value=OLD_QPY), "version 13 or later"),
    "a huge id": (
        lambda text: change(text, "nodes", 0, "id", value=10**9), "links have nodes",
    ),
    "a huge lonely id": (
        lambda text: change(text, "nodes", value=[*json.loads(text)["nodes"], {"id": 10**9}]),
        "0 to 1,000,000",
    ),
    "undirected": (lambda text: change(text, "directed", value=False), "directed graph"),
    "objects": (lambda text: change(text, *OUTPUT, "dtype", value="object"), "must hold numbers"),
    "a huge array": (
        lambda text: change(text, *OUTPUT, "shape", value=["num_randomizations", 10**15]),
        "at most 2,147,483,648 elements",
    ),
    "a large array": (
        lambda text: change(text, *OUTPUT, "shape", value=["num_randomizations", 10**9]),
        "randomization: its arrays need",
    ),
    "a free dimension": (
        lambda text: change(text, *OUTPUT, "shape", value=["n", 2]), "num_randomizations first",
    ),
    "a reserved name": (lambda text: text.replace("measurement_flips.c", "memory.c"), "name"),
    "a newer format": (lambda text: change(text, "attrs", "ssv", value="99"), "must be at most"),
    "an unknown node": (
        lambda text: change(text, "nodes", 0, "data", "id", value="N999"), "cannot be read",
    ),
}  # fmt: skip


def test_a_hostile_samplex_is_refused_with_a_reason(service: Service, twirled: Randomized) -> None:
    text = samplex_to_json(twirled.samplex)

    def check(case: tuple[Callable[[str], str], str]) -> None:
        edit, reason = case
        body = twirled.task([2], {"parameter_values": encode_array(VALUES[0, 0])})
        body["randomization"]["samplex"] = edit(text)
        code, message = circuit_error(service, **body)
        assert code in ("bad_options", "out_of_memory"), (code, message)
        assert reason in message, message

    check_each(BAD_SAMPLEXES, check)
    run(service, twirled, arguments={"parameter_values": encode_array(VALUES[0, 0])})


GOOD = encode_array(VALUES[0, 0])
BAD_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "not an object": ({"randomization": {}}, "randomization.samplex: must be the JSON text"),
    "an unknown field": ({"change": {"other": 1}}, "an object with samplex, arguments, shape"),
    "no shape": ({"change": {"shape": None}}, "randomization.shape: must be a list"),
    "a size of 0": ({"change": {"shape": [0]}}, "randomization.shape: must be a list"),
    "many dimensions": ({"change": {"shape": [1] * 17}}, "at most 16 dimensions; got 17"),
    "a huge shape": ({"change": {"shape": [10**9] * 4}}, "a product of at most 2,147,483,648"),
    "a large shape": ({"change": {"shape": [10**6]}}, "QUANTUMTASK_MAX_SWEEP"),
    "arguments of another shape": (
        {"change": {"shape": [4], "arguments": {"parameter_values": encode_array(VALUES)}}},
        "the arguments have the shape [3, 1], which cannot be broadcast to [4]",
    ),
    "too few values": (
        {"change": {"arguments": {"parameter_values": encode_array(np.zeros(1))}}},
        "randomization.arguments: 'parameter_values': ValueError",
    ),
    "no arguments": ({"change": {"arguments": {}}}, "the samplex needs 'parameter_values'"),
    "an unknown argument": (
        {"change": {"arguments": {"parameter_values": GOOD, "other": 1}}}, "'other': ValueError",
    ),
    "a text": ({"change": {"arguments": {"parameter_values": "1"}}}, "must be a finite number"),
    "no array": ({"change": {"arguments": {"parameter_values": {"a": 1}}}}, "must have dtype"),
    "damaged data": (
        {"change": {"arguments": {"parameter_values": {**GOOD, "data": "%"}}}}, "base64",
    ),
    "not a number": (
        {"change": {"arguments": {"parameter_values": encode_array(np.array([np.nan, 1]))}}},
        "finite",
    ),
    "a term without a qubit": (
        {"change": {"arguments": {"n": {"num_qubits": 1, "terms": [["X", [1], 0.1]]}}}},
        "term 0 must be letters of X Y Z",
    ),
    "a second source": ({"parameters": {"a": 1}}, "parameters: not together with"),
    "a text in OpenQASM": (
        {"circuit": "qubit q;", "circuit_format": "openqasm"}, "needs a circuit in QPY",
    ),
}  # fmt: skip


def test_a_wrong_option_is_refused_with_its_name(service: Service, twirled: Randomized) -> None:
    def check(case: tuple[dict[str, Any], str]) -> None:
        fields, reason = dict(case[0]), case[1]
        body = twirled.task([2], {"parameter_values": GOOD})
        body["randomization"] |= fields.pop("change", {})
        code, message = circuit_error(service, **{**body, **fields})
        assert reason in message, (code, message)

    check_each(BAD_OPTIONS, check)


def test_without_the_library_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, twirled: Randomized
) -> None:
    text = samplex_to_json(twirled.samplex)
    monkeypatch.setitem(sys.modules, "samplomatic.serialization", None)
    with pytest.raises(ResourceError, match=r"install `quantumtask\[ibm\]`") as error:
        Samplex(text, {})
    assert error.value.code == FailureCode.ENGINE_UNAVAILABLE
