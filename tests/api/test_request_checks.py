"""Checks of requests before the Store: bodies, fields, keys, ids, and batches of requests."""

import asyncio
import gzip
import random
import threading
import time
import tracemalloc
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from starlette.requests import ClientDisconnect

from quantumtask.api.http.body import LARGE_BODY_BYTES, parse_without_blocking, read_body
from quantumtask.api.ids import new_id, parse_id
from quantumtask.api.schemas.parameters import MAX_DEPTH, MAX_VALUES, parameters_text
from quantumtask.api.service.batches import BatchSpec
from quantumtask.api.service.field_checks import MAX_SEED, validate_task
from quantumtask.api.service.idempotency import (
    fingerprint_batch,
    fingerprint_task,
    validate_key,
)
from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.api.service.predicted_cost import UNKNOWN_MS, predict_ms
from quantumtask.shared.errors import (
    BodiesTooLarge,
    BodyTooLarge,
    CircuitTooLarge,
    InvalidRequest,
    ParametersTooLarge,
    TaskNotFound,
    UnsupportedEncoding,
)
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import TaskSpec

SPEC = TaskSpec("qubit q;")

# Bodies.


def read(
    chunks: Sequence[bytes | None],
    encoding: str = "",
    length: str = "",
    most: int = 8,
    reserved: list[int] | None = None,
) -> bytes:
    """Read a body that comes in chunks; None is the end of the connection."""
    messages = [
        {"type": "http.disconnect"} if chunk is None
        else {"type": "http.request", "body": chunk, "more_body": at + 1 < len(chunks)}
        for at, chunk in enumerate(chunks)
    ]  # fmt: skip

    async def receive() -> Any:
        return messages.pop(0)

    async def reserve(size: int) -> None:
        assert reserved is not None, "a small body needs no memory of the budget"
        reserved.append(size)

    return asyncio.run(read_body(receive, encoding, length, most, reserve))


@pytest.mark.parametrize("chunks", [[b"12345678"], [b"1234", b"", b"5678"], [b"12345678", b""]])
@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_body_up_to_the_limit_is_read_whole(chunks: list[bytes], encoding: str) -> None:
    assert read(chunks, encoding, "8") == b"12345678"


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress)],
)
def test_a_compressed_body_is_limited_before_and_after(encoding: str, pack: Any) -> None:
    data = pack(b"x" * 1000)
    assert read([data[:5], data[5:]], encoding, str(len(data)), 1000) == b"x" * 1000
    with pytest.raises(BodyTooLarge, match="at most 999 bytes"):
        read([data], encoding, "", 999)
    with pytest.raises(BodyTooLarge):
        read([data], encoding, "", len(data) - 1)


@pytest.mark.parametrize("length", ["9", "", "0", "nine"])
def test_a_body_over_the_limit_is_refused_whatever_its_length_says(length: str) -> None:
    with pytest.raises(BodyTooLarge):
        read([b"1234", b"56789"], "", length)


def test_a_length_over_the_limit_is_refused_before_the_body() -> None:
    with pytest.raises(BodyTooLarge):
        read([], "", "9")


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("chunk_size", [1000, 10**6])
def test_only_a_large_body_reserves_memory_and_only_once(encoding: str, chunk_size: int) -> None:
    def read_random(size: int, reserved: list[int]) -> None:
        data = random.Random(1).randbytes(size)
        sent = gzip.compress(data) if encoding else data
        chunks = [sent[at : at + chunk_size] for at in range(0, len(sent), chunk_size)]
        length = str(len(sent)) if not encoding else ""
        assert read(chunks, encoding, length, 10**6, reserved) == data

    reserved: list[int] = []
    read_random(LARGE_BODY_BYTES, reserved)
    assert reserved == []
    read_random(LARGE_BODY_BYTES + 1, reserved)
    assert reserved == [10**6 if encoding else LARGE_BODY_BYTES + 1]


