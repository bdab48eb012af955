"""Time from `make run` in a fresh clone to the first result, cold and warm, with uv and with pip.

usage: python -m benchmarks.service.first_result

Cold: no environment, and an empty cache of packages, so that the network counts. Warm: a second
start of the same clone. The processor time does not depend on what else the machine does.
"""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.support.services import free_port

ROOT = Path(__file__).parents[2]
FIRST_RESULT = "A Bell circuit"


def clone(folder: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    return folder


def time_first_result(folder: Path, uv: str, variables: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds until the first result, and the processor time of all processes."""
    before = processor_time()
    started = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run", f"UV={uv}"],
        cwd=folder,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    line = next((line for line in process.stdout if line.startswith(FIRST_RESULT)), "")
    seconds = time.perf_counter() - started
    os.killpg(process.pid, signal.SIGINT)
    process.communicate()
    assert line, "the service did not start"
    return seconds, processor_time() - before


def processor_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(name: str, uv: str, folder: Path) -> None:
    variables = {
        "QUANTUMTASK_PORT": str(free_port()),
        "QUANTUMTASK_WORKER_PORT": str(free_port()),
        "UV_CACHE_DIR": str(folder / "cache"),
        "PIP_CACHE_DIR": str(folder / "cache"),
    }
    project = clone(folder / "clone")
    for kind in ("cold", "warm"):
        seconds, processor = time_first_result(project, uv, variables)
        print(f"{name}, {kind}: {seconds:.1f} s, {processor:.1f} s of processor time", flush=True)


def main() -> None:
    for name, uv in (("uv", shutil.which("uv")), ("pip", "")):
        if uv is None:
            print("uv: not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            measure(name, uv, Path(folder))


if __name__ == "__main__":
    main()
