"""The Ray cluster, where circuits run on one: reached by a child, as a Worker's bridge does it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from quantumtask.cli.doctor.line import Line, ok, problem, warning
from quantumtask.shared.settings import PREFIX, Settings

LIMIT_S = 60
ADVICE = "Is the head well and in reach, and is the token its? Tasks wait meanwhile."
LOOK = """
import sys
from quantumtask.worker import ray_cluster
ray_cluster.connect(sys.argv[1])
nodes = ray_cluster.nodes()
memory = sum(node.memory for node in nodes) / 1024**3
print(f"{len(nodes)} nodes, {sum(node.cores for node in nodes)} cores, {memory:.1f} GiB")
"""


def check(settings: Settings) -> Iterator[Line]:
    if settings.executor != "ray":
        return
    try:
        found = version("ray")
    except PackageNotFoundError:
        saw = f"{PREFIX}EXECUTOR=ray, and Ray is not installed"
        yield problem("ray", saw, "pip install 'quantumtask[ray]'")
        return
    if os.environ.get("RAY_AUTH_MODE") != "token":
        saw = "RAY_AUTH_MODE is not token: who reaches the cluster runs programs on it"
        yield warning("ray", saw, "Set RAY_AUTH_MODE=token here and on every node.")
    elif not _has_token():
        advice = "Set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH to the one that the head has."
        yield problem("ray", "RAY_AUTH_MODE is token, and there is no token", advice)
        return
    yield _cluster(settings.ray_address, f"Ray {found}")


def _has_token() -> bool:
    """Whether there is one in a place that Ray looks into."""
    if os.environ.get("RAY_AUTH_TOKEN"):
        return True
    default = Path.home() / ".ray" / "auth_token"
    return Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or default).is_file()


def _cluster(address: str, ours: str) -> Line:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", LOOK, address],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        saw = f"{ours}; the cluster at {address} did not answer within {LIMIT_S} s"
        return problem("ray", saw, ADVICE)
    if done.returncode == 0:
        return ok("ray", f"{ours}; at {address}: {done.stdout.strip()}")
    why = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    return problem("ray", f"{ours}; {why.partition(': ')[2] or why}", ADVICE)
