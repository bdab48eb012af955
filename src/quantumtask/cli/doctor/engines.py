"""The libraries that read and run circuits: imported by a child, which may crash over it."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from quantumtask.cli.doctor.line import Line, ok, problem, warning
from quantumtask.shared.settings import Settings

LIBRARIES = {
    "qdk": "quantumtask.openqasm.parser.qdk",
    "qiskit-aer": "quantumtask.engines.simulators.aer",
    "pennylane-lightning": "quantumtask.engines.simulators.lightning",
    "stim": "quantumtask.engines.simulators.stim",
}
"""Packages, and which of our modules imports each."""
PORTABLE = "openqasm3"
INSTEAD = {
    "qdk": "Circuits are read by the slower parser of quantumtask[portable].",
    "pennylane-lightning": "State vectors run on Aer and are slower.",
    "stim": "Clifford circuits run on our own stabilizer state and are slower.",
}
LIMIT_S = 60


def check(_: Settings) -> Iterator[Line]:
    """A machine without any of them is an API's, which needs none."""
    there = {package: _version(package) for package in LIBRARIES}
    if not any(there.values()):
        yield ok("engines", "none installed: this machine can run an API, and no Worker")
        return
    children = {package: _import(LIBRARIES[package]) for package in LIBRARIES if there[package]}
    for package, found in there.items():
        yield _line(package, found, children.get(package))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _import(module: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-P", "-c", f"import {module}"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _line(package: str, found: str | None, child: "subprocess.Popen[str] | None") -> Line:
    if child is None:
        return _without(
            package, f"{package} is not installed", f"pip install {package}, if it has a wheel here"
        )
    try:
        _, said = child.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        _, said = child.communicate()
    if child.returncode == 0:
        return ok("engines", f"{package} {found}")
    why = said.strip().splitlines()[-1:] or [f"exit status {child.returncode}"]
    saw = f"{package} {found} cannot be imported: {why[0]}"
    return _without(
        package, saw, f"This says more: {sys.executable} -c 'import {LIBRARIES[package]}'"
    )


def _without(package: str, saw: str, advice: str) -> Line:
    replaced = _version(PORTABLE) is not None if package == "qdk" else package in INSTEAD
    if not replaced:
        return problem("engines", f"{saw}: the Worker cannot run without it", advice)
    return warning("engines", saw, f"{INSTEAD[package]} {advice}")
