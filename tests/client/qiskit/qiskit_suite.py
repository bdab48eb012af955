"""Tests of Qiskit for primitives, on a live service: `make test-qiskit`.

Only the construction of primitives is changed, in two ways:

- `native`: the primitives of Qiskit are replaced by SamplerV2 and EstimatorV2 of the client.
- `backend`: BackendSamplerV2 and BackendEstimatorV2 of Qiskit stay, and each backend of the tests
  runs its circuits on the service.
"""

import importlib
import sys
import tempfile
import unittest
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer.backends.aerbackend import AerBackend

from quantumtask.client.qiskit import (
    EstimatorV2,
    QuantumTaskBackend,
    QuantumTaskProvider,
    SamplerV2,
)
from tests.support.services import Service
from tests.support.source_releases import QISKIT, DownloadError

EXACT = "expects an error for precision 0, which the service supports: the value is exact"
SHOTS = 'expects no "shots" in the metadata, but test_backend_estimator_v2 expects them'


class Suite(NamedTuple):
    """Module of Qiskit's tests, the construction of its primitives, and the tests left out.

    Attributes:
        construction: `native` or `backend`.
        excluded: Reasons by the name of the test, or by that name and the message of a sub-test.
    """

    construction: str
    module: str
    excluded: dict[tuple[str, ...], str]


SUITES = (
    Suite("backend", "test_backend_sampler_v2", {}),
    Suite("backend", "test_backend_estimator_v2", {}),
    Suite(
        "native",
        "test_backend_sampler_v2",
        {
            ("test_run_level1",): "expects I/Q points of a backend that the test defines; "
            "the service returns bits"
        },
    ),
    Suite(
        "native",
        "test_backend_estimator_v2",
        {
            ("test_run_errors",): EXACT,
            ("test_job_size_limit_backend_v2",): "counts calls of a mock of the backend; "
            "a run is one request",
        },
    ),
    Suite(
        "native",
        "test_statevector_sampler",
        {
            (
                "test_run_errors",
                "with control flow",
            ): "expects an error for control flow, which the service runs",
            ("test_run_numpy_params", "split a list"): "expects two samples of about 50 counts "
            "within 10 % of each other, which holds only for the random numbers of NumPy",
        },
    ),
    Suite(
        "native",
        "test_statevector_estimator",
        {
            ("test_precision_seed",): "expects the random numbers of NumPy for the seed",
            ("test_metadata",): SHOTS,
        },
    ),
)
NARROW_TOLERANCE = {
    ("native", "test_statevector_sampler", "test_run_single_circuit"),
    ("native", "test_statevector_sampler", "test_sampler_run_with_parameterized_circuits"),
}
"""Tests whose tolerance is about one standard deviation, so that a correct sampler fails them with
most seeds. They run with several seeds until one passes."""
MAX_SEEDS = 40
PRIMITIVES = (
    "BackendSamplerV2",
    "BackendEstimatorV2",
    "StatevectorSampler",
    "StatevectorEstimator",
)


class SuiteResult(unittest.TestResult):
    """Result of each test; a test has failed if one of its sub-tests has failed.

    Attributes:
        seeds: Number of seeds that a test of NARROW_TOLERANCE took.
    """

    def __init__(self, excluded: dict[tuple[str, ...], str]) -> None:
        super().__init__()
        self._excluded = excluded
        self.passed: list[str] = []
        self.exclusions: list[tuple[str, str]] = []
        self.problems: list[tuple[str, str]] = []
        self.seeds: dict[str, int] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._failures_before = len(self.problems)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        if len(self.problems) == self._failures_before and not (
            self.skipped and self.skipped[-1][0] is test
        ):
            self.passed.append(test.id())

    def addError(self, test: Any, err: Any) -> None:
        self.problems.append((test.id(), self._exc_info_to_string(err, test)))  # type: ignore[attr-defined]

    addFailure = addError

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is None:
            return
        reason = self._excluded.get((test._testMethodName, subtest._message))
        if reason:
            self.exclusions.append((subtest.id(), reason))
        else:
            self.addError(subtest, err)


def run(suite: Suite, backend: QuantumTaskBackend, prefixes: Sequence[str] = ()) -> SuiteResult:
    """Run a module of tests: all tests, or those whose names begin with one of `prefixes`."""
    folder = str(QISKIT.fetch())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    result = SuiteResult(suite.excluded)
    offset = SeedOffset()
    with replace_primitives(suite, backend, offset) as module, warnings.catch_warnings():
        for test in _tests(unittest.defaultTestLoader.loadTestsFromModule(module)):
            name = test._testMethodName
            if prefixes and not name.startswith(tuple(prefixes)):
                continue
            if reason := _exclusion_reason(suite, name):
                result.exclusions.append((test.id(), reason))
            elif (suite.construction, suite.module, name) in NARROW_TOLERANCE:
                _run_with_seeds(test, result, offset)
            else:
                test.run(result)
    return result


