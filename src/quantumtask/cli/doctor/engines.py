"""Check of the libraries that parse and run circuits: a child process imports each."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.shared.settings import Settings

LIBRARIES = {
    "qdk": "quantumtask.openqasm.parser.qdk",
    "qiskit-aer": "quantumtask.engines.simulators.aer",
    "pennylane-lightning": "quantumtask.engines.simulators.lightning",
    "stim": "quantumtask.engines.simulators.stim",
}
"""Module of QuantumTask that imports each package."""
PORTABLE = "openqasm3"
REPLACEMENTS = {
    "qdk": "The slower parser of quantumtask[portable] reads circuits.",
    "pennylane-lightning": "State vectors run on Aer and are slower.",
    "stim": "Clifford circuits run on the native tableau simulator and are slower.",
}
IMPORT_LIMIT_S = 60


def check(_: Settings) -> Iterator[CheckResult]:
    """Check each library; a machine without any of them can still run an API."""
    versions = {package: _version(package) for package in LIBRARIES}
    if not any(versions.values()):
        yield ok("engines", "none installed: this machine can run an API, but no Worker")
        return
    children = {package: _import(LIBRARIES[package]) for package in LIBRARIES if versions[package]}
    for package, installed in versions.items():
        yield _result(package, installed, children.get(package))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _import(module: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-P", "-c", f"import {module}"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _result(
    package: str, installed: str | None, child: "subprocess.Popen[str] | None"
) -> CheckResult:
    if child is None:
        return _without(
            package, f"{package} is not installed", f"pip install {package}, if it has a wheel here"
        )
    try:
        _, output = child.communicate(timeout=IMPORT_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        _, output = child.communicate()
    if child.returncode == 0:
        return ok("engines", f"{package} {installed}")
    reason = output.strip().splitlines()[-1:] or [f"exit status {child.returncode}"]
    finding = f"{package} {installed} cannot be imported: {reason[0]}"
    return _without(
        package, finding, f"See the error: {sys.executable} -c 'import {LIBRARIES[package]}'"
    )


def _without(package: str, finding: str, advice: str) -> CheckResult:
    has_replacement = (
        _version(PORTABLE) is not None if package == "qdk" else package in REPLACEMENTS
    )
    if not has_replacement:
        return problem("engines", f"{finding}: a Worker needs {package}", advice)
    return warning("engines", finding, f"{REPLACEMENTS[package]} {advice}")
