"""Hostile bodies: texts that no protocol has, and wrong values in the place of each right one."""

import gzip
import json
import random
import uuid
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from tests.doors.protocols import SIMULATOR_QRN, braket_body
from tests.support.services import BELL

MEGABYTE = 1_000_000
LEVELS = 100_000
LARGE_BODIES = {"many names", "fifty megabytes", "a gzip bomb", "a deflate bomb"}


def raw_bodies() -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Yield names, bodies and headers that no endpoint takes for a request of its protocol."""
    packed = gzip.compress(b" " * (100 * MEGABYTE), 9, mtime=0)
    yield "empty", b"", {}
    yield "half of a JSON object", b'{"a":', {}
    yield "not UTF-8", b'{"a": "\xff\xfe"}', {}
    yield "a byte order mark", b"\xef\xbb\xbf{}", {}
    yield "null", b"null", {}
    yield "a number", b"1e999", {}
    yield "a text", b'"x"', {}
    yield "a list", b"[]", {}
    yield "deep lists", b"[" * LEVELS + b"]" * LEVELS, {}
    yield "deep objects", b'{"a":' * LEVELS + b"1" + b"}" * LEVELS, {}
    yield "many names", json.dumps(dict.fromkeys(map(str, range(100_000)))).encode(), {}
    yield "a number of a million digits", b'{"shots": ' + b"9" * MEGABYTE + b"}", {}
    yield "fifty megabytes", b" " * (50 * MEGABYTE), {}
    yield "a gzip bomb", packed, {"Content-Encoding": "gzip"}
    deflated = zlib.compress(b"[" * (100 * MEGABYTE), 9)
    yield "a deflate bomb", deflated, {"Content-Encoding": "deflate"}
    yield "gzip that is none", b"{}", {"Content-Encoding": "gzip"}
    yield "half of a gzip stream", packed[:1000], {"Content-Encoding": "gzip"}
    yield "an unknown encoding", b"{}", {"Content-Encoding": "zstd"}


WRONG_VALUES: tuple[Any, ...] = (
    None, True, -1, 0.5, 10**400, 1e308, "", "x" * 100_000, "\ud800", "\x00", "${7*7}", [], {},
    [None], {"": {}}, [[[[[[[[]]]]]]]], "../../etc/passwd", float("nan"),
)  # fmt: skip


def jobs_of(door: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the paths and bodies of right jobs of a door."""
    calls = [{"gate": "h", "target": 0}, {"gate": "rx", "target": 0, "rotation": 0.1}]
    native = [{"gate": "ms", "targets": [0, 1], "phases": [0, 0.1], "angle": 0.25}]
    terms = [{"gate": "pauliexp", "targets": [0], "terms": ["Z"], "coefficients": [1], "time": 1}]
    ionq = {
        "backend": "simulator",
        "shots": 10,
        "name": "n",
        "metadata": {"a": "b"},
        "noise": {"model": "ideal", "seed": 1},
        "settings": {"compilation": {"opt": 0}},
    }
    programs: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "ionq": [
            ("/v0.4/jobs", {**ionq, "type": "ionq.circuit.v1",
                            "input": {"gateset": "qis", "qubits": 1, "circuit": calls}}),
            ("/v0.4/jobs", {**ionq, "type": "ionq.circuit.v1",
                            "input": {"gateset": "native", "qubits": 2, "circuit": native}}),
            ("/v0.4/jobs", {**ionq, "type": "ionq.multi-circuit.v1",
                            "input": {"qubits": 1, "circuits": [{"name": "a", "circuit": terms}]}}),
            ("/v0.4/jobs", {**ionq, "type": "ionq.qasm3.v1", "input": {"data": BELL}}),
            ("/v0.4/sessions", {"backend": "simulator", "settings": {}}),
        ],
        "qbraid": [
            ("/qbraid/api/v1/jobs", {
                "deviceQrn": SIMULATOR_QRN, "shots": 10, "name": "n", "tags": {"a": 1},
                "program": {"format": "qasm3", "data": BELL}, "runtimeOptions": {"seed": 1},
            }),
        ],
        "braket": [
            ("/aws/quantum-task", {
                **braket_body("qubit[1] q; h q[0];"), "tags": {"a": "b"},
                "deviceParameters": json.dumps({"paradigmParameters": {"qubitCount": 1}}),
            }),
            ("/aws/quantum-tasks", {
                "filters": [{"name": "status", "operator": "EQUAL", "values": ["COMPLETED"]}],
                "maxResults": 5,
            }),
            ("/aws/devices", {"filters": [{"name": "deviceName", "values": ["sv1"]}]}),
        ],
        "ibm": [
            ("/ibm/experimental/jobs", {
                "program_id": "sampler", "backend": "simulator", "tags": ["a"], "cost": 10,
                "params": {"pubs": [[BELL, [], 10]], "version": 2, "support_qiskit": True,
                           "options": {"default_shots": 10, "simulator": {"seed_simulator": 1}}},
            }),
            ("/ibm/experimental/jobs", {
                "program_id": "estimator", "backend": "simulator",
                "params": {"pubs": [[BELL, [{"ZZ": 1.0}, {"XX": 0.5}], {}, 0.5]], "version": 2,
                           "resilience_level": 0, "options": {"default_precision": 0.5}},
            }),
            ("/ibm/experimental/sessions", {
                "mode": "batch", "backend": "simulator", "max_ttl": 60, "instance": "crn",
            }),
        ],
    }  # fmt: skip
    return programs[door]


def mutations(body: Mapping[str, Any], seed: int, per_place: int) -> Iterator[tuple[str, bytes]]:
    """Yield a body with a wrong value, or without one, in the place of each value in turn."""
    chance = random.Random(seed)
    for place in _places(body):
        for value in chance.sample(WRONG_VALUES, per_place):
            name = f"{'.'.join(map(str, place))} = {value!r:.40}"
            yield name, _encode(_replace(body, place, value))
        yield f"without {'.'.join(map(str, place))}", _encode(_remove(body, place))


def _encode(body: Any) -> bytes:
    if isinstance(body, dict) and "clientToken" in body:
        body = {**body, "clientToken": body["clientToken"] and str(uuid.uuid4())}
    return json.dumps(body).encode()


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = list(enumerate(value)) if isinstance(value, list) else []
    for key, item in value.items() if isinstance(value, dict) else pairs:
        yield (*at, key)
        yield from _places(item, (*at, key))


def _replace(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = body.copy()
    changed[place[0]] = _replace(body[place[0]], place[1:], value)
    return changed


def _remove(body: Any, place: tuple[Any, ...]) -> Any:
    changed = body.copy()
    if len(place) > 1:
        changed[place[0]] = _remove(body[place[0]], place[1:])
    else:
        del changed[place[0]]
    return changed
