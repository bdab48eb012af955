"""The settings: which are set, which are none, and which contradict each other."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from quantumtask.cli.doctor.line import Line, ok, problem, warning
from quantumtask.shared.settings import NOT_SETTINGS, PREFIX, Settings, SettingsError, load_settings

CHECK = "settings"


def read(environment: Mapping[str, str]) -> tuple[Settings, list[Line]]:
    """The settings without those that cannot be used, and a line for each of these."""
    usable, lines = dict(environment), []
    while True:
        try:
            settings = load_settings(usable)
        except SettingsError as error:
            name = re.match(r"\w+", str(error))
            assert name
            del usable[name[0]]
            lines.append(problem(CHECK, str(error), f"Mend or unset {name[0]}: no service starts."))
        else:
            return settings, [*lines, _given(usable)]


def _given(environment: Mapping[str, str]) -> Line:
    ours = sorted(k for k in environment if k.startswith(PREFIX) and k not in NOT_SETTINGS)
    return ok(CHECK, f"set: {', '.join(ours)}" if ours else "none is set: all have their defaults")


def check(settings: Settings) -> Iterator[Line]:
    """What cannot be meant together."""
    yield from _leases(settings)
    url = urlsplit(settings.doorbell_url)
    if url.scheme != "http" or not url.hostname:
        yield problem(
            CHECK,
            f"{PREFIX}WORKER_URL={settings.worker_url} is no http:// address",
            "The API rings Workers over plain HTTP: http://HOST:8001.",
        )
    if (settings.host, settings.port) == (settings.worker_host, settings.worker_port):
        yield problem(
            CHECK,
            f"API and Worker are both to listen on port {settings.port}",
            f"Give one of them another port: {PREFIX}PORT or {PREFIX}WORKER_PORT.",
        )
    if settings.max_circuit_bytes > settings.max_body_bytes:
        yield warning(
            CHECK,
            f"circuits may be larger ({settings.max_circuit_bytes:,} bytes) than the requests that "
            f"bring them ({settings.max_body_bytes:,})",
            f"Raise {PREFIX}MAX_BODY_BYTES above {PREFIX}MAX_CIRCUIT_BYTES.",
        )


def _leases(settings: Settings) -> Iterator[Line]:
    saw = f"leases last {settings.lease_s:g} s and are renewed every {settings.renew_s:g} s"
    advice = f"Make {PREFIX}RENEW_S a third of {PREFIX}LEASE_S or less."
    if settings.renew_s >= settings.lease_s:
        yield problem(CHECK, f"{saw}: every longer task is taken away while it runs", advice)
    elif 2 * settings.renew_s > settings.lease_s:
        yield warning(CHECK, f"{saw}: one late renewal and a task is run again", advice)
