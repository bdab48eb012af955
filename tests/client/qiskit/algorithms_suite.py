"""Tests of qiskit-algorithms with the primitives of a live service: `make test-algorithms`.

The tests run in a separate process, in which SamplerV2 and EstimatorV2 replace StatevectorSampler
and StatevectorEstimator. Tests that fail there run again with the primitives of Qiskit, and the
report names those that pass then. Nothing else in the tests is changed.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import qiskit.primitives
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from quantumtask.client.qiskit import EstimatorV2, QuantumTaskProvider, SamplerV2
from tests.support.services import Service
from tests.support.source_releases import DownloadError, Release

RELEASE = Release(
    "qiskit-algorithms",
    "0.4.0",
    "sha256:b945e807c9b94ba2e0d2e02898b1f1e1a33efd3b4a6dc5a45bb787c6832d4093",
    ("test", "qiskit_algorithms"),
)
NOISE = "samples shots, and expects the counts of the random numbers of Qiskit for one seed"
EXCEPTED = {
    "test_amplitude_estimators.TestBernoulli.test_sampler_with_shots": NOISE,
    "test_amplitude_estimators.TestSineIntegral.test_sampler_with_shots": NOISE,
    "test_amplitude_estimators.TestSineIntegral.test_iqae_confidence_intervals": NOISE,
    "test_var_qite.TestVarQITE.test_run_d_1_with_aux_ops": NOISE,
}
"""Tests that may fail on the service, by a part of their names, with the reason."""


class Sampler(SamplerV2):
    """SamplerV2 with the arguments of StatevectorSampler."""

    def __init__(self, *, default_shots: int = 1024, seed: Any = None) -> None:
        super().__init__(_backend(), default_shots=default_shots, seed=seed)

    def run(self, pubs: Iterable[Any], *, shots: int | None = None) -> Any:
        shots = self.default_shots if shots is None else shots
        return self._run([SamplerPub.coerce(pub, shots) for pub in pubs])

    def _run(self, pubs: list[SamplerPub]) -> Any:
        """Run the PUBs. Tests override this method to inspect them."""
        return super().run(pubs)


class Estimator(EstimatorV2):
    """EstimatorV2 with the arguments of StatevectorEstimator."""

    def __init__(self, *, default_precision: float = 0.0, seed: Any = None) -> None:
        super().__init__(_backend(), default_precision=default_precision, seed=seed)

    def run(self, pubs: Iterable[Any], *, precision: float | None = None) -> Any:
        precision = self.default_precision if precision is None else precision
        return self._run([EstimatorPub.coerce(pub, precision) for pub in pubs])

    def _run(self, pubs: list[EstimatorPub]) -> Any:
        """Run the PUBs. Tests override this method to inspect them."""
        return super().run(pubs)


@cache
def _backend() -> Any:
    return QuantumTaskProvider().backend()


class Failures(unittest.TestResult):
    """Last line of the error of each failed test, by the name of the test."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: dict[str, str] = {}

    def addError(self, test: Any, err: Any) -> None:
        text: str = self._exc_info_to_string(err, test)  # type: ignore[attr-defined]
        lines = text.strip().splitlines()
        self.reasons[test.id()] = lines[-1] if lines else ""

    addFailure = addError

    def addSubTest(self, test: Any, _: Any, err: Any) -> None:
        if err is not None:
            self.addError(test, err)


def run_tests(folder: str, names: list[str]) -> dict[str, Any]:
    """Run the tests in this process.

    Args:
        folder: Folder of the release.
        names: Parts of the names of the tests to run; [] runs all tests.
    """
    sys.path.insert(0, folder)
    warnings.simplefilter("ignore")
    result = Failures()
    suite = unittest.defaultTestLoader.discover(str(Path(folder) / "test"), top_level_dir=folder)
    selection = [t for t in _tests(suite) if not names or any(part in t.id() for part in names)]
    unittest.TestSuite(selection).run(result)
    return {"ran": result.testsRun, "skipped": len(result.skipped), "failed": result.reasons}


def _tests(suite: Any) -> Iterator[Any]:
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from _tests(each)
        else:
            yield each


def run_in_process(folder: Path, url: str, names: list[str], *, on_service: bool) -> dict[str, Any]:
    """Run the tests in a separate process, with primitives of the service or of Qiskit."""
    with tempfile.NamedTemporaryFile("r") as report:
        primitives = "service" if on_service else "qiskit"
        arguments = ["--here", str(folder), report.name, primitives, *names]
        command = [sys.executable, "-m", "tests.client.qiskit.algorithms_suite", *arguments]
        subprocess.run(command, env={**os.environ, "QUANTUMTASK_URL": url}, check=True)
        return dict(json.load(report))


def print_report(service: dict[str, Any], qiskit: dict[str, Any]) -> int:
    """Print the tests that fail on the service alone, and return the exit status."""
    failed = {k: error for k, error in service["failed"].items() if k not in qiskit["failed"]}
    print(
        f"{service['ran']} ran, {service['skipped']} were skipped, "
        f"{len(service['failed'])} failed, of which {len(service['failed']) - len(failed)} "
        "fail with the primitives of Qiskit, too"
    )
    for name, error in failed.items():
        reason = _reason(name)
        print(f"    excepted {name}: {reason}" if reason else f"    FAILED {name}")
        print(f"        {error}")
    return 0 if all(map(_reason, failed)) else 1


def _reason(name: str) -> str | None:
    return next((reason for part, reason in EXCEPTED.items() if part in name), None)


def main(names: list[str]) -> int:
    folder = RELEASE.fetch()
    with tempfile.TemporaryDirectory() as scratch:
        service = Service(Path(scratch), slots=2).start()
        try:
            print(f"Tests of qiskit-algorithms {RELEASE.version} on {service.url}", flush=True)
            on_service = run_in_process(folder, service.url, names, on_service=True)
            again = list(on_service["failed"]) or ["none"]
            on_qiskit = run_in_process(folder, service.url, again, on_service=False)
        finally:
            service.stop()
    return print_report(on_service, on_qiskit)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        _, _, source, target, primitives, *parts = sys.argv
        if primitives == "service":
            qiskit.primitives.StatevectorSampler = Sampler
            qiskit.primitives.StatevectorEstimator = Estimator
        Path(target).write_text(json.dumps(run_tests(source, parts)))
        sys.exit()
    try:
        sys.exit(main(sys.argv[1:]))
    except DownloadError as error:
        sys.exit(f"The tests of qiskit-algorithms could not be downloaded: {error}")