class SeedOffset:
    """Number that is added to the seeds with which the tests construct primitives."""

    value = 0


def _run_with_seeds(test: unittest.TestCase, result: SuiteResult, offset: SeedOffset) -> None:
    """Run a test with one seed after another until it passes."""
    for offset.value in range(0, 1000 * MAX_SEEDS, 1000):
        attempt = SuiteResult({})
        type(test)(test._testMethodName).run(attempt)
        if not attempt.problems:
            break
    result.seeds[test.id()] = offset.value // 1000 + 1
    result.passed += attempt.passed
    result.problems += attempt.problems
    offset.value = 0


def _exclusion_reason(suite: Suite, name: str) -> str | None:
    """Return the reason to leave out a test; ddt appends a number to the names of variants."""
    for key, reason in suite.excluded.items():
        if len(key) == 1 and (name == key[0] or name.startswith(key[0] + "_")):
            return reason
    return None


def _tests(suite: Any) -> Iterator[Any]:
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from _tests(each)
        else:
            yield each


@contextmanager
def replace_primitives(
    suite: Suite, backend: QuantumTaskBackend, offset: SeedOffset
) -> Iterator[Any]:
    """Import the module of the tests; its primitives run on the service inside the block."""
    module = importlib.import_module(f"test.python.primitives.{suite.module}")
    if suite.construction == "native":
        primitives = {
            name: _native(name, backend, offset)
            for name in PRIMITIVES
            if hasattr(module, name) and _is_subject(name, suite.module)
        }
        with patch.multiple(module, **primitives):  # type: ignore[call-overload]
            yield module
    else:
        with _run_backends_on(backend):
            yield module


def _is_subject(name: str, module: str) -> bool:
    """Return True if the module tests this primitive.

    Tests of backend primitives also use state-vector primitives, for the expected values.
    """
    return name.startswith("Backend") == ("backend" in module)


def _native(name: str, backend: QuantumTaskBackend, offset: SeedOffset) -> Callable[..., Any]:
    def with_offset(seed: Any) -> Any:
        return seed + offset.value if isinstance(seed, int) else seed

    def sampler(seed: Any = None, default_shots: int = 1024, **arguments: Any) -> SamplerV2:
        options = arguments.get("options") or {}
        return SamplerV2(
            backend,
            seed=with_offset(options.get("seed_simulator", seed)),
            default_shots=options.get("default_shots", default_shots),
        )

    def estimator(
        seed: Any = None, default_precision: float = 0.0, **arguments: Any
    ) -> EstimatorV2:
        options = arguments.get("options") or {}
        if "backend" in arguments:
            default_precision = 0.015625
        return EstimatorV2(
            backend,
            seed=with_offset(options.get("seed_simulator", seed)),
            default_precision=options.get("default_precision", default_precision),
        )

    return sampler if "Sampler" in name else estimator


@contextmanager
def _run_backends_on(backend: QuantumTaskBackend) -> Iterator[None]:
    """Run the circuits of every backend of the tests on the service, inside the block."""

    def run(_: Any, run_input: Any, **options: Any) -> Any:
        return backend.run(run_input, **options)

    with (
        patch.object(GenericBackendV2, "run", run),
        patch.object(BasicSimulator, "run", run),
        patch.object(AerBackend, "run", run),
    ):
        yield


def print_report(suite: Suite, result: SuiteResult) -> None:
    print(
        f"{suite.construction:8} {suite.module:28} {len(result.passed):4} passed "
        f"{len(result.problems):3} failed {len(result.exclusions):3} excluded"
    )
    for name, reason in result.exclusions:
        print(f"    excluded {_short(name)}: {reason}")
    for name, count in result.seeds.items():
        print(f"    with seed {count} of at most {MAX_SEEDS} {_short(name)}")
    for name, error in result.problems:
        print(f"    FAILED {_short(name)}\n{error}")


def _short(name: str) -> str:
    return name.split(".", 4)[-1]


def main() -> int:
    prefixes = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        service = Service(Path(scratch), slots=2).start()
        try:
            backend = QuantumTaskProvider(service.url).backend()
            print(f"Tests of Qiskit {QISKIT.version} for primitives, on {service.url}", flush=True)
            failures = 0
            for suite in SUITES:
                result = run(suite, backend, prefixes)
                print_report(suite, result)
                failures += len(result.problems)
        finally:
            service.stop()
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DownloadError as error:
        sys.exit(f"Qiskit's tests could not be downloaded: {error}")
