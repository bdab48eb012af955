"""Tests of sweeps, arrays, batches and maps of the Python client, with a real service."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from quantumtask import CircuitError, Client, Result, TaskCancelled
from tests.support.services import BELL, ENDLESS, Service

ROTATION = (
    'OPENQASM 3.0; include "stdgates.inc"; input float theta; qubit[2] q; bit c; bit[2] d; '
    "ry(theta) q[0]; cx q[0], q[1]; c = measure q[0]; d = measure q;"
)
GATES = 'include "stdgates.inc"; input float theta; qubit[2] q; ry(theta) q[0]; cx q[0], q[1];'
WRONG = 'include "stdgates.inc"; qubit q;\nfrobnicate q;'
ANGLES = np.linspace(0.1, 3.0, 150)


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def test_a_sweep_gives_counts_for_each_element(client: Client) -> None:
    angles = [0.0, math.pi]
    sweep = client.submit(ROTATION, parameters={"theta": angles}, shots=20, memory=True).result()
    assert sweep.shape == (2,)
    assert [element.counts for element in sweep] == [{"00 0": 20}, {"11 1": 20}]
    assert [element.memory for element in sweep] == [["00 0"] * 20, ["11 1"] * 20]
    assert [(e.index, e.parameters) for e in sweep] == [
        ((k,), {"theta": angle}) for k, angle in enumerate(angles)
    ]
    assert sweep.registers == (("c", 1), ("d", 2))


def test_a_large_sweep_of_arrays_is_complete(client: Client) -> None:
    outputs = ["probabilities", "statevector", "unitary"]
    sweep = client.submit(GATES, parameters={"theta": ANGLES}, returns=outputs[1:]).result()
    assert sweep.counts == {}
    assert sweep.statevector is not None
    assert sweep.unitary is not None
    assert (sweep.statevector.shape, sweep.unitary.shape) == ((150, 4), (150, 4, 4))
    weights = np.abs(sweep.statevector) ** 2
    assert weights[:, 3] == pytest.approx(np.sin(ANGLES / 2) ** 2)
    assert np.abs(sweep.unitary[:, :, 0]) ** 2 == pytest.approx(weights)
    other = client.submit(ROTATION, parameters={"theta": ANGLES}, returns=outputs[:1]).result()
    assert other.probabilities is not None
    assert other.probabilities[:, 7] == pytest.approx(weights[:, 3])


def test_every_element_has_the_values_of_all_observables_with_their_names(client: Client) -> None:
    observables = [["ZI"], [[["XX", 0.5], ["ZZ", 1.0]]]]
    task = client.submit(GATES, parameters={"theta": ANGLES[:5]}, observables=observables)
    sweep = task.result()
    assert sweep.expectation_values is not None
    assert sweep.standard_errors is not None
    assert sweep.expectation_values.shape == (2, 5)
    assert sweep.expectation_values[0] == pytest.approx(np.cos(ANGLES[:5]))
    assert sweep.expectation_values[1] == pytest.approx(1 + 0.5 * np.sin(ANGLES[:5]))
    assert not sweep.standard_errors.any()
    assert sweep.observables == ("ZI", "0.5 XX + ZZ")
    assert sweep[2].expectation_values == pytest.approx(sweep.expectation_values[:, 2])


def test_a_map_yields_every_element_with_its_index_and_parameters(client: Client) -> None:
    results: dict[int, Result] = {}
    for item in client.map(ROTATION, {"theta": ANGLES}, observables=["IZ", "ZZ"]):
        results[item.index[0]] = item
    assert sorted(results) == [*range(150)]
    for k, angle in enumerate(ANGLES):
        assert results[k].parameters == {"theta": angle}
        assert results[k].expectation_values == pytest.approx([math.cos(angle), 1.0])


def test_a_batch_yields_each_item_and_one_failure_concerns_one_item(client: Client) -> None:
    sweep = {"source": ROTATION, "parameters": {"theta": [0.0, math.pi]}}
    batch = client.batch([BELL, sweep, WRONG], shots=30, name="three")
    outcomes = {outcome.index: outcome for outcome in batch}
    assert sum(outcomes[0].result().counts.values()) == 30
    assert outcomes[1].result()[1].counts == {"11 1": 30}
    assert isinstance(outcomes[2].error, CircuitError)
    assert (outcomes[2].error.line, outcomes[2].error.column) == (2, 1)
    assert batch.status()["completed"] == 2
    same_batch = client.find_batch(batch.id)
    assert (len(same_batch), same_batch.info()["name"]) == (3, "three")
    with pytest.raises(CircuitError):
        same_batch.results()
    assert [result.shots for result in client.batch([BELL, BELL], shots=5).results()] == [5, 5]


def test_events_of_a_batch_cover_every_item(client: Client) -> None:
    batch = client.batch([BELL, WRONG])
    states = {event.item: event.state for event in batch.events()}
    assert states == {0: "completed", 1: "failed"}


def test_a_batch_can_be_cancelled_and_its_wait_has_a_timeout(client: Client) -> None:
    batch = client.batch([ENDLESS, ENDLESS])
    with pytest.raises(TimeoutError):
        batch.results(timeout=0.5)
    batch.cancel()
    with pytest.raises(TaskCancelled):
        batch.results(timeout=60)
    assert batch.status()["cancelled"] == 2


def test_a_strict_submission_of_a_wrong_circuit_raises_an_error_with_lines(
    client: Client,
) -> None:
    with pytest.raises(CircuitError, match="frobnicate") as refusal:
        client.submit(WRONG, strict=True)
    assert (refusal.value.line, refusal.value.column, refusal.value.task_id) == (2, 1, None)
    assert client.submit(BELL, strict=True, shots=3).result().shots == 3