def test_a_body_is_decompressed_no_further_than_there_is_memory() -> None:
    data = gzip.compress(b"x" * 10**7)

    async def receive() -> Any:
        return {"type": "http.request", "body": data, "more_body": False}

    async def reserve(_: int) -> None:
        assert tracemalloc.get_traced_memory()[0] < 10 * LARGE_BODY_BYTES
        raise BodiesTooLarge("no memory")

    tracemalloc.start()
    with pytest.raises(BodiesTooLarge):
        asyncio.run(read_body(receive, "gzip", "", 10**7, reserve))
    tracemalloc.stop()


PACKED = gzip.compress(b"a", mtime=0)  # with a time, each process would name its tests differently


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b", b"text", PACKED[:-1], PACKED + b"b", zlib.compress(b"a")]
)
def test_a_body_must_be_compressed_as_it_says(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="body: must be"):
        read([data], "gzip", "", 100)


@pytest.mark.parametrize("encoding", ["br", "gzip, deflate", "x" * 100])
def test_another_encoding_is_named(encoding: str) -> None:
    with pytest.raises(UnsupportedEncoding, match="must be gzip, deflate or identity; got '") as it:
        read([b"x"], encoding)
    assert len(str(it.value)) < 120


def test_a_client_that_disconnects_ends_the_reading() -> None:
    with pytest.raises(ClientDisconnect):
        read([b"12", None])


@pytest.mark.parametrize(
    ("size", "same"), [(LARGE_BODY_BYTES, True), (LARGE_BODY_BYTES + 1, False)]
)
def test_only_a_large_body_is_parsed_in_a_thread(size: int, same: bool) -> None:
    threads = []

    def parse(_: bytes) -> TaskSpec:
        threads.append(threading.current_thread())
        return SPEC

    assert asyncio.run(parse_without_blocking(parse, b"x" * size)) is SPEC
    assert (threads == [threading.current_thread()]) == same


# Fields.


