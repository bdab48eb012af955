"""Selected tests of Qiskit for primitives pass on the service; `make test-qiskit` runs all."""

from collections.abc import Iterator

import pytest

from quantumtask.client.qiskit import QuantumTaskBackend, QuantumTaskProvider
from tests.client.qiskit.qiskit_suite import SUITES, Suite, run
from tests.support.services import Service
from tests.support.source_releases import QISKIT, DownloadError

SELECTION = {
    ("backend", "test_backend_sampler_v2"): ["test_sampler_run_1", "test_run_level1"],
    ("backend", "test_backend_estimator_v2"): ["test_estimator_run_2", "test_aer_1"],
    ("native", "test_backend_sampler_v2"): [
        "test_circuit_with_multiple_cregs_1", "test_circuit_with_a", "test_diff_shots_1",
        "test_run_errors_1",
        "test_empty_creg", "test_no_cregs", "test_metadata",
    ],
    ("native", "test_backend_estimator_v2"): [
        "test_estimator_run", "test_run_1qubit", "test_aer", "test_diff_precision",
        "test_metadata",
    ],
    ("native", "test_statevector_sampler"): [
        "test_circuit_with", "test_run_e", "test_run_2qubit", "test_run_with_shots_option",
        "test_seed", "test_iter_pub", "test_metadata",
    ],
    ("native", "test_statevector_estimator"): ["test_"],
}  # fmt: skip
"""Tests that run here, by the beginning of their names."""


@pytest.fixture(scope="module")
def backend(service: Service) -> Iterator[QuantumTaskBackend]:
    try:
        QISKIT.fetch()
    except DownloadError as error:
        pytest.skip(f"Qiskit's tests could not be downloaded: {error}")
    with QuantumTaskProvider(service.url) as provider:
        yield provider.backend()


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: f"{suite.construction}-{suite.module}")
def test_qiskits_own_tests_pass(suite: Suite, backend: QuantumTaskBackend) -> None:
    result = run(suite, backend, SELECTION[suite.construction, suite.module])
    assert result.problems == []
    assert len(result.passed) >= 2
