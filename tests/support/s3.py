"""An S3-compatible server for the tests, on a free port of this machine."""

from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.support.services import TLS, Process, free_port, until

BUCKET = "results"


class Server:
    """moto's server: S3 over HTTP, its objects in memory. `environment` says how to reach it."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "s3.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment: Mapping[str, str] = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_REGION": "us-east-1",
        }
        self._process: Process | None = None

    def start(self) -> "Server":
        """Returns once there is an empty bucket."""
        command = ["-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = Process(command, {}, self._log)
        until(self._has_bucket, 60, self._log.read_text)
        return self

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process = None

    def objects(self) -> int:
        """Return the number of objects in the bucket."""
        return httpx.get(f"{self.url}/{BUCKET}", verify=TLS).text.count("<Key>")

    def _has_bucket(self) -> bool:
        try:
            return httpx.put(f"{self.url}/{BUCKET}", verify=TLS).is_success
        except httpx.TransportError:
            return False
