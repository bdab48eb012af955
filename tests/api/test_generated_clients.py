"""A client that a generator makes from the OpenAPI document runs circuits."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.services import Service

ROOT = Path(__file__).parents[2]
TYPESCRIPT = ROOT / "examples/typescript"
PACKAGES = TYPESCRIPT / "node_modules"
PAGE = ROOT / "docs/how-to/clients.md"


def test_a_generated_python_client_submits_a_circuit_and_reads_its_counts(
    service: Service, tmp_path: Path
) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(service.http.get("/openapi.json").content)
    run(tmp_path, sys.executable, "-m", "openapi_python_client", "generate",
        "--meta", "none", "--fail-on-warning", "--path", str(document),
        "--config", str(ROOT / "examples/python_generator.yml"),
        "--output-path", str(tmp_path / "quantumtask_generated"))  # fmt: skip
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    answer = run(tmp_path, sys.executable, "-c", program, QUANTUMTASK_URL=service.url)
    assert sorted(ast.literal_eval(answer)) == ["00", "11"]


@pytest.mark.slow_first
@pytest.mark.skipif(
    not PACKAGES.exists(),
    reason="needs Node.js and its packages: apt-get install nodejs npm, then make clients",
)
def test_the_example_in_typescript_passes_its_type_check_and_reads_counts(
    service: Service, tmp_path: Path
) -> None:
    for name in ("package.json", "tsconfig.json", "submit.ts"):
        shutil.copy(TYPESCRIPT / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    run(tmp_path, "npm", "run", "generate", "--", f"{service.url}/openapi.json")
    run(tmp_path, "npm", "run", "build")
    command = ("node", "build/submit.js", str(ROOT / "examples/bell.qasm"), "100")
    answer = run(tmp_path, *command, QUANTUMTASK_URL=service.url)
    counts = dict(line.split() for line in answer.splitlines())
    assert sorted(counts) == ["00", "11"]
    assert sum(map(int, counts.values())) == 100


def run(folder: Path, *command: str, **environment: str) -> str:
    """Run a command in a folder, and return its output."""
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
