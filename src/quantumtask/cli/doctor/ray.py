"""Check of the Ray cluster: a child process connects to it, as the Worker's driver does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.shared.installation import install_command
from quantumtask.shared.settings import PREFIX, Settings

CONNECT_LIMIT_S = 60
ADVICE = "Check the head node, the network and the token. Tasks wait until then."
SCRIPT = """
import sys
from quantumtask.worker.ray import cluster
cluster.connect_cluster(sys.argv[1])
nodes = cluster.list_nodes()
memory = sum(node.memory for node in nodes) / 1024**3
print(f"{len(nodes)} nodes, {sum(node.cores for node in nodes)} cores, {memory:.1f} GiB")
"""


def check(settings: Settings) -> Iterator[CheckResult]:
    """Check the Ray cluster, if circuits run on one."""
    if settings.executor != "ray":
        return
    try:
        installed = version("ray")
    except PackageNotFoundError:
        finding = f"{PREFIX}EXECUTOR=ray, and Ray is not installed"
        yield problem("ray", finding, install_command("ray"))
        return
    if os.environ.get("RAY_AUTH_MODE") != "token":
        finding = "RAY_AUTH_MODE is not token: everyone who reaches the cluster can run programs"
        yield warning("ray", finding, "Set RAY_AUTH_MODE=token here and on every node.")
    elif not _has_token():
        advice = "Set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH to the token of the head node."
        yield problem("ray", "RAY_AUTH_MODE is token, but no token is set", advice)
        return
    yield _cluster(settings.ray_address, f"Ray {installed}")


def _has_token() -> bool:
    """Return True if a token stands in a place that Ray reads."""
    if os.environ.get("RAY_AUTH_TOKEN"):
        return True
    default = Path.home() / ".ray" / "auth_token"
    return Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or default).is_file()


def _cluster(address: str, version: str) -> CheckResult:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", SCRIPT, address],
            capture_output=True,
            text=True,
            timeout=CONNECT_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        finding = f"{version}; the cluster at {address} did not answer within {CONNECT_LIMIT_S} s"
        return problem("ray", finding, ADVICE)
    if done.returncode == 0:
        return ok("ray", f"{version}; at {address}: {done.stdout.strip()}")
    reason = (done.stderr.strip().splitlines() or ["the process ended without a message"])[-1]
    return problem("ray", f"{version}; {reason.partition(': ')[2] or reason}", ADVICE)
