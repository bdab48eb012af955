"""Tests that run the examples for Qiskit, and the code of the page docs/how-to/qiskit.md."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.services import Service

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to" / "qiskit.md").read_text()


def run_script(script: Path, service: Service) -> str:
    """Run a script on the service and return its output."""
    environment = {**os.environ, "QUANTUMTASK_URL": service.url}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_of_the_primitives_prints_the_values_of_the_theory(service: Service) -> None:
    lines = run_script(ROOT / "examples" / "qiskit_sampler.py", service).splitlines()
    assert len(lines) == 20
    assert lines[0].split() == ["0.00", "P(11)", "=", "0.000", "<XX>", "=", "+0.000"]
    assert lines[-1].split() == ["3.14", "P(11)", "=", "1.000", "<XX>", "=", "+0.000"]


@pytest.mark.slow_first
def test_the_code_of_the_page_for_qiskit_prints_its_comments(
    service: Service, tmp_path: Path
) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 5
    code = tmp_path / "page.py"
    code.write_text("\n".join(blocks))
    expected = re.findall(r"^print\(.*\)  # (.*)$", "".join(blocks), re.MULTILINE)
    assert expected
    assert run_script(code, service).splitlines() == expected


@pytest.mark.skipif(
    not (ROOT / ".venv-pennylane" / "done").is_file(),
    reason="PennyLane needs a separate environment, which `make test-pennylane` creates",
)
def test_the_example_of_pennylane_finds_the_angle(service: Service) -> None:
    environment = {
        **os.environ,
        "QUANTUMTASK_URL": service.url,
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        [ROOT / ".venv-pennylane" / "bin" / "python", ROOT / "examples" / "pennylane_remote.py"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    match = re.search(r"energy ([+-][0-9.]+)", done.stdout)
    assert match and float(match[1]) < -0.95
