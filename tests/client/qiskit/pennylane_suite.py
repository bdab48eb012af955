"""Device tests of PennyLane with its native device and that of Qiskit: `make test-pennylane`.

The service runs in this environment, and PennyLane runs in `.venv-pennylane`, because the remote
device of pennylane-qiskit needs an older Qiskit. Arguments select tests by name.
"""

import os
import subprocess
import sys
import tempfile
import venv
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

from tests.support.services import Service

ROOT = Path(__file__).parents[3]
HOME = ROOT / ".venv-pennylane"
PACKAGES = [
    "pennylane==0.45.1", "pennylane-qiskit==0.45.0", "numpy>=2",
    "certifi", "idna", "urllib3>=2.2,<3",
    "jax>=0.7,<0.8", "pytest>=8.3", "pytest-mock>=3.15", "flaky>=3.8",
]  # fmt: skip


class Suite(NamedTuple):
    """One run of the device tests.

    Attributes:
        min_passed: Smallest share of tests that pass.
        selection: Expression that selects tests by name.
    """

    device: str
    shots: str
    min_passed: float
    selection: str


SUITES = (
    Suite("quantumtask", "None", 0.99, ""),
    Suite("quantumtask", "20000", 0.99, ""),
    Suite("qiskit.remote", "10000", 0.95, "test_gates or test_measurements"),
)
EXPECTED_FAILURES = {
    "test_wire_label_in_tensor_prod_observables": "pennylane-qiskit takes labels of wires for "
    "numbers of qubits; the same with AerSimulator"
}
"""Tests that fail, by the beginning of their names, with the reason."""


def environment() -> Path:
    """Return the folder of programs of an environment with PennyLane, created at the first call."""
    stamp = HOME / "done"
    packages = "\n".join(PACKAGES)
    if not stamp.is_file() or stamp.read_text() != packages:
        print(f"Installing PennyLane into {HOME.name}", flush=True)
        venv.create(HOME, clear=True, with_pip=True)
        pip = [str(HOME / "bin" / "pip"), "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--no-compile", *PACKAGES], check=True)
        subprocess.run([*pip, "--no-deps", "-e", str(ROOT)], check=True)  # the entry point
        stamp.write_text(packages)
    return HOME / "bin"


def variables(url: str) -> dict[str, str]:
    """Return the environment of pytest: the client of this tree, and the plugin for pytest."""
    return {
        **os.environ,
        "PATH": f"{environment()}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}",
        "QUANTUMTASK_URL": url,
    }


def run(suite: Suite, url: str, selection: str, report: Path) -> None:
    command = [
        "pl-device-test", "--device", suite.device, "--shots", suite.shots, "--skip-ops",
        "-p", "client.qiskit.pennylane_plugin", "-p", "no:cacheprovider", "-k", selection,
        "--tb=short", "-q", "-W", "ignore", f"--junitxml={report}",
    ]  # fmt: skip
    subprocess.run(command, env=variables(url), cwd=report.parent, check=False)


def print_report(suite: Suite, report: Path) -> int:
    """Print the failed tests, and return the exit status.

    The status is 1 if too many tests failed, or one without a reason in EXPECTED_FAILURES.
    """
    last_runs = {(case.get("classname"), case.get("name")): case for case in _cases(report)}
    cases = list(last_runs.values())
    failed = [case for case in cases if _has(case, "failure") or _has(case, "error")]
    skipped = [case for case in cases if _has(case, "skipped")]
    ran = len(cases) - len(skipped)
    share = (ran - len(failed)) / max(1, ran)
    unexpected = []
    for case in failed:
        name = case.get("name", "")
        reason = next(
            (reason for prefix, reason in EXPECTED_FAILURES.items() if name.startswith(prefix)),
            None,
        )
        unexpected += [] if reason else [name]
        print(f"    failed {case.get('classname', '').split('.')[-1]}.{name}: {reason or '?'}")
    print(
        f"Device tests of PennyLane, {suite.device}, shots {suite.shots}: "
        f"{ran - len(failed)} of {ran} passed ({share:.1%}), {len(failed)} failed, "
        f"{len(skipped)} skipped by PennyLane"
    )
    return 1 if unexpected or share < suite.min_passed else 0


def _cases(report: Path) -> list[ET.Element]:
    """Return the runs of all tests in order; a test that is flaky has several runs."""
    return list(ET.parse(report).iter("testcase"))


def _has(case: ET.Element, tag: str) -> bool:
    return case.find(tag) is not None


def main() -> int:
    status = 0
    with tempfile.TemporaryDirectory() as scratch:
        service = Service(Path(scratch), slots=2).start()
        try:
            for number, suite in enumerate(SUITES):
                report = Path(scratch) / f"report-{number}.xml"
                run(suite, service.url, " or ".join(sys.argv[1:]) or suite.selection, report)
                status |= print_report(suite, report)
        finally:
            service.stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
