"""`quantumtask token` creates, lists and revokes tokens; `--insecure` goes without them."""

import re
import shlex
from pathlib import Path

import httpx
import pytest

from quantumtask.shared.settings import Settings
from tests.support.command_line import Run, quantumtask
from tests.support.pages import page_commands
from tests.support.services import TLS, Process, free_port, until

TOKEN = re.compile(r"qt_[A-Za-z0-9_-]{43}")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def run(folder: str, *arguments: str) -> Run:
    return quantumtask("token", *arguments, QUANTUMTASK_DATA_DIR=folder)


def test_a_token_is_printed_once_and_alone(folder: str) -> None:
    created = run(folder, "create", "ada", "--project", "physics", "--expires", "90d")
    assert created.returncode == 0, created.stderr
    assert TOKEN.fullmatch(created.stdout.rstrip("\n"))
    assert "ada (user, project physics)" in created.stderr
    listed = run(folder, "list").stdout
    prefix = created.stdout[:11]
    [line] = [line for line in listed.splitlines() if line.startswith(prefix)]
    assert line.split()[1:4] == ["ada", "physics", "user"]
    assert line.endswith("valid")
    assert not TOKEN.search(listed)


def test_each_of_several_names_has_a_token_or_none_has(folder: str) -> None:
    created = run(folder, "create", "ada", "bob", "eve", "--project", "physics")
    assert created.returncode == 0, created.stderr
    tokens = dict(line.split("\t") for line in created.stdout.splitlines())
    assert list(tokens) == ["ada", "bob", "eve"]
    assert all(TOKEN.fullmatch(text) for text in tokens.values())
    assert "3 tokens (user, project physics)" in created.stderr
    listed = run(folder, "list").stdout
    assert [listed.count(text[:11]) for text in tokens.values()] == [1] * 3
    refused = run(folder, "create", "kim", "a" * 51)
    assert (refused.returncode, refused.stdout) == (2, "")
    repeated = run(folder, "create", "kim", "leo", "kim")
    assert (repeated.returncode, repeated.stdout) == (2, "")
    assert "name: 'kim' occurs twice; no token was created" in repeated.stderr
    assert "kim" not in run(folder, "list").stdout


def test_a_token_that_no_request_needs_is_created_with_a_warning(folder: str) -> None:
    off = {"QUANTUMTASK_DATA_DIR": folder, "QUANTUMTASK_AUTH": "off"}
    created = quantumtask("token", "create", "ada", **off)
    assert TOKEN.fullmatch(created.stdout.rstrip("\n"))
    assert "Warning: QUANTUMTASK_AUTH is off: no request needs a token" in created.stderr
    assert "Warning" not in run(folder, "create", "ada").stderr


def test_a_revoked_token_is_listed_as_revoked(folder: str) -> None:
    prefix = run(folder, "create", "ada").stdout[:11]
    run(folder, "create", "ada")
    revoked = run(folder, "revoke", prefix)
    assert revoked.stdout == f"{prefix} of ada (project default) is revoked.\n"
    assert run(folder, "list").stdout.count("revoked") == 1
    assert len(run(folder, "revoke", "ada").stdout.splitlines()) == 1, "the other one"
    again = run(folder, "revoke", "ada")
    assert (again.returncode, again.stdout) == (1, "")
    assert "no valid token has the name or the first characters 'ada'" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ada", "--expires", "soon"], "--expires: must be a number of days or hours"),
        (["ada", "--expires", "0d"], "--expires: must be a number of days or hours"),
        (["ada", "--project", "*"], "project: must be 1 to 50 letters"),
        ([" "], "name: must be 1 to 50 printable characters"),
        (["ada", "--role", "god"], "'god' is not one of"),
    ],
)
def test_a_wrong_argument_creates_no_token(folder: str, arguments: list[str], message: str) -> None:
    created = run(folder, "create", *arguments)
    assert (created.returncode, created.stdout) == (2, "")
    assert message in created.stderr
    assert run(folder, "list").stdout == "No token exists.\n"


@pytest.mark.parametrize("command", ["api", "up"])
def test_no_service_listens_for_others_before_a_token_exists(folder: str, command: str) -> None:
    ports = {"QUANTUMTASK_PORT": str(free_port()), "QUANTUMTASK_WORKER_PORT": str(free_port())}
    refused = quantumtask(command, "--host", "0.0.0.0", QUANTUMTASK_DATA_DIR=folder, **ports)
    assert refused.returncode == 2
    assert "no token exists. Create one: quantumtask token create NAME" in refused.stderr
    assert "--insecure" in refused.stderr


