"""Check of the services of this machine: their ports, and the way from the API to a Worker."""

import errno
from collections.abc import Iterator
from urllib.parse import urlsplit

from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.cli.supervisor.addresses import listen_error, url_host
from quantumtask.client.transport import TransportError, send_once
from quantumtask.shared.settings import PREFIX, Settings

HEALTH_LIMIT_S = 3.0


def check(settings: Settings) -> Iterator[CheckResult]:
    """Check the ports of both services, and the address of the Worker."""
    yield from _port("api", settings.host, settings.port, f"{PREFIX}PORT")
    yield from _port("worker", settings.worker_host, settings.worker_port, f"{PREFIX}WORKER_PORT")
    url = urlsplit(settings.doorbell_url)
    if settings.worker_url and url.hostname:
        yield _doorbell(settings.doorbell_url)


def _port(name: str, host: str, port: int, variable: str) -> Iterator[CheckResult]:
    """Check that a port is free, or that a QuantumTask service answers there."""
    error = listen_error(host, port)
    place = f"port {port} of {host}"
    if error is None:
        yield ok(name, f"not running here; {place} is free")
    elif error.errno != errno.EADDRINUSE:
        yield problem(name, f"cannot listen on {place}: {error.strerror}", f"Set {variable}.")
    elif not _healthy(f"http://{url_host(host)}:{port}"):
        advice = f"Stop that program, or set {variable} to another port."
        yield problem(name, f"another program uses {place}", advice)
    else:
        yield ok(name, f"answers on {place}")


def _doorbell(url: str) -> CheckResult:
    if _healthy(url):
        return ok("doorbell", f"a Worker answers at {url}")
    return warning(
        "doorbell",
        f"no Worker answers at {url}",
        "Tasks still start, when a Worker polls the database; /validate, /estimate and /engines "
        f"answer 503. {PREFIX}WORKER_URL must be an address that the API can reach.",
    )


def _healthy(url: str) -> bool:
    try:
        answer = send_once("GET", f"{url}/health", {}, HEALTH_LIMIT_S, use_proxies=False)
        return answer.status == 200 and answer.json().get("status") == "ok"
    except (TransportError, ValueError, AttributeError):
        return False
