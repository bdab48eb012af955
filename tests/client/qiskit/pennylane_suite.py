"""PennyLane's own device tests through pennylane-qiskit's remote device: `make test-pennylane`.

The service runs in this environment, PennyLane in one of its own, `.venv-pennylane`: its plugin
needs an older Qiskit than ours. Arguments are names of tests, for a part of them.
"""

import os
import subprocess
import sys
import tempfile
import venv
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.support.services import Service

ROOT = Path(__file__).parents[3]
HOME = ROOT / ".venv-pennylane"
PACKAGES = [
    "pennylane==0.45.1", "pennylane-qiskit==0.45.0", "httpx>=0.28,<1", "numpy>=2",
    "pytest>=8.3", "pytest-mock>=3.15", "flaky>=3.8",
]  # fmt: skip
LEAST = 0.95
KNOWN = {
    "test_wire_label_in_tensor_prod_observables": "pennylane-qiskit takes labels of wires for "
    "numbers of qubits; the same with AerSimulator"
}
"""Tests that fail, by the beginnings of their names, and why."""


def environment() -> Path:
    """The folder of programs of an environment with PennyLane."""
    done = HOME / "done"
    wanted = "\n".join(PACKAGES)
    if not done.is_file() or done.read_text() != wanted:
        print(f"Installing PennyLane into {HOME.name}", flush=True)
        venv.create(HOME, clear=True, with_pip=True)
        pip = [str(HOME / "bin" / "pip"), "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--no-compile", *PACKAGES], check=True)
        done.write_text(wanted)
    return HOME / "bin"


def variables(url: str) -> dict[str, str]:
    """Those that its processes need: our client from the tree, our plugin for pytest."""
    return {
        **os.environ,
        "PATH": f"{environment()}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}",
        "QUANTUMTASK_URL": url,
    }


def run(url: str, which: str, report: Path) -> None:
    command = [
        "pl-device-test", "--device", "qiskit.remote", "--shots", "10000", "--skip-ops",
        "-p", "pennylane_plugin", "-p", "no:cacheprovider", "-k", which, "--tb=short", "-q",
        "-W", "ignore", f"--junitxml={report}",
    ]  # fmt: skip
    subprocess.run(command, env=variables(url), cwd=report.parent, check=False)


def outcome(report: Path) -> int:
    """Prints what came out; 1 if too much is wrong, or something that has no reason."""
    last = {(case.get("classname"), case.get("name")): case for case in _cases(report)}
    cases = list(last.values())
    failed = [case for case in cases if _has(case, "failure") or _has(case, "error")]
    skipped = [case for case in cases if _has(case, "skipped")]
    ran = len(cases) - len(skipped)
    share = (ran - len(failed)) / max(1, ran)
    unknown = []
    for case in failed:
        name = case.get("name", "")
        reason = next((why for known, why in KNOWN.items() if name.startswith(known)), None)
        unknown += [] if reason else [name]
        print(f"    failed {case.get('classname', '').split('.')[-1]}.{name}: {reason or '?'}")
    print(
        f"PennyLane's device tests: {ran - len(failed)} of {ran} passed ({share:.1%}), "
        f"{len(failed)} failed, {len(skipped)} skipped by PennyLane"
    )
    return 1 if unknown or share < LEAST else 0


def _cases(report: Path) -> list[ET.Element]:
    """In the order in which they ran; a flaky one may come again, and then its last run counts."""
    return list(ET.parse(report).iter("testcase"))


def _has(case: ET.Element, what: str) -> bool:
    return case.find(what) is not None


def main() -> int:
    which = " or ".join(sys.argv[1:]) or "test_gates or test_measurements"
    with tempfile.TemporaryDirectory() as scratch:
        service = Service(Path(scratch), slots=2).start()
        try:
            report = Path(scratch) / "report.xml"
            run(service.url, which, report)
            return outcome(report)
        finally:
            service.stop()


if __name__ == "__main__":
    sys.exit(main())
