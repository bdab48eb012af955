"""Tokens and logins that `quantumtask login` has stored for the user, each for one service."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any


@dataclass(frozen=True)
class Login:
    """A login at a provider of OpenID Connect, for one service.

    Attributes:
        issuer: URL of the provider.
        client_id: Id of the service at the provider.
        id_token: Token that the service accepts; it ends soon.
        refresh_token: Secret for the next ID token; None: the person must log in again.
    """

    issuer: str
    client_id: str
    id_token: str
    refresh_token: str | None


def credentials_file() -> Path:
    """Return the file of stored tokens, in the folder of the user's configuration (XDG)."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "quantumtask" / "tokens.json"


def load_credential(url: str) -> str | Login | None:
    """Return the token or login that is stored for the service at a URL; None if there is none."""
    value = _read().get(url.rstrip("/"))
    if isinstance(value, dict):
        with suppress(TypeError):  # of another version
            return Login(**value)
        return None
    return None if value is None else str(value)


def store_token(url: str, token: str) -> None:
    """Store the token for the service at a URL, in a file that only this user can read.

    Raises:
        OSError: The file cannot be written.
    """
    _write({**_read(), url.rstrip("/"): token})


def store_login(url: str, login: Login) -> None:
    """Store the login for the service at a URL, as `store_token` does."""
    _write({**_read(), url.rstrip("/"): asdict(login)})


def remove_token(url: str) -> bool:
    """Remove what is stored for a service; return False if there is nothing."""
    tokens = _read()
    if tokens.pop(url.rstrip("/"), None) is None:
        return False
    _write(tokens)
    return True


@contextmanager
def lock() -> Iterator[None]:
    """Let only one process of this user refresh its logins, where the system has such locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    file = credentials_file().with_suffix(".lock")
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600)) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _read() -> dict[str, Any]:
    """Return URL -> token or login; nothing for a file that is missing or is not one of tokens."""
    with suppress(OSError, ValueError, RuntimeError):  # RuntimeError: the user has no home folder
        tokens = json.loads(credentials_file().read_text())
        if isinstance(tokens, dict):
            return {str(url): value for url, value in tokens.items()}
    return {}


def _write(tokens: Mapping[str, Any]) -> None:
    """Replace the file in one step, so that no reader finds half of it."""
    file = credentials_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
        json.dump(tokens, new, indent=2)
    Path(new.name).replace(file)
