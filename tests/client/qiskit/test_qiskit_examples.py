"""The examples for Qiskit's users, and the blocks of their page, run as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.services import Service

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to" / "qiskit.md").read_text()


def ran(code: Path, service: Service) -> str:
    environment = {**os.environ, "QUANTUMTASK_URL": service.url}
    done = subprocess.run(
        [sys.executable, str(code)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_of_the_primitives_prints_what_theory_says(service: Service) -> None:
    lines = ran(ROOT / "examples" / "qiskit_sampler.py", service).splitlines()
    assert len(lines) == 20
    assert lines[0].split() == ["0.00", "P(11)", "=", "0.000", "<XX>", "=", "+0.000"]
    assert lines[-1].split() == ["3.14", "P(11)", "=", "1.000", "<XX>", "=", "+0.000"]


def test_the_page_for_qiskit_runs_from_top_to_bottom(service: Service, tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 5
    code = tmp_path / "page.py"
    code.write_text("\n".join(blocks))
    expected = re.findall(r"^print\(.*\)  # (.*)$", "".join(blocks), re.MULTILINE)
    assert expected
    assert ran(code, service).splitlines() == expected


@pytest.mark.skipif(
    not (ROOT / ".venv-pennylane" / "done").is_file(),
    reason="PennyLane has an environment of its own: `make test-pennylane` makes it",
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
    found = re.search(r"energy ([+-][0-9.]+)", done.stdout)
    assert found and float(found[1]) < -0.95
