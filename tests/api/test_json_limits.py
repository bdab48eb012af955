"""JSON with too many names, strings or values is refused before it is parsed; HEAD is GET."""

import gzip
import json
from typing import Any

import httpx
import pytest

from quantumtask.api.schemas.json_limits import MAX_KEYS, MAX_STRINGS, MAX_VALUES, check_json_size
from quantumtask.shared.errors import JsonTooLarge
from tests.support.services import BELL, Service


def to_body(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


LARGEST = {
    "names": {f"k{n}": 0 for n in range(MAX_KEYS)},
    "strings": [""] * MAX_STRINGS,
    "values": [0] * MAX_VALUES,
    "commas in a string": ["," * (MAX_VALUES + 9), ":" * (MAX_KEYS + 9)],
    "quotes in a string": ['"' * (2 * MAX_STRINGS + 9), "\\" * 9],
}


@pytest.mark.parametrize("name", LARGEST)
def test_json_at_the_limits_is_allowed(name: str) -> None:
    check_json_size(to_body(LARGEST[name]))


@pytest.mark.parametrize(
    "value",
    [
        {f"k{n}": 0 for n in range(MAX_KEYS + 1)},
        [""] * (MAX_STRINGS + 1),
        [0] * (MAX_VALUES + 1),
        [{}] * (MAX_VALUES // 2 + 1),
        ["\\"] * (MAX_STRINGS + 1),
        ["\\\\", {f"k{n}": "" for n in range(MAX_KEYS + 1)}],
    ],
    ids=["names", "strings", "values", "objects", "backslashes", "names after backslashes"],
)
def test_json_above_a_limit_is_refused(value: Any) -> None:
    with pytest.raises(JsonTooLarge, match="at most 100,000 names"):
        check_json_size(to_body(value))


def test_a_small_compressed_body_of_many_names_is_413(service: Service) -> None:
    keys = {f"k{n}": 0 for n in range(700_000)}
    body = gzip.compress(to_body({"circuit": BELL, "parameters": keys}), 1)
    answer = service.http.post("/tasks", content=body, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (413, "json_too_large")
    batch = service.http.post("/batches", content=body, headers={"Content-Encoding": "gzip"})
    assert (batch.status_code, batch.json()["code"]) == (413, "json_too_large")


def test_deep_json_is_refused(service: Service) -> None:
    body = b'{"circuit": ' + b"[" * 400_000 + b"]" * 400_000 + b"}"
    assert service.http.post("/tasks", content=body).status_code == 400


def test_head_has_the_head_of_get_and_no_body(service: Service) -> None:
    task_id = service.run()["task_id"]
    paths = ["/health", "/ready", "/queue", "/tasks", "/openapi.json", "/docs", "/metrics"]
    paths += [f"/tasks/{task_id}{part}" for part in ("", "/result", "/events")]
    for path in paths:
        head = httpx.head(f"{service.url}{path}")
        assert (head.status_code, head.content) == (200, b""), path
        if not path.endswith(("/events", "/metrics", "/queue", "/tasks")):
            full = service.http.get(path)
            assert head.headers["content-type"] == full.headers["content-type"], path
    assert httpx.head(f"{service.url}/tasks/unknown").status_code == 404
    assert httpx.head(f"{service.url}/validate").status_code == 405
