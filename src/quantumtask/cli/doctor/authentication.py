"""Check of authentication: who may send requests, and the provider of OpenID Connect."""

import json
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.request import urlopen

from quantumtask.cli.doctor.check_result import CheckResult, ok, problem, warning
from quantumtask.shared.access import AUTO, OFF, check_openid, is_loopback, public_host
from quantumtask.shared.database.inspection import inspect_database
from quantumtask.shared.errors import StoreUnavailable
from quantumtask.shared.settings import PREFIX, Settings, SettingsError

_FETCH_S = 5.0


def check(settings: Settings) -> Iterator[CheckResult]:
    """Check the tokens, and the keys of the provider of OpenID Connect."""
    if settings.auth == OFF:
        yield _off(settings)
        return
    if settings.oidc_issuer:
        yield _provider(settings)
    with suppress(StoreUnavailable):  # of which the check of the database has a line
        report = inspect_database(settings)
        yield _tokens(settings, report.tokens if report else 0)


def _off(settings: Settings) -> CheckResult:
    host = public_host(settings)
    if is_loopback(host):
        return ok("authentication", "off, for every program of this machine")
    return warning(
        "authentication",
        f"off: everyone who reaches {host or 'this machine'} may do everything",
        f"Set {PREFIX}AUTH=auto, and create tokens: quantumtask token create NAME",
    )


def _tokens(settings: Settings, count: int) -> CheckResult:
    if count:
        return ok("authentication", f"requests need a token; {count} created so far")
    if settings.oidc_issuer:
        return ok("authentication", "requests need a token of the provider; no other exists")
    if settings.auth == AUTO and is_loopback(public_host(settings)):
        return ok("authentication", "off on loopback, until the first token is created")
    return problem(
        "authentication",
        "requests need a token, and none exists",
        "Create one: quantumtask token create NAME --role admin",
    )


def _provider(settings: Settings) -> CheckResult:
    """Fetch the keys as the API does, without the library that checks signatures."""
    issuer = settings.oidc_issuer
    try:
        check_openid(settings)
        about = _fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        count = len(_fetch(about["jwks_uri"])["keys"])
    except SettingsError as error:
        return problem("OpenID Connect", str(error), "The API does not start.")
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        advice = f"Check {PREFIX}OIDC_ISSUER and the way to it: ID tokens are refused until then."
        return problem("OpenID Connect", f"{issuer} does not return its keys: {error}", advice)
    return ok("OpenID Connect", f"{issuer} returns its keys: {count}")


def _fetch(url: str) -> Any:
    with urlopen(url, timeout=_FETCH_S) as answer:  # `oidc_issuer` is https, or on this machine
        return json.load(answer)
