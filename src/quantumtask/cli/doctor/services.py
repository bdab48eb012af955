"""The services of this machine: their ports are free, or theirs already; who rings reaches them."""

import errno
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from quantumtask.cli.doctor.line import Line, ok, problem, warning
from quantumtask.cli.supervisor.addresses import reachable, why_not
from quantumtask.shared.settings import PREFIX, Settings

ANSWER_S = 3.0


def check(settings: Settings) -> Iterator[Line]:
    yield from _port("api", settings.host, settings.port, f"{PREFIX}PORT")
    yield from _port("worker", settings.worker_host, settings.worker_port, f"{PREFIX}WORKER_PORT")
    url = urlsplit(settings.doorbell_url)
    if settings.worker_url and url.hostname:
        yield _doorbell(settings.doorbell_url)


def _port(name: str, host: str, port: int, variable: str) -> Iterator[Line]:
    """Whether it is free; if not, whether it is one of ours that answers there."""
    taken = why_not(host, port)
    place = f"port {port} of {host}"
    if taken is None:
        yield ok(name, f"not running here; {place} is free")
    elif taken.errno != errno.EADDRINUSE:
        yield problem(name, f"{place} cannot be listened on: {taken.strerror}", f"Set {variable}.")
    elif not _healthy(f"http://{reachable(host)}:{port}"):
        advice = f"Stop it, or set {variable} to another port."
        yield problem(name, f"{place} is in use by something that is none of ours", advice)
    else:
        yield ok(name, f"answers on {place}")


def _doorbell(url: str) -> Line:
    if _healthy(url):
        return ok("doorbell", f"a Worker answers at {url}")
    return warning(
        "doorbell",
        f"no Worker answers at {url}",
        "Tasks still start, at a Worker's next look; /validate, /estimate and /engines answer 503. "
        f"{PREFIX}WORKER_URL must name a Worker as the API's machine sees it.",
    )


def _healthy(url: str) -> bool:
    try:
        answer = httpx.get(f"{url}/health", timeout=ANSWER_S, trust_env=False)
        return answer.status_code == 200 and answer.json().get("status") == "ok"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError):
        return False
