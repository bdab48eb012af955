"""Tests of numbers of any type: each is sent exactly, or refused with the name of its option."""

import copy
import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from quantumtask import CircuitError, Client
from tests.support.fake_service import fake_service, json_reply
from tests.support.services import BELL, Service

REAL = 'include "stdgates.inc"; input float t; qubit q; bit c; rx(t) q; c = measure q;'
COMPLEX = (
    'include "stdgates.inc"; input complex[float[64]] z; qubit q; bit c; rx(real(z)) q; '
    "c = measure q;"
)

SCALARS: list[Callable[[Any], Any]] = [
    np.int8, np.int64, np.uint16, np.uint64, np.float16, np.float32, np.float64, np.longdouble,
    np.array, lambda x: np.array(x, np.float32), Decimal, Fraction, float,
]  # fmt: skip


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def test_a_scalar_of_any_type_is_a_parameter(client: Client) -> None:
    items = [{"source": REAL, "parameters": {"t": make(0)}, "shots": 5} for make in SCALARS]
    for result in client.batch(items).results(timeout=30):
        assert (result.counts, result.shape) == ({"0": 5}, ())


@pytest.mark.parametrize("integer", [np.int64, np.uint8, np.array])
def test_an_integer_of_any_type_is_an_option(client: Client, integer: Callable[[Any], Any]) -> None:
    options: Any = {"shots": integer(7), "seed": integer(3), "priority": integer(1)}
    real: Any = np.float32(20)
    result = client.submit(BELL, **options, timeout_s=real, timeout=real).result(timeout=real)
    assert (result.shots, result.seed) == (7, 3)
    noise = {"depolarizing": {"one_qubit": np.float32(0), "two_qubit": integer(0)}}
    batch = client.batch([BELL, {"source": BELL, "shots": integer(2)}], noise=noise)
    assert [len(result.counts) > 0 for result in batch.results(np.array(20.0))] == [True, True]  # type: ignore[arg-type]


def test_precision_and_coefficients_may_be_of_any_type(client: Client) -> None:
    observable: Any = [("Z", np.float32(0.5)), ("I", np.array(2))]
    task = client.submit(REAL, parameters={"t": 0}, observables=observable, precision=np.float32(0))  # type: ignore[arg-type]
    assert task.result().expectation_values == 2.5
    [result] = client.map(REAL, {"t": np.zeros(1, np.float32)}, observables=observable)
    assert result.expectation_values == 2.5


@pytest.mark.parametrize(
    "value",
    [np.longdouble("3.14"), Decimal("0.1"), Fraction(1, 3), np.inf, np.float32("nan"), object(),
     np.linspace(0, 1, 300, dtype=np.longdouble) / 3, np.array(["a", None], object), b"1", {1j}],
    ids=lambda value: "object" if type(value) is object else str(value),
)  # fmt: skip
def test_a_value_that_is_not_exact_is_refused_before_the_request(
    client: Client, value: Any
) -> None:
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = np.array([1.0, object()], object)
    with pytest.raises((TypeError, ValueError), match=r"parameters\.t|exactly"):
        client.submit(REAL, parameters={"t": value})


@pytest.mark.parametrize(
    "value",
    [1j, np.complex64(1), np.array(1j), [0, 1j], np.array([0, 1], complex), np.zeros(200, "c8")],
    ids=["scalar", "complex64", "0-d", "list", "array", "large array"],
)  # fmt: skip
def test_a_complex_number_is_never_sent_as_two_real_numbers(client: Client, value: Any) -> None:
    with pytest.raises(CircuitError, match="complex128 cannot be converted to float"):
        client.submit(REAL, parameters={"t": value}).result()


@pytest.mark.parametrize(
    ("value", "counts"),
    [(np.pi + 1j, {"1": 5}), (np.complex64(1j), {"0": 5}), (np.array(1j), {"0": 5}), (0, {"0": 5}),
     ([np.pi, 1j], [{"1": 5}, {"0": 5}]), (np.array([np.pi, 1j]), [{"1": 5}, {"0": 5}])],
)  # fmt: skip
def test_a_complex_input_accepts_a_complex_number(client: Client, value: Any, counts: Any) -> None:
    assert client.submit(COMPLEX, parameters={"z": value}, shots=5).result().counts == counts


@pytest.mark.parametrize("name", ["shots", "seed", "precision", "priority", "observables"])
def test_a_complex_option_is_refused_by_name(client: Client, name: str) -> None:
    options: Any = {name: [("Z", 1 + 0j)] if name == "observables" else np.complex128(1)}
    with pytest.raises(TypeError, match=f"{name}: must be real"):
        client.submit(BELL, **options)


def test_metadata_may_hold_numbers_of_any_type(client: Client) -> None:
    task = client.submit(BELL, metadata={"k": np.int64(2), "a": np.zeros(2), "d": {"x": (1, 2)}})
    assert task.info()["metadata"] == {"k": 2, "a": [0, 0], "d": {"x": [1, 2]}}


def test_clients_tasks_and_batches_can_be_pickled_and_copied(client: Client) -> None:
    task = client.submit(BELL, shots=5)
    for duplicate in (pickle.loads(pickle.dumps(client)), copy.deepcopy(client)):
        assert duplicate.submit(BELL, shots=5).result().shots == 5
        duplicate.close()
    assert client.ready()
    for same_task in (pickle.loads(pickle.dumps(task)), copy.deepcopy(task)):
        assert same_task.result().counts == task.result().counts
    batch = client.batch([BELL])
    assert len(pickle.loads(pickle.dumps(batch)).results()) == 1


def test_a_pickle_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUANTUMTASK_TOKEN", raising=False)
    with fake_service(*[json_reply({"waiting": 0})] * 2) as (anonymous, service):
        with Client(anonymous.url, token="my-secret") as client:
            content = pickle.dumps(client)
            duplicate = copy.deepcopy(client)
        duplicate.queue()
        monkeypatch.setenv("QUANTUMTASK_TOKEN", "of-the-loader")
        pickle.loads(content).queue()
    assert b"secret" not in content
    tokens = [request.headers["Authorization"] for request in service.requests]
    assert tokens == ["Bearer my-secret", "Bearer of-the-loader"]
    with Client("http://me:my-password@localhost:1") as client:
        assert b"password" not in pickle.dumps(client)


def test_a_forked_process_opens_its_own_connections(client: Client) -> None:
    def submit(queue: Any) -> None:
        queue.put([client.submit(BELL, shots=k).result(20).shots for k in range(1, 6)])

    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=submit, args=(queue,)) for _ in range(2)]
    for child in children:
        child.start()
    assert [client.submit(BELL, shots=k).result(20).shots for k in range(6, 9)] == [6, 7, 8]
    assert [queue.get(timeout=60) for _ in children] == [[1, 2, 3, 4, 5]] * 2
    for child in children:
        child.join(30)
