"""Check of the variables that lead the clients of other clouds to this service."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from quantumtask.cli.client_variables import CLIENT_VARIABLES, ClientVariables
from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.cli.supervisor.addresses import url_host
from quantumtask.client.service_url import LOOPBACK_HOSTS, service_url, without_user
from quantumtask.client.transport import TransportError, send_once
from quantumtask.shared.access import public_host
from quantumtask.shared.settings import PREFIX, Settings

CHECK = "clients"
ANSWER_LIMIT_S = 3.0

_URL, _TOKEN = "\0url", "\0token"
"""Marks of the address and of the token in the values of the variables."""


def check(settings: Settings) -> Iterator[CheckResult]:
    """Check where the variables of each door lead, and if the service takes their tokens."""
    services = (service_url(None), f"http://{url_host(public_host(settings))}:{settings.port}")
    absent = []
    for door, variables in CLIENT_VARIABLES.items():
        state = _read(variables, os.environ, services)
        if not state.here and not state.elsewhere:
            absent.append(door)
        else:
            yield from _results(door, variables, state)
    if absent:
        remedy = 'eval "$(quantumtask env DOOR)"'
        yield ok(CHECK, f"not led here: {', '.join(absent)}; {remedy} does that")


@dataclass(frozen=True)
class _State:
    """The variables of a door as they are set.

    Attributes:
        here: Addresses of this service, by name.
        elsewhere: Other addresses, by name.
        missing: Names without which some client is not led here.
        conflicts: Names whose values prevent that.
        tokens: Values of the tokens, by name.
        url: Address of the service.
    """

    here: Mapping[str, str]
    elsewhere: Mapping[str, str]
    missing: list[str]
    conflicts: list[str]
    tokens: Mapping[str, str]
    url: str


def _read(
    variables: ClientVariables, environment: Mapping[str, str], services: tuple[str, ...]
) -> _State:
    template = variables.of_service(_URL, _TOKEN)
    values = {name: value for name in template if (value := environment.get(name, "").strip())}
    addresses = {name: values[name] for name in values if _URL in template[name]}
    here = {}
    for name, value in addresses.items():
        urls = {_plain(template[name].replace(_URL, url)): url for url in services}
        if (url := urls.get(_plain(value))) is not None:
            here[name] = url
    free = {*addresses, *variables.any_value}
    fixed = [name for name in template if name not in free and template[name] != _TOKEN]
    return _State(
        here=here,
        elsewhere={name: value for name, value in addresses.items() if name not in here},
        missing=[n for n in template if n not in values and n not in variables.optional],
        conflicts=[n for n in fixed if n in values and values[n] != template[n]],
        tokens={name: values[name] for name in values if template[name] == _TOKEN},
        url=next(iter(here.values()), services[0]),
    )  # fmt: skip


def _plain(url: str) -> tuple[str, str]:
    """Return the host with its port and the path of a URL, every loopback address being one."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:  # the port is no number
        return url, ""
    host = "127.0.0.1" if host in LOOPBACK_HOSTS else host
    port = port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}:{port}", parts.path.rstrip("/")


def _results(door: str, variables: ClientVariables, state: _State) -> Iterator[CheckResult]:
    if not state.here:
        yield ok(CHECK, f"{door}: {_addresses(state.elsewhere)}, which is not this service")
        return
    remedy = f'eval "$(quantumtask env {door})" sets all of them.'
    lead = f"{door}: {_names(state.here)} lead{'s' * (len(state.here) == 1)} here"
    others = []
    if state.elsewhere:
        others.append(problem(CHECK, f"{lead}, but {_addresses(state.elsewhere)}", remedy))
    if state.conflicts:
        finding = f"{lead}, but {_names(state.conflicts)} can lead a client elsewhere"
        others.append(problem(CHECK, finding, remedy))
    if state.missing:
        others.append(warning(CHECK, f"{lead}, but not set: {_names(state.missing)}", remedy))
    for path, names in _dotenv_names(variables).items():
        finding = f"{lead}, but {path} has {_names(names)}, which a client reads first"
        others.append(problem(CHECK, finding, f"Remove these lines from {path}."))
    yield from others
    yield from _ask(door, lead, state, is_well=not others)


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)


def _addresses(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} leads to {_public(value)}" for name, value in values.items())


def _public(url: str) -> str:
    """Return a URL without the password that it may have."""
    try:
        return without_user(url)
    except ValueError:
        return "no valid address"


def _dotenv_names(variables: ClientVariables) -> dict[Path, list[str]]:
    """Return the files `.env` that a client reads, with the names in them that it prefers.

    A program's client searches upwards from the folder of its package, a notebook's from the
    current one.
    """
    result: dict[Path, list[str]] = {}
    if not variables.in_dotenv:
        return result
    for folder in (Path.cwd(), Path(sys.prefix).absolute()):
        files = [each / ".env" for each in (folder, *folder.parents) if (each / ".env").is_file()]
        for path in files[:1]:
            try:
                text = path.read_text(errors="replace")
            except OSError:  # the client cannot read the file, either
                continue
            names = re.findall(r"^\s*(?:export\s+)?(\w+)\s*=\s*\S", text, re.MULTILINE)
            if names := sorted(variables.in_dotenv.intersection(names)):
                result[path] = names
    return result


def _ask(door: str, lead: str, state: _State, is_well: bool) -> Iterator[CheckResult]:
    """Ask the service if the door is open, and if it takes each token."""
    refusals = []
    for token in dict.fromkeys(state.tokens.values()):
        try:
            answer = send_once(
                "GET",
                f"{state.url}/service",
                {"Authorization": f"Bearer {token}"},
                ANSWER_LIMIT_S,
                use_proxies=False,
            )
            doors = answer.json().get("doors", [door])
        except (TransportError, ValueError, AttributeError):
            advice = "Start it (quantumtask up), or lead the clients to another address."
            yield warning(CHECK, f"{lead}, but no service answers at {state.url}", advice)
            return
        if answer.status in (401, 403):
            refusals += [name for name, value in state.tokens.items() if value == token]
        elif door not in doors:
            advice = f"Set {PREFIX}DOORS=all, or a list with {door}, where the API runs."
            yield problem(CHECK, f"{lead}, but the service has the door {door} closed", advice)
            return
    if refusals:
        advice = f'quantumtask login stores a token; then eval "$(quantumtask env {door})"'
        yield problem(
            CHECK, f"{lead}, but the service refuses the token of {_names(refusals)}", advice
        )
    elif is_well:
        yield ok(CHECK, f"{lead}, and the service takes the token")
