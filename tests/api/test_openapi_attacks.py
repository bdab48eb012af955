"""Requests that the OpenAPI document allows, and requests that it does not: all are answered as it
says.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.services import Service
from tests.support.sizes import sized

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
REPOSITORY = Path(__file__).parents[2]
PHASES = sized("fuzzing,stateful", "examples,coverage,fuzzing,stateful")
EXAMPLES = sized(2, 100)
"""Examples for each of more than 20 operations, besides those of the phase `coverage`."""
RANDOMNESS: list[str] = sized(["--generation-deterministic"], [])
"""Options of a run; one at full size has a new seed, which its report names."""


@pytest.mark.slow_first
def test_every_answer_to_a_request_is_one_that_the_document_has(
    service: Service, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)]
    options = ["--checks", "all", "--max-examples", str(EXAMPLES), "--phases", PHASES,
               "--request-timeout", "60", "--continue-on-failure", "--no-color",
               *RANDOMNESS]  # fmt: skip
    done = subprocess.run(
        [*command, "run", f"{service.url}/openapi.json", *options],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
