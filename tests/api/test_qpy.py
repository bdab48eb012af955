"""Circuits in QPY over HTTP, from the requests of honest clients to those of hostile ones."""

import base64
import gzip
import json
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import RXGate

from quantumtask import Client
from tests.support.cases import check_each
from tests.support.command_line import quantumtask
from tests.support.qpy_texts import by_position, qpy_body, qpy_file
from tests.support.services import Service


def rotation() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("angle"), 0)
    circuit.measure(0, 0)
    return circuit


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def body_of(data: bytes, **fields: Any) -> dict[str, Any]:
    return {"circuit": base64.b64encode(data).decode(), "circuit_format": "qpy", **fields}


def test_plain_zlib_and_gzip_run_and_come_back_as_they_were_sent(service: Service) -> None:
    data = qpy_file(bell())
    for sent in (data, zlib.compress(data), gzip.compress(data)):
        body = body_of(sent, shots=100, seed=3)
        task = service.run(**body)
        assert task["status"] == "completed"
        assert sum(task["result"][bits] for bits in ("00", "11")) == 100
        path = f"/tasks/{task['task_id']}"
        assert service.http.get(f"{path}/circuit").text == body["circuit"]
        assert service.http.get(f"{path}/request").json() == body


def test_a_sweep_has_observables_and_the_memory_of_registers(service: Service) -> None:
    sweep = by_position([[0.0], [math.pi], [math.pi / 3]])
    circuit = rotation()
    task = service.run(
        **qpy_body(circuit, parameters=sweep, shots=4, **{"return": ["register_memory"]})
    )
    rows = task["data"]["memory.c"]
    assert [rows[0], rows[1]] == [[[0]] * 4, [[1]] * 4]
    circuit.remove_final_measurements()
    task = service.run(**qpy_body(circuit, parameters=sweep, observables="Z"))
    assert task["data"]["expectation_values"] == pytest.approx([1, -1, 0.5])


def test_questions_are_answered_for_qpy(service: Service) -> None:
    body = qpy_body(rotation())
    report = service.http.post("/validate", json=body).json()
    assert report["valid"]
    assert report["inputs"] == [{"name": "angle", "type": "float[64]"}]
    assert report["registers"] == [{"name": "c", "size": 1}]
    valued = body | {"parameters": {"angle": 0.5}}
    assert service.http.post("/validate", json=valued).json()["operations"] == 2
    assert service.http.post("/estimate", json=valued).json()["method"]
    assert "<svg" in service.http.post("/draw", json=body).text
    wrong = body | {"parameters": {"angel": 0.5}}
    problems = service.http.post("/validate", json=wrong).json()["problems"]
    assert problems[0]["code"] == "unknown_parameter"
    assert problems[0]["line"] is None
    refusal = service.http.post("/tasks", params={"strict": "true"}, json=wrong)
    assert refusal.status_code == 422
    assert "did you mean `angle`" in refusal.json()["detail"]


