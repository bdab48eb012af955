"""The own tests of qiskit-algorithms with our primitives in place: `make test-algorithms`.

They run in a process of their own, in which StatevectorSampler and StatevectorEstimator stand for
SamplerV2 and EstimatorV2 on a live service. What fails there runs again with Qiskit's own, and is
told if it passes then. Nothing else in the tests is changed.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import qiskit.primitives
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from quantumtask.client.qiskit import EstimatorV2, QuantumTaskProvider, SamplerV2
from tests.support.services import Service
from tests.support.source_releases import NotFetched, Release

RELEASE = Release(
    "qiskit-algorithms",
    "0.4.0",
    "sha256:b945e807c9b94ba2e0d2e02898b1f1e1a33efd3b4a6dc5a45bb787c6832d4093",
    ("test", "qiskit_algorithms"),
)
NOISE = "draws shots, and wants what Qiskit's own numbers of one seed come to"
EXCEPTED = {
    "test_amplitude_estimators.TestBernoulli.test_sampler_with_shots": NOISE,
    "test_amplitude_estimators.TestSineIntegral.test_sampler_with_shots": NOISE,
    "test_amplitude_estimators.TestSineIntegral.test_iqae_confidence_intervals": NOISE,
    "test_var_qite.TestVarQITE.test_run_d_1_with_aux_ops": NOISE,
}
"""Tests, by parts of their names, that ours may fail, and why."""


class Sampler(SamplerV2):
    """SamplerV2, made as StatevectorSampler is."""

    def __init__(self, *, default_shots: int = 1024, seed: Any = None) -> None:
        super().__init__(_backend(), default_shots=default_shots, seed=seed)

    def run(self, pubs: Iterable[Any], *, shots: int | None = None) -> Any:
        shots = self.default_shots if shots is None else shots
        return self._run([SamplerPub.coerce(pub, shots) for pub in pubs])

    def _run(self, pubs: list[SamplerPub]) -> Any:
        """Tests override it, to see what is run."""
        return super().run(pubs)


class Estimator(EstimatorV2):
    """EstimatorV2, made as StatevectorEstimator is."""

    def __init__(self, *, default_precision: float = 0.0, seed: Any = None) -> None:
        super().__init__(_backend(), default_precision=default_precision, seed=seed)

    def run(self, pubs: Iterable[Any], *, precision: float | None = None) -> Any:
        precision = self.default_precision if precision is None else precision
        return self._run([EstimatorPub.coerce(pub, precision) for pub in pubs])

    def _run(self, pubs: list[EstimatorPub]) -> Any:
        """Tests override it, to see what is run."""
        return super().run(pubs)


def _backend() -> Any:
    global _made
    _made = _made or QuantumTaskProvider().backend()
    return _made


_made: Any = None


class Failures(unittest.TestResult):
    """The last line of why each test failed, by its name; counts those that ran."""

    def __init__(self) -> None:
        super().__init__()
        self.why: dict[str, str] = {}

    def addError(self, test: Any, err: Any) -> None:
        text: str = self._exc_info_to_string(err, test)  # type: ignore[attr-defined]
        lines = text.strip().splitlines()
        self.why[test.id()] = lines[-1] if lines else ""

    addFailure = addError

    def addSubTest(self, test: Any, _: Any, err: Any) -> None:
        if err is not None:
            self.addError(test, err)


def run_here(folder: str, only: list[str]) -> dict[str, Any]:
    """Runs the tests in this process: those whose names hold one of `only`, if given."""
    sys.path.insert(0, folder)
    warnings.simplefilter("ignore")
    result = Failures()
    suite = unittest.defaultTestLoader.discover(str(Path(folder) / "test"), top_level_dir=folder)
    chosen = [t for t in _tests(suite) if not only or any(part in t.id() for part in only)]
    unittest.TestSuite(chosen).run(result)
    return {"ran": result.testsRun, "skipped": len(result.skipped), "failed": result.why}


def _tests(suite: Any) -> Iterator[Any]:
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from _tests(each)
        else:
            yield each


def run_apart(folder: Path, ours: bool, url: str, only: list[str]) -> dict[str, Any]:
    """Runs the tests in a process of their own."""
    with tempfile.NamedTemporaryFile("r") as told:
        arguments = ["--here", str(folder), told.name, "ours" if ours else "theirs", *only]
        command = [sys.executable, "-m", "tests.client.qiskit.algorithms_suite", *arguments]
        subprocess.run(command, env={**os.environ, "QUANTUMTASK_URL": url}, check=True)
        return dict(json.load(told))


def report(ours: dict[str, Any], theirs: dict[str, Any]) -> int:
    """Prints what ours fail and Qiskit's own do not; returns the exit status."""
    failed = {name: why for name, why in ours["failed"].items() if name not in theirs["failed"]}
    print(
        f"{ours['ran']} ran, {ours['skipped']} were skipped, {len(ours['failed'])} failed, "
        f"of which {len(ours['failed']) - len(failed)} fail with Qiskit's own primitives, too"
    )
    for name, why in failed.items():
        reason = _reason(name)
        print(f"    excepted {name}: {reason}" if reason else f"    FAILED {name}")
        print(f"        {why}")
    return 0 if all(map(_reason, failed)) else 1


def _reason(name: str) -> str | None:
    return next((why for part, why in EXCEPTED.items() if part in name), None)


def main(only: list[str]) -> int:
    folder = RELEASE.fetched()
    with tempfile.TemporaryDirectory() as scratch:
        service = Service(Path(scratch), slots=2).start()
        try:
            print(f"qiskit-algorithms {RELEASE.version}'s tests on {service.url}", flush=True)
            ours = run_apart(folder, True, service.url, only)
            theirs = run_apart(folder, False, service.url, list(ours["failed"]) or ["none"])
        finally:
            service.stop()
    return report(ours, theirs)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        _, _, where, into, whose, *names = sys.argv
        if whose == "ours":
            qiskit.primitives.StatevectorSampler = Sampler
            qiskit.primitives.StatevectorEstimator = Estimator
        Path(into).write_text(json.dumps(run_here(where, names)))
        sys.exit()
    try:
        sys.exit(main(sys.argv[1:]))
    except NotFetched as error:
        sys.exit(f"The tests of qiskit-algorithms could not be fetched: {error}")