@pytest.mark.parametrize(
    "valid",
    [{"seed": 0}, {"seed": MAX_SEED}, {"shots": 1}, {"timeout_s": 0.001}, {"engine": "auto"},
     {"engine": "stim", "method": "stabilizer"}, {"method": "density_matrix"},
     {"timeout_s": Settings().max_timeout_s}, {"shots": Settings().max_shots}],
)  # fmt: skip
def test_values_at_a_limit_are_valid(valid: dict[str, Any]) -> None:
    validate_task(replace(SPEC, **valid), Settings())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"seed": -1}, "seed: must be 0 to 9223372036854775807"), ({"seed": MAX_SEED + 1}, "seed:"),
     ({"shots": 0}, "shots: must be 1 to 1,000,000"),
     ({"shots": Settings().max_shots + 1}, "shots: must be"),
     ({"timeout_s": 0}, "timeout_s: must be more than 0"),
     ({"timeout_s": float("nan")}, "timeout_s"),
     ({"timeout_s": Settings().max_timeout_s + 1}, "timeout_s: must be more than 0 and at most"),
     ({"engine": "qpu"}, "engine: must be auto, lightning, qsim, stim, aer, quantumtask or"),
     ({"engine": "stim", "method": "statevector"},
      "method: must be one of stabilizer with engine stim"),
     ({"method": "magic"}, "method: must be one of density_matrix, matrix_product_state,")],
)  # fmt: skip
def test_a_value_beyond_a_limit_is_refused_by_its_name(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        validate_task(replace(SPEC, **wrong), Settings())


def test_the_size_of_a_circuit_is_that_of_its_bytes() -> None:
    settings = Settings(max_circuit_bytes=4)
    validate_task(replace(SPEC, circuit="éé"), settings)
    with pytest.raises(CircuitTooLarge, match="at most 4 bytes; got 5"):
        validate_task(replace(SPEC, circuit="ééx"), settings)


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 1


ARRAY = {"dtype": "float64", "shape": [1], "data": "AAAA"}


@pytest.mark.parametrize(
    "value",
    [1, -(2**4095), 0.5, True, "01", [], [[1], ["a", True]], ARRAY, [ARRAY], nested(MAX_DEPTH),
     {**ARRAY, "shape": []}],
)  # fmt: skip
def test_values_of_inputs_become_one_text(value: Any) -> None:
    text = parameters_text({"x": value, "y" * 256: 1})
    assert text is not None
    assert text.startswith('{"x":')
    assert " " not in text
    assert parameters_text(None) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [({"": 1}, "1 to 256 characters"), ({"y" * 257: 1}, "1 to 256 characters"),
     ({"x": None}, "`x` must be a number, true"), ({"x": [1, [None]]}, "`x` must be a number"),
     ({"x": float("inf")}, "`x` must be a finite number"),
     ({"x": 2**4096}, "at most 4,096 bits"), ({"x": nested(MAX_DEPTH + 1)}, "16 nested lists"),
     ({"x": {}}, "an object with dtype, shape"), ({"x": {**ARRAY, "more": 1}}, "an object with"),
     ({"x": {**ARRAY, "shape": [-1]}}, "an object"), ({"x": {**ARRAY, "shape": 1}}, "an object"),
     ({"x": {**ARRAY, "dtype": 1}}, "an object"), ({"x": {**ARRAY, "data": []}}, "an object")],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_value_that_is_not_valid_is_refused_by_its_name(values: Any, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        parameters_text(values)


def test_the_number_and_the_size_of_values_are_limited() -> None:
    with pytest.raises(ParametersTooLarge, match="200,000 values"):
        parameters_text({"x": [0] * (MAX_VALUES + 1)})
    assert parameters_text({"x": [0] * MAX_VALUES})
    with pytest.raises(ParametersTooLarge, match="8,388,608 bytes"):
        parameters_text({"x": {**ARRAY, "data": "A" * 8 * 1024 * 1024}})


# Keys and ids.


@pytest.mark.parametrize("key", [None, "a", "~" * 64, "!"])
def test_a_key_has_up_to_64_visible_characters(key: str | None) -> None:
    validate_key(key)


@pytest.mark.parametrize("key", ["", "a" * 65, "a b", "é", "a\n", "\x7f"])
def test_any_other_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequest, match="1 to 64 visible ASCII characters"):
        validate_key(key)


def test_different_tasks_and_batches_have_different_fingerprints() -> None:
    specs = [
        SPEC, replace(SPEC, circuit="qubit r;"), replace(SPEC, shots=1), replace(SPEC, seed=0),
        replace(SPEC, parameters="{}"), replace(SPEC, owner="a"), replace(SPEC, priority=1),
        replace(SPEC, options="{}"), replace(SPEC, metadata="{}"), replace(SPEC, engine="aer"),
        replace(SPEC, method="stabilizer"), replace(SPEC, name="n"), replace(SPEC, tags=("a",)),
    ]  # fmt: skip
    batches = [
        BatchSpec((SPEC,), None, (), None), BatchSpec((SPEC, SPEC), None, (), None),
        BatchSpec((SPEC,), "n", (), None), BatchSpec((SPEC,), None, ("n",), None),
        BatchSpec((SPEC,), None, (), "{}"),
    ]  # fmt: skip
    prints = [*map(fingerprint_task, specs), *map(fingerprint_batch, batches)]
    assert len(set(prints)) == len(prints)
    assert fingerprint_task(replace(SPEC)) == prints[0]


def test_a_new_id_is_a_uuid_that_sorts_by_time() -> None:
    before = time.time_ns() // 1_000_000
    ids = [new_id() for _ in range(200)]
    after = time.time_ns() // 1_000_000
    assert len(set(ids)) == 200
    for text in ids:
        uuid = UUID(text)
        assert (str(uuid), uuid.version, uuid.variant) == (text, 7, "specified in RFC 4122")
        assert before <= uuid.int >> 80 <= after


ID = "01a22e39-4bba-7a37-911d-2bd3f76c35c1"


@pytest.mark.parametrize("text", ["", "t", "0" * 36, ID[:-1], ID + "0", "g" + ID[1:]])
def test_a_text_that_is_no_id_is_not_found(text: str) -> None:
    with pytest.raises(TaskNotFound):
        parse_id(text, TaskNotFound)
    valid = new_id()
    assert parse_id(valid.upper(), TaskNotFound) == valid


# Predicted cost.


def cost(circuit: str, **fields: Any) -> float:
    return predict_ms(replace(SPEC, circuit=circuit, **fields))


def test_more_work_has_a_higher_predicted_cost() -> None:
    small = "qubit[2] q; h q;"
    assert cost(small) < 1
    assert cost(small) < cost(small * 100)
    assert cost("qubit[20] q; h q;") < cost("qubit[26] q; h q;")
    assert cost("qreg q[26]; h q;") == pytest.approx(cost("qubit[26] q; h q;"), rel=0.1)
    assert cost(small, shots=1) < cost(small, shots=10**6) < cost(small, shots=10**6, memory=True)
    assert cost(small) < cost(small, options='{"noise": {}}')
    assert cost('include "qelib1.inc"; ' + small) < 2 * cost(small)
    exact = '{"observables":[["ZI",1.0],["XX",1.0],["YY",1.0]],"precision":0.0}'
    assert cost(small, options=exact) < cost(small, options=exact.replace("0.0}", "0.01}"))
    words = '{"observables":["' + '","'.join(["ZX"] * 1000) + '"]}'
    assert cost(small, options='{"observables":["ZX"]}') < 1 < 3 < cost(small, options=words)
    arrays = ("statevector", "unitary")
    vector, matrix = (cost("qubit[10] q;", options=f'{{"return":["{name}"]}}') for name in arrays)
    assert cost("qubit[10] q;") < vector < 3 < matrix
    state = cost(small, method="matrix_product_state", options='{"max_bond":8}')
    assert 3 < state < cost(small, method="pauli_propagation", options='{"max_terms":8}')
    sweep = "input float t; qubit q; rx(t) q;"
    assert cost(sweep) < cost(sweep, parameters='{"t":[' + "0.5," * 5000 + "1]}")


@pytest.mark.parametrize(
    "circuit",
    ["while (c) { }", "for int i in [0:9] { }", "def f() { }", "if (c) x q;", "switch (i) { }",
     "qubit[n] q;", "// " + "x" * 70_000],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_circuit_that_may_run_long_has_the_cost_of_the_unknown(circuit: str) -> None:
    assert cost(circuit) == UNKNOWN_MS


# Micro-batches.


def test_requests_of_one_turn_are_handled_together_and_each_has_its_outcome() -> None:
    batches: list[list[int]] = []

    def handle(items: list[int]) -> list[int | Exception]:
        batches.append(items)
        return [ValueError("odd") if item % 2 else 10 * item for item in items]

    async def ask() -> list[Any]:
        batcher = MicroBatcher("test", handle)
        answers = await asyncio.gather(*map(batcher, range(5)), return_exceptions=True)
        batcher.stop()
        return answers

    zero, one, two, three, four = asyncio.run(ask())
    assert (zero, two, four) == (0, 20, 40)
    assert [str(error) for error in (one, three)] == ["odd", "odd"]
    assert batches == [[0, 1, 2, 3, 4]]


def test_an_error_of_the_handler_reaches_every_request_and_the_next_is_handled() -> None:
    def handle(items: list[str]) -> list[str | Exception]:
        if "bad" in items:
            raise OSError("lost")
        return list(items)

    async def ask() -> tuple[Sequence[Any], str]:
        batcher = MicroBatcher("test", handle)
        lost = await asyncio.gather(batcher("bad"), batcher("good"), return_exceptions=True)
        after = await batcher("good")
        batcher.stop()
        return lost, after

    lost, after = asyncio.run(ask())
    assert [type(error) for error in lost] == [OSError, OSError]
    assert after == "good"


def test_a_request_that_was_given_up_harms_no_other() -> None:
    async def ask() -> str:
        batcher: MicroBatcher[str, str] = MicroBatcher("test", lambda items: list(items))
        cancelled, other = batcher("a"), batcher("b")
        cancelled.cancel()
        answer = await other
        batcher.stop()
        return answer

    assert asyncio.run(ask()) == "b"
