"""Check of the settings: unknown ones, wrong values, and contradictions."""

import os
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.shared.data_folder import DATA_FOLDER, RUN_FOLDER, data_folder, has_run_data
from quantumtask.shared.secret_files import FILE_SUFFIX
from quantumtask.shared.settings import (
    NOT_SETTINGS,
    PREFIX,
    Settings,
    SettingsError,
    load_settings,
)

CHECK = "settings"


def read(environment: Mapping[str, str]) -> tuple[Settings, list[CheckResult]]:
    """Return the usable settings, and a result for each setting with a wrong value."""
    usable, results = dict(environment), []
    while True:
        try:
            settings = load_settings(usable)
        except SettingsError as error:
            name = _variable(str(error), usable)
            for variable in {name, name + FILE_SUFFIX, name.removesuffix(FILE_SUFFIX)}:
                usable.pop(variable, None)
            results.append(
                problem(CHECK, str(error), f"Correct or unset {name}: no service starts.")
            )
        else:
            return settings, [*results, _names(usable)]


def _variable(message: str, environment: Mapping[str, str]) -> str:
    """Return the variable at the beginning of a message; its value can come from a file."""
    names = [each for each in environment if message.startswith(each.removesuffix(FILE_SUFFIX))]
    return max(names, key=len)


def _names(environment: Mapping[str, str]) -> CheckResult:
    names = sorted(k for k in environment if k.startswith(PREFIX) and k not in NOT_SETTINGS)
    return ok(
        CHECK, f"set: {', '.join(names)}" if names else "none: all settings have their defaults"
    )


def check(settings: Settings) -> Iterator[CheckResult]:
    """Check for settings that contradict each other."""
    yield from _leases(settings)
    if has_run_data(os.environ) and settings.data_dir == data_folder(DATA_FOLDER, os.environ):
        finding = f"this folder has a database of `make run`; {settings.data_dir} is checked"
        yield warning(CHECK, finding, f"To check the other one: --data-dir {RUN_FOLDER}")
    url = urlsplit(settings.doorbell_url)
    if url.scheme != "http" or not url.hostname:
        yield problem(
            CHECK,
            f"{PREFIX}WORKER_URL={settings.worker_url} is not an http:// address",
            "Write http://HOST:8001: the API calls Workers over plain HTTP.",
        )
    if (settings.host, settings.port) == (settings.worker_host, settings.worker_port):
        yield problem(
            CHECK,
            f"the API and the Worker have the same port, {settings.port}",
            f"Set {PREFIX}PORT or {PREFIX}WORKER_PORT to another port.",
        )
    if settings.max_circuit_bytes > settings.max_body_bytes:
        yield warning(
            CHECK,
            f"circuits may have {settings.max_circuit_bytes:,} bytes, but requests only "
            f"{settings.max_body_bytes:,}",
            f"Raise {PREFIX}MAX_BODY_BYTES above {PREFIX}MAX_CIRCUIT_BYTES.",
        )


def _leases(settings: Settings) -> Iterator[CheckResult]:
    finding = f"leases last {settings.lease_s:g} s and are renewed every {settings.renew_s:g} s"
    advice = f"Make {PREFIX}RENEW_S a third of {PREFIX}LEASE_S or less."
    if settings.renew_s >= settings.lease_s:
        yield problem(CHECK, f"{finding}: longer tasks lose their lease while they run", advice)
    elif 2 * settings.renew_s > settings.lease_s:
        yield warning(CHECK, f"{finding}: one late renewal makes a task run again", advice)
