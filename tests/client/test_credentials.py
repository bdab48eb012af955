"""Tokens of the client: `quantumtask login` stores them, for one service and one user."""

import json
import pickle
from pathlib import Path

import pytest

from quantumtask import Client
from quantumtask.client import ServiceError
from quantumtask.client.credentials import credentials_file, load_credential, store_token
from tests.support.command_line import Run, quantumtask
from tests.support.secured_service import SecuredService
from tests.support.services import BELL

URL = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without stored tokens."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("QUANTUMTASK_TOKEN", raising=False)
    return tmp_path


def login(service: SecuredService, home: Path, token: str) -> Run:
    return quantumtask("login", url=service.url, stdin=token + "\n", XDG_CONFIG_HOME=str(home))


def test_only_the_user_can_read_the_file_of_tokens() -> None:
    store_token(URL, "qt_a")
    store_token(URL + "1", "qt_b")
    assert credentials_file().stat().st_mode & 0o777 == 0o600
    assert credentials_file().parent.stat().st_mode & 0o077 == 0
    assert json.loads(credentials_file().read_text()) == {URL: "qt_a", URL + "1": "qt_b"}
    assert [file.name for file in credentials_file().parent.iterdir()] == ["tokens.json"]


@pytest.mark.parametrize("content", ["", "no json", "[]", "\0"])
def test_a_damaged_file_is_as_none(content: str) -> None:
    assert load_credential(URL) is None
    credentials_file().parent.mkdir()
    credentials_file().write_text(content)
    assert load_credential(URL) is None
    store_token(URL, "qt_a")
    assert load_credential(URL + "/") == "qt_a"


def test_every_client_uses_the_token_of_a_login(secured: SecuredService, home: Path) -> None:
    with Client(secured.url) as client, pytest.raises(ServiceError, match="a token is required"):
        client.submit(BELL)
    done = login(secured, home, secured.tokens["ada"])
    assert done.stdout == f"{secured.url}: you are ada, with the role user in project physics.\n"
    with Client(secured.url) as client:
        task = client.submit(BELL)
        assert task.result().counts
        assert client.principal()["name"] == "ada"
        assert secured.tokens["ada"].encode() not in pickle.dumps(task)
    listed = quantumtask("list", "--json", url=secured.url, XDG_CONFIG_HOME=str(home))
    assert task.id in {each["task_id"] for each in json.loads(listed.stdout)["tasks"]}
    out = quantumtask("logout", url=secured.url, XDG_CONFIG_HOME=str(home))
    assert out.returncode == 0
    assert load_credential(secured.url) is None
    again = quantumtask("logout", url=secured.url, XDG_CONFIG_HOME=str(home))
    assert (again.returncode, again.stderr) == (
        1,
        f"quantumtask: no token is stored for {secured.url}.\n",
    )


def test_the_variable_has_priority_over_a_login(
    secured: SecuredService, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(secured, home, secured.tokens["ada"])
    monkeypatch.setenv("QUANTUMTASK_TOKEN", secured.tokens["eve"])
    with Client(secured.url) as client:
        assert client.principal()["name"] == "eve"
    with Client(secured.url, secured.tokens["root"]) as client:
        assert client.principal()["role"] == "admin"


def test_a_stored_token_is_sent_to_no_other_service(secured: SecuredService, home: Path) -> None:
    login(secured, home, secured.tokens["ada"])
    other = secured.url.replace("127.0.0.1", "localhost")
    with Client(other) as client, pytest.raises(ServiceError, match="a token is required"):
        client.principal()


@pytest.mark.parametrize(
    ("token", "status", "message"),
    [("qt_" + "a" * 43, 3, "the token is not valid"), ("", 2, "a token has only letters")],
    ids=["unknown", "empty"],
)
def test_a_wrong_token_is_not_stored(
    secured: SecuredService, home: Path, token: str, status: int, message: str
) -> None:
    done = login(secured, home, token)
    assert done.returncode == status
    assert message in done.stderr
    assert load_credential(secured.url) is None
