"""Approximate methods over HTTP, in the terminal, in Python and in Qiskit."""

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit

from quantumtask import Client
from quantumtask.client.qiskit import EstimatorV2, QuantumTaskProvider, SamplerV2
from tests.support.services import Service

CIRCUIT = (
    'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\nbit[4] c;\nry(0.9) q[0];\n'
    "cx q[0], q[2];\nrx(0.4) q[1];\ncx q[1], q[3];\nc = measure q;\n"
)
RATES = {"depolarizing": {"one_qubit": 0.1}}
MPS, PAULI = "matrix_product_state", "pauli_propagation"


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"method": MPS, "max_bond": 0}, "max_bond: must be an integer"),
        ({"method": MPS, "max_bond": 5000}, "max_bond: must be an integer"),
        ({"method": MPS, "truncation": 1}, "truncation: must be at least 0"),
        ({"method": MPS, "truncation": "a little"}, "truncation: "),
        ({"max_bond": 8}, "max_bond: requires the method matrix_product_state"),
        ({"method": "statevector", "truncation": 0.1}, "truncation: requires the method"),
        ({"method": MPS, "engine": "aer", "max_bond": 8}, "max_bond: only the engine quantumtask"),
        ({"method": MPS, "engine": "quantumtask"}, "method: matrix_product_state of quantumtask"),
        ({"method": MPS, "max_bond": 8, "max_terms": 9}, "max_terms: not together"),
        (
            {"method": MPS, "max_bond": 8, "noise": {"depolarizing": {"one_qubit": 0.1}}},
            "noise: not together",
        ),
        ({"method": MPS, "max_bond": 8, "backend": "fake_manila"}, "backend: not together"),
        ({"method": MPS, "max_bond": 8, "return": ["statevector"]}, "return: with `max_bond`"),
        (
            {"method": MPS, "max_bond": 8, "observables": "ZZZZ", "precision": 0.1},
            "precision: not together",
        ),
        ({"method": PAULI, "observables": "ZZZZ"}, "method: pauli_propagation of pauli_prop"),
        ({"engine": "pauli_prop", "observables": "ZZZZ"}, "method: pauli_propagation"),
        ({"method": PAULI, "max_terms": 100}, "return: with `max_terms`"),
        ({"method": PAULI, "min_coefficient": -1}, "min_coefficient: must be at least 0"),
        (
            {"method": PAULI, "max_terms": 9, "observables": "ZZZZ", "memory": True},
            "memory: not together with `max_terms`",
        ),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(
    service: Service, fields: dict[str, Any], detail: str
) -> None:
    answer = service.http.post("/tasks", json={"circuit": CIRCUIT, **fields})
    assert answer.status_code == 400
    assert detail in answer.json()["detail"]


def test_there_is_no_estimate_of_an_approximate_method(service: Service) -> None:
    for fields in ({"method": PAULI}, {"method": MPS, "engine": "quantumtask"}):
        answer = service.http.post("/estimate", json={"circuit": CIRCUIT, **fields})
        assert answer.status_code == 422
        assert "has no estimate" in answer.json()["detail"]


def test_an_answer_has_bounds_and_says_that_it_is_approximate(service: Service) -> None:
    counted = service.run(CIRCUIT, method=MPS, max_bond=1, seed=1)
    assert counted["engine"] == "quantumtask"
    assert counted["method"] == MPS
    assert "approximation" in counted["reason"]
    assert 0 < counted["data"]["total_variation_bounds"] <= 1
    assert 0 < counted["data"]["fidelity_estimates"] < 1
    valued = service.run(CIRCUIT, method=PAULI, min_coefficient=0.01, observables=["ZZZZ", "IIIX"])
    assert valued["engine"] == "pauli_prop"
    assert len(valued["data"]["error_bounds"]) == 2
    exact = service.run(CIRCUIT, observables=["ZZZZ", "IIIX"])
    assert "error_bounds" not in exact["data"]


def test_results_in_python_have_bounds(service: Service) -> None:
    with Client(service.url) as client:
        options: dict[str, Any] = {"method": MPS, "max_bond": 1}
        result = client.submit(CIRCUIT, **options, observables=["ZZZZ", "ZIII"]).result()
        assert result.error_bounds is not None
        assert result.error_bounds.shape == (2,)
        assert "error_bounds=" in repr(result)
        assert "error at most" in result._repr_html_()
        assert set(result.to_dataframe().columns) >= {"expectation_value", "error_bound"}
        sampled = client.submit(CIRCUIT, **options).result()
        assert sampled.total_variation_bounds is not None
        assert sampled.fidelity_estimates is not None
        assert "total variation distance at most" in sampled._repr_html_()


def test_results_in_qiskit_have_bounds(service: Service) -> None:
    circuit = QuantumCircuit(3)
    circuit.ry(0.8, 0)
    circuit.cx(0, 2)
    with QuantumTaskProvider(service.url) as provider:
        backend = provider.backend()
        backend.set_options(method=MPS, max_bond=1)
        value = EstimatorV2(backend).run([(circuit, ["ZII", "IIX"])]).result()[0]
        assert value.metadata["error_bounds"].shape == (2,)
        assert np.isfinite(value.data.evs).all()
        circuit.measure_all()
        sampled = SamplerV2(backend).run([circuit], shots=20).result()[0]
        assert 0 < float(sampled.metadata["total_variation_bounds"]) <= 1
        counted = backend.run(circuit, shots=20).result().results[0]
        assert 0 < float(counted.metadata["fidelity_estimates"]) < 1
