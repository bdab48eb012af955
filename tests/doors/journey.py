"""Runs the programs of the pages about clients of other clouds, where nothing but loopback is up.

`python -m tests.doors.journey` starts a service and prints the output of each page's programs. In a
network namespace of its own (`unshare -n`), no client can reach a vendor. The user has keys and
addresses of the vendors already; the service takes none of those keys.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from quantumtask.shared.token_store import TokenStore
from tests.support.loopback import start_loopback
from tests.support.secured_service import PRINCIPALS
from tests.support.services import Service

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = {name: DOCS / f"{name}.md" for name in ("ionq", "qbraid", "braket", "ibm")}
"""The page of each door."""

OF_VENDORS = {
    "CIRQ_IONQ_REMOTE_HOST": "https://api.ionq.co",
    "CIRQ_IONQ_API_KEY": "of-a-vendor",
    "QISKIT_IONQ_API_URL": "https://api.ionq.co/v0.4",
    "QISKIT_IONQ_API_TOKEN": "of-a-vendor",
    "IONQ_API_KEY": "of-a-vendor",
    "QBRAID_API_KEY": "of-a-vendor",
    "QBRAID_ACCESS_TOKEN": "of-a-vendor",
    "AWS_ACCESS_KEY_ID": "of-a-vendor",
    "AWS_SESSION_TOKEN": "of-a-vendor",
    "AWS_REGION": "eu-west-2",
    "AWS_ENDPOINT_URL_S3": "https://s3.eu-west-2.amazonaws.com",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "BRAKET_ENDPOINT": "https://braket.eu-west-2.amazonaws.com",
    "QISKIT_IBM_TOKEN": "of-a-vendor",
    "QISKIT_IBM_URL": "https://cloud.ibm.com",
    "QISKIT_IBM_INSTANCE": "of-a-vendor",
    "GLOBAL_SEARCH_URL": "https://api.global-search-tagging.cloud.ibm.com",
    "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
}
"""Variables of a user of the other clouds."""
QBRAIDRC = "[default]\napi-key = of-a-vendor\naccess-token = of-a-vendor\n"
IBM_CREDENTIALS = "GLOBAL_SEARCH_URL=https://api.global-search-tagging.cloud.ibm.com\n"


def programs(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def user_environment(home: Path, token: str) -> dict[str, str]:
    """Return the variables of a user of other clouds who has a token of this service."""
    (home / ".qbraid").mkdir()
    (home / ".qbraid" / "qbraidrc").write_text(QBRAIDRC)
    (home / "ibm-credentials.env").write_text(IBM_CREDENTIALS)
    return {**os.environ, **OF_VENDORS, "HOME": str(home), "QUANTUMTASK_TOKEN": token}


def run_pages(url: str, folder: Path, environment: dict[str, str]) -> None:
    for door, page in PAGES.items():
        for program in programs(page):
            script = folder / "script.py"
            script.write_text(program)
            command = ["run", "--door", door, "--url", url, sys.executable, "-W", "ignore"]
            done = subprocess.run(
                [sys.executable, "-m", "quantumtask", *command, str(script)],
                cwd=folder, env=environment, capture_output=True, text=True, timeout=120,
                check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            print(door, done.stdout, flush=True)


if __name__ == "__main__":
    if "--alone" in sys.argv:
        start_loopback()
    with tempfile.TemporaryDirectory() as name:
        service = Service(Path(name), slots=1, auth="required")
        store = TokenStore(service.settings)
        token, _ = store.create_token(PRINCIPALS["ada"])
        store.close()
        try:
            run_pages(service.start().url, Path(name), user_environment(Path(name), token))
        finally:
            service.stop()
