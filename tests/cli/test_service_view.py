"""Views of the service: estimates, engines, the queue and backends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quantumtask.cli.render import service_view
from tests.support.rendered import rendered

ESTIMATE = {
    "qubits": 1, "shots": 1024, "memory_bytes": 32, "seconds": 0.0123,
    "engine": "stim", "engine_version": "1.15", "method": "stabilizer", "reason": "Clifford",
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "1 qubit · 1024 shots · 32 bytes of memory · about 12.3 ms"),
        ({"qubits": 2}, "2 qubits · 1024 shots · 32 bytes of memory · about 12.3 ms"),
        ({"qubits": 0, "seconds": 5}, "0 qubits · 1024 shots · 32 bytes of memory · about 5.0 s"),
    ],
)
def test_an_estimate_has_its_size_and_its_engine(fields: dict[str, Any], line: str) -> None:
    assert service_view.estimate(ESTIMATE | fields).plain.split("\n") == [
        line,
        "stim 1.15 (stabilizer), Clifford",
    ]


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1, "1 bytes"), (1023, "1.02e+03 bytes"), (1024, "1 KiB"), (1536, "1.5 KiB"),
     (2**20, "1 MiB"), (2**30, "1 GiB"), (16 * 2**30, "16 GiB"), (2**40, "1 TiB"),
     (2**50, "1.02e+03 TiB")],
)  # fmt: skip
def test_a_size_has_the_unit_of_its_magnitude(size: int, text: str) -> None:
    line = service_view.estimate(ESTIMATE | {"memory_bytes": size}).plain
    assert f" · {text} of memory" in line


def test_engines_have_a_row_for_each_method() -> None:
    methods = [
        {"name": "statevector", "precision": "double", "most_qubits": 27, "runs": "every program"},
        {"name": "stabilizer", "precision": "exact", "most_qubits": None, "runs": "Clifford only"},
    ]
    answer = {
        "engines": [
            {"name": "aer", "version": "0.17", "installed": True, "methods": methods},
            {"name": "stim", "version": None, "installed": False, "methods": methods[1:]},
        ],
        "slot_memory_bytes": 2**31,
    }
    lines = rendered(service_view.engines(answer))
    assert [line.split() for line in lines[:4]] == [
        ["engine", "version", "method", "precision", "qubits", "runs"],
        ["aer", "0.17", "statevector", "double", "27", "every", "program"],
        ["aer", "0.17", "stabilizer", "exact", "Clifford", "only"],
        ["stim", "not", "installed", "stabilizer", "exact", "Clifford", "only"],
    ]
    assert (
        lines[4]
        == "qubits: the most that fit 2 GiB, the memory of all slots; empty: the gates decide"
    )


QUEUE: dict[str, Any] = {
    "waiting": 0, "running": 0, "workers": 1, "slots": 2, "oldest_submitted_at": None, "owners": [],
}  # fmt: skip


def test_an_empty_queue_is_one_line() -> None:
    assert rendered(service_view.queue(QUEUE)) == ["0 waiting · 0 running · 1 worker with 2 slots"]


def test_a_queue_has_a_row_for_each_owner_and_priority() -> None:
    oldest = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
    owners = [
        {"owner": "ada", "priority": 0, "waiting": 31000, "running": 8},
        {"owner": None, "priority": -5, "waiting": 1, "running": 0},
        {"owner": "x\x1b", "priority": 10, "waiting": 0, "running": 1},
    ]
    answer = QUEUE | {
        "waiting": 31001, "running": 9, "workers": 2, "oldest_submitted_at": oldest,
        "owners": owners,
    }  # fmt: skip
    lines = rendered(service_view.queue(answer))
    assert lines[0] == (
        "31,001 waiting · 9 running · 2 workers with 2 slots · the oldest for 3 min"
    )
    assert [line.split() for line in lines[1:]] == [
        ["owner", "priority", "waiting", "running"],
        ["ada", "0", "31,000", "8"],
        ["(none)", "-5", "1", "0"],
        ["x�", "10", "0", "1"],
    ]


def test_backends_have_their_median_errors() -> None:
    medians = {"one_qubit": 0.000234567, "two_qubit": 0.0101, "readout": None}
    answer = {
        "backends": [
            {"name": "simulator", "qubits": 32},
            {"name": "fake_x", "qubits": 5, "median_errors": medians, "description": "a\x07b"},
        ]
    }
    lines = rendered(service_view.backends(answer))
    assert lines[1].split() == ["simulator", "32"]
    assert lines[2].split() == ["fake_x", "5", "0.000235", "0.0101", "a�b"]
    assert lines[3].endswith("quantumtask backends NAME")
    lines = rendered(service_view.backends({"backends": answer["backends"][:1]}))
    assert lines[2].startswith("for 66 devices with their noise: pip install '.[backends]'")


def test_a_backend_is_shown_with_all_that_is_known_of_it() -> None:
    answer = {
        "name": "fake_x", "qubits": 3, "description": "a device",
        "median_errors": {"one_qubit": 0.001, "two_qubit": 0.01, "readout": 0.02},
        "dt_ns": 0.2222222, "calibrated": "2024-05-27", "basis_gates": ["cx", "rz"],
        "coupling_map": [[1, 0], [0, 1], [1, 2]],
        "queue": {"waiting": 1200, "expected_wait_s": 90},
    }  # fmt: skip
    assert rendered(service_view.backend(answer)) == [
        "fake_x",
        "a device",
        (
            "3 qubits · 1-qubit error 0.001 · 2-qubit error 0.01 · readout error 0.02 · "
            "dt 0.222 ns · calibrated 2024-05-27 · 1,200 waiting · starts in about 90.0 s"
        ),
        "basis gates: cx, rz",
        "coupled: 0-1, 1-2",
    ]


def test_a_backend_of_which_little_is_known_has_two_facts() -> None:
    answer = {"name": "simulator", "qubits": 32, "queue": {"waiting": 0, "expected_wait_s": 0}}
    assert rendered(service_view.backend(answer)) == [
        "simulator",
        "32 qubits · 0 waiting",
        "basis gates:",
    ]
