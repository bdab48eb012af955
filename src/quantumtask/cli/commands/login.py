"""Commands that store a token or a login for a service, and remove it."""

import sys
from collections.abc import Callable
from getpass import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from quantumtask.cli.commands import options as ask
from quantumtask.cli.commands.terminal import exit_with, open_client

if TYPE_CHECKING:
    from quantumtask.client import Client
    from quantumtask.client.credentials import Login

DeviceOption = Annotated[
    bool | None,
    typer.Option(
        "--device/--token",
        help="Log in with a browser, or read a token. "
        "[default: a browser, at a terminal, if the service has a provider of OpenID Connect]",
        show_default=False,
    ),
]


def login(url: ask.UrlOption = None, device: DeviceOption = None) -> None:
    """Store a token or a login for the service, in a file that only you can read.

    Clients then send it. With OpenID Connect, you confirm the login in a browser, on any machine.
    A token is read from the terminal, or from standard input.
    """
    from quantumtask.client.credentials import store_login, store_token

    with open_client(url) as service:
        address = service.url
        use_device = _has_provider(service) if device is None else device
        if use_device:
            confirmed = _log_in(service)
            _store(url, confirmed.id_token, lambda: store_login(address, confirmed))
            return
    token = _read_token()
    _store(url, token, lambda: store_token(address, token))


def _has_provider(service: "Client") -> bool:
    """Return True if a person at the terminal can use a browser; a script sends a token."""
    return sys.stdin.isatty() and service.login_provider() is not None


def _log_in(service: "Client") -> "Login":
    """Show the address and the code, and wait until the person has confirmed the login."""
    from quantumtask.cli.render.style import printable
    from quantumtask.client import openid

    about = service.login_provider()
    if about is None:
        exit_with(f"{service.url} has no provider of OpenID Connect: use --token.", 3)
    provider = openid.discover(*about)
    code = openid.request_code(provider)
    print(f"Open {printable(code.url)} in a browser, on any machine.")
    print(f"Enter the code {printable(code.user_code)} and confirm the login.", flush=True)
    return openid.wait_for_login(provider, code)


def _read_token() -> str:
    token = (getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not token.isascii() or not token.isprintable() or not token:
        exit_with("a token has only letters, digits, dashes and underscores, as in qt_...", 2)
    return token


def _store(url: str | None, token: str, store: Callable[[], None]) -> None:
    """Store what the service accepts, and say who the user is."""
    from quantumtask.client.credentials import credentials_file

    with open_client(url, token) as service:
        principal = service.principal()
        address = service.url
    try:
        store()
    except OSError as error:
        exit_with(f"{credentials_file()} cannot be written: {error.strerror}.", 2)
    role, project = principal["role"], principal["project"]
    print(f"{address}: you are {principal['name']}, with the role {role} in project {project}.")


def logout(url: ask.UrlOption = None) -> None:
    """Remove the stored token of the service; it stays valid until the operator revokes it."""
    from quantumtask.client import Client
    from quantumtask.client.credentials import remove_token

    with Client(url) as client:
        if not remove_token(client.url):
            exit_with(f"no token is stored for {client.url}.", 1)
        print(f"The token for {client.url} is removed from this machine.")
