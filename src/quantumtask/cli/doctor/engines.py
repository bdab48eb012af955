"""Check of the libraries that parse and run circuits: child processes import them."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.shared.installation import command_path, install_command
from quantumtask.shared.settings import Settings

LIBRARIES = {
    "qdk": "quantumtask.openqasm.parser.qdk",
    "qiskit-aer": "quantumtask.engines.simulators.aer",
    "pennylane-lightning": "quantumtask.engines.simulators.lightning",
    "qsimcirq": "quantumtask.engines.simulators.qsim",
    "stim": "quantumtask.engines.simulators.stim",
}
"""Module of QuantumTask that imports each package."""
PORTABLE = "openqasm3"
REPLACEMENTS = {
    "qdk": "The slower parser openqasm3 reads circuits.",
    "pennylane-lightning": "State vectors run on Aer and are slower.",
    "qsimcirq": "State vectors of 20 and more qubits run on Lightning and are slower.",
    "stim": "Clifford circuits run on the native tableau simulator and are slower.",
}
PIP_ARGUMENTS = {"qsimcirq": "--no-deps qsimcirq"}
"""Arguments of `pip install` for a package, if they are more than its name."""
IMPORT_LIMIT_S = 120
SCRIPT = """
import gc, importlib, os, sys
gc.disable()
report = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a library prints is no report
for module in sys.argv[1:]:
    importlib.import_module(module)
    print(module, file=report, flush=True)
os._exit(0)  # taking the libraries down again would take a tenth of the time
"""


def check(_: Settings) -> Iterator[CheckResult]:
    """Check each library; a machine without any of them can still run an API."""
    versions = {package: _version(package) for package in LIBRARIES}
    packages = [package for package, installed in versions.items() if installed]
    if not packages:
        yield _nothing()
        return
    errors = _import_errors([LIBRARIES[package] for package in packages])
    for package, installed in versions.items():
        yield _result(package, installed, errors.get(LIBRARIES[package]))


def _nothing() -> CheckResult:
    """Return what a machine without simulators can do."""
    if all(find_spec(package) for package in ("fastapi", "apsw")):
        return ok("engines", "none installed: this machine can run an API, but no Worker")
    return warning(
        "engines",
        "none installed, nor the packages of the API: this machine can only send circuits",
        f"To run a service here: {install_command('server')}",
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _import_errors(modules: list[str]) -> dict[str, str]:
    """Return why each module cannot be imported, for those that cannot.

    A child imports one module after the other, as the fork server of a Worker does. It ends with
    the first error, and another child imports the rest.
    """
    errors = {}
    while modules:
        imported, reason = _import(modules)
        if imported < len(modules):
            errors[modules[imported]] = reason
        modules = modules[imported + 1 :]
    return errors


def _import(modules: list[str]) -> tuple[int, str]:
    """Import modules in a child; return how many it could import, and why not the next one."""
    command = [sys.executable, "-P", "-c", SCRIPT, *modules]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    try:
        report, output = child.communicate(timeout=IMPORT_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        report, output = child.communicate()
    reason = output.strip().splitlines()[-1:] or [f"exit status {child.returncode}"]
    return len(report.splitlines()), reason[0]


def _result(package: str, installed: str | None, error: str | None) -> CheckResult:
    if installed is None:
        arguments = PIP_ARGUMENTS.get(package, package)
        advice = f"{command_path('pip')} install {arguments}, if it has a wheel here"
        return _without(package, f"{package} is not installed", advice)
    if error is None:
        return ok("engines", f"{package} {installed}")
    finding = f"{package} {installed} cannot be imported: {error}"
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