@pytest.mark.parametrize(("options", "status"), [([], 401), (["--insecure"], 200)])
def test_an_api_that_others_reach_requires_a_token_or_says_that_it_does_not(
    folder: str, tmp_path: Path, options: list[str], status: int
) -> None:
    run(folder, "create", "ada")
    port = free_port()
    arguments = ["-m", "quantumtask", "api", "--host", "0.0.0.0", "--port", str(port), *options]
    api = Process(arguments, {"QUANTUMTASK_DATA_DIR": folder}, tmp_path / "api.log")

    def answer(path: str) -> int:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", verify=TLS).status_code
        except httpx.TransportError:
            return 0

    try:
        until(lambda: answer("/health") == 200, 60, api.log.read_text)
        assert answer("/tasks") == status
        assert ("authentication is off" in api.log.read_text()) is (status == 200)
    finally:
        api.stop()


def test_no_container_that_others_reach_starts_before_a_token_exists(folder: str) -> None:
    for published in ("0.0.0.0:8000", "8000", "[::]:8000", "192.0.2.1:80"):
        container = {"QUANTUMTASK_DATA_DIR": folder, "QUANTUMTASK_PUBLISHED": published}
        refused = quantumtask("api", "--host", "0.0.0.0", **container)
        assert refused.returncode == 2
        message = "no token exists. Create one: docker compose run --rm api token create NAME"
        assert message in refused.stderr


@pytest.mark.parametrize(
    "addresses",
    [{}, {"QUANTUMTASK_HOST": "0.0.0.0", "QUANTUMTASK_PUBLISHED": "127.0.0.1:8000"}],
    ids=["process", "container"],
)
def test_the_first_token_closes_a_service_on_loopback(
    folder: str, tmp_path: Path, addresses: dict[str, str]
) -> None:
    """A proxy on the same machine may lead others to it."""
    port = free_port()
    environment = {"QUANTUMTASK_DATA_DIR": folder, "QUANTUMTASK_PORT": str(port), **addresses}
    api = Process(["-m", "quantumtask", "api"], environment, tmp_path / "api.log")
    url = f"http://127.0.0.1:{port}/tasks"

    def status() -> int:
        try:
            return httpx.get(url, verify=TLS).status_code
        except httpx.TransportError:
            return 0

    try:
        until(lambda: status() == 200, 60, api.log.read_text)
        prefix = run(folder, "create", "ada").stdout[:11]
        until(lambda: status() == 401, 10)
        run(folder, "revoke", prefix)
        run(folder, "create", "bob")
        assert status() == 401, "the end of a token does not open it again"
    finally:
        api.stop()


def test_up_runs_its_first_circuit_with_a_token_of_its_own(folder: str, tmp_path: Path) -> None:
    ports = {"QUANTUMTASK_PORT": str(free_port()), "QUANTUMTASK_WORKER_PORT": str(free_port())}
    environment = {"QUANTUMTASK_DATA_DIR": folder, "QUANTUMTASK_AUTH": "required", **ports}
    log = tmp_path / "up.log"
    up = Process(["-m", "quantumtask", "up", "--slots", "1"], environment, log)
    try:
        until(lambda: "Requests need a token" in log.read_text(), 120, log.read_text)
        assert "completed" in log.read_text()
        [line] = [
            line for line in run(folder, "list").stdout.splitlines() if "quantumtask up" in line
        ]
        assert "revoked" in line
    finally:
        status = up.stop()
    assert status == 0, "SIGTERM ends it"


def test_the_commands_of_the_page_of_security_work(folder: str) -> None:
    commands = page_commands("docs/security.md", "console")
    commands.remove("quantumtask login")  # at a provider: test_openid_login.py
    assert len(commands) == 5
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "quantumtask"
        done = quantumtask(*arguments, QUANTUMTASK_DATA_DIR=folder)
        assert done.returncode == 0, command


def test_the_settings_know_the_modes_of_authentication() -> None:
    assert Settings().auth == "auto"
    refused = quantumtask("token", "list", QUANTUMTASK_AUTH="on")
    assert refused.returncode == 2
    assert "QUANTUMTASK_AUTH must be one of auto, required, off; got 'on'" in refused.stderr