def test_the_client_and_the_terminal_send_files_and_circuits_in_qpy(
    service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "bell.qpy"
    file.write_bytes(qpy_file(bell()))
    with Client(service.url) as client:
        for source in (file, file.read_bytes()):
            assert set(client.submit(source).result().counts) == {"00", "11"}
        task = client.submit(rotation(), circuit_format="qpy", parameters={"angle": math.pi})
        assert task.result().counts == {"1": 1024}
        result = client.submit(bell(), returns="register_memory", shots=3).result()
        assert result.register_memory is not None
        assert result.register_memory["c"].shape == (3, 1)
    done = quantumtask("submit", str(file), "--wait", "--json", url=service.url)
    assert set(json.loads(done.stdout)["result"]) == {"00", "11"}
    assert quantumtask("validate", str(file)).returncode == 0


# Hostile requests.

HEADER = struct.Struct("!6sBBBBQc")


def changed(data: bytes, **fields: int) -> bytes:
    """Return a file with another version or number of circuits."""
    names = ("magic", "version", "major", "minor", "patch", "circuits", "encoding")
    values = dict(zip(names, HEADER.unpack_from(data), strict=True)) | fields
    return HEADER.pack(*values.values()) + data[HEADER.size :]


def refusals() -> dict[str, tuple[dict[str, Any], str]]:
    """Return bodies that the API refuses, by what it reads of the header."""
    data = qpy_file(bell())
    return {
        "OpenQASM": ({"circuit": "qubit q;", "circuit_format": "qpy"}, "is not base64 of QPY"),
        "other bytes": (body_of(b"not a circuit at all"), "is not QPY"),
        "a pickle": (body_of(b"\x80\x04\x95\x1e\x00\x00\x00\x00"), "is not QPY"),
        "a compressed pickle": (body_of(zlib.compress(b"\x80\x04\x95" * 99)), "is not QPY"),
        "nothing but the name": (body_of(b"QISKIT"), "ends within its header"),
        "damaged zlib": (body_of(b"\x78\x9c" + b"\xff" * 50), "compression is damaged"),
        "version 12": (body_of(changed(data, version=12)), "version must be 13 or later; got 12"),
        "two circuits": (body_of(changed(data, circuits=2)), "exactly one circuit; got 2"),
        "no circuit": (body_of(changed(data, circuits=0)), "exactly one circuit; got 0"),
        "a pulse schedule": (
            body_of(data[: HEADER.size] + b"s" + data[HEADER.size + 1 :]), "another kind"
        ),
        "an unknown format": (
            {"circuit": "x", "circuit_format": "pickle"}, "circuit_format: input should be"
        ),
        "gradients": (
            qpy_body(rotation(), observables="Z", **{"return": ["gradients"]}), "send the circuit"
        ),
    }  # fmt: skip


def test_what_is_no_qpy_is_refused_at_once(service: Service) -> None:
    def check(case: tuple[dict[str, Any], str]) -> None:
        body, words = case
        for path in ("/tasks", "/batches"):
            sent = body if path == "/tasks" else {"tasks": [body]}
            refusal = service.http.post(path, json=sent)
            assert refusal.status_code == 400
            assert words in refusal.json()["detail"]

    check_each(refusals(), check)


def failures() -> dict[str, tuple[bytes, str]]:
    """Return files that a slot refuses."""
    data = qpy_file(bell(), 17)
    start = HEADER.size + 1 + 8
    large = bytearray(data)
    struct.pack_into("!I", large, start + 5, 2**32 - 1)
    endless = bytearray(data)
    struct.pack_into("!Q", endless, start + 5 + 4 + 4 + 8 + 4, 2**63)
    return {
        "a newer version": (changed(data, version=99), "QPY version must be at most"),
        "half of it": (data[: len(data) // 2], "Qiskit cannot read this QPY"),
        "half of its compression": (zlib.compress(data)[:-20], "compression ends too early"),
        "more after its end": (zlib.compress(data) + b"more", "bytes after its end"),
        "4,294,967,295 qubits": (bytes(large), "at most 10,000 qubits; got 4,294,967,295"),
        "2**63 instructions": (bytes(endless), "at most 1,000,000 operations"),
        "zeros": (zlib.compress(data[:100] + bytes(70_000_000)), "at most 67,108,864 bytes"),
    }


def test_what_a_slot_cannot_read_fails_with_the_reason(service: Service) -> None:
    def check(case: tuple[bytes, str]) -> None:
        data, words = case
        task = service.run(**body_of(data))
        assert task["status"] == "failed"
        assert words in task["error"]
        report = service.http.post("/validate", json=body_of(data)).json()
        assert words in report["problems"][0]["message"]

    check_each(failures(), check)


def nested(levels: int) -> QuantumCircuit:
    """Return a circuit of a definition that holds another one, and so on."""
    gate = RXGate(math.pi)
    for level in range(levels):
        outer = QuantumCircuit(1, name=f"level{level}")
        outer.append(gate, [0])
        gate = outer.to_gate()
    circuit = QuantumCircuit(1, 1)
    circuit.append(gate, [0])
    circuit.measure(0, 0)
    return circuit


def loops(levels: int) -> QuantumCircuit:
    """Return a circuit with a loop of a million steps in a loop, and so on."""
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    for _ in range(levels):
        outer = QuantumCircuit(1, 1)
        outer.for_loop(range(1_000_000), None, circuit, [0], [0])
        circuit = outer
    return circuit


def crash() -> bytes:
    """Return a file at which Qiskit's reader asks for 4 GiB, and aborts."""
    data = bytearray(qpy_file(nested(1), 17))
    struct.pack_into("!I", data, data.index(b"level0") - 47, 2**32 - 16)
    return bytes(data)


def test_no_circuit_takes_more_than_the_limits_of_a_slot(service: Service) -> None:
    ids = [
        service.submit(**qpy_body(loops(3))),
        service.submit(**qpy_body(nested(60))),
        service.submit(**body_of(crash())),
    ]
    wide, deep, broken = map(service.finished, ids)
    assert wide["error_code"] in ("too_many_operations", "too_many_steps")
    assert deep["result"] == {"1": 1024}
    assert broken["status"] == "failed"
    assert service.run(**qpy_body(bell()))["status"] == "completed"


def test_fifty_megabytes_are_refused_by_their_size(service: Service) -> None:
    for size in (50_000_000, 9_000_000):
        body = body_of(qpy_file(bell()) + bytes(size))
        assert service.http.post("/tasks", json=body).status_code == 413
