"""`quantumtask audit` shows who did what over HTTP and in the terminal."""

import getpass
import json
import socket
from typing import Any

import pytest

from tests.support.command_line import Run, quantumtask
from tests.support.secured_service import SecuredService
from tests.support.services import ENDLESS, until

CIRCUIT = {"circuit": ENDLESS}


def run(secured: SecuredService, *arguments: str) -> Run:
    return quantumtask(*arguments, QUANTUMTASK_DATA_DIR=str(secured.settings.data_dir))


def records(secured: SecuredService, *arguments: str) -> list[dict[str, Any]]:
    done = run(secured, "audit", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    listed: list[dict[str, Any]] = json.loads(done.stdout)["records"]
    return listed


def test_a_cancellation_over_http_is_recorded_with_principal_and_address(
    secured: SecuredService,
) -> None:
    ada, root = secured.as_principal("ada"), secured.as_principal("root")
    task_id = ada.post("/tasks", json=CIRCUIT).json()["task_id"]
    batch_id = ada.post("/batches", json={"tasks": [CIRCUIT] * 2}).json()["batch_id"]
    assert secured.as_principal("eve").post(f"/tasks/{task_id}/cancel").status_code == 404
    assert secured.as_principal("reader").post(f"/tasks/{task_id}/cancel").status_code == 403
    for _ in range(2):
        assert root.post(f"/tasks/{task_id}/cancel").is_success
        assert ada.post(f"/batches/{batch_id}/cancel").is_success
    listed = records(secured, "--action", "cancel", "--project", "physics")
    [task] = [each for each in listed if each["object_id"] == task_id]
    batches = [each for each in listed if each["object_id"] == batch_id]
    assert (task["principal_project"], task["principal"]) == ("default", "root")
    assert (task["address"], task["object_kind"]) == ("127.0.0.1", "task")
    assert (task["project"], task["outcome"]) == ("physics", "cancelled")
    assert {each["principal"] for each in batches} == {"ada"}
    assert sum(int(each["outcome"].split()[0]) for each in batches) == 2
    assert not [r for r in records(secured, "--principal", "eve") if r["object_id"] == task_id]


def test_an_operator_sees_tokens_and_limits_with_the_user_of_the_terminal(
    secured: SecuredService,
) -> None:
    prefix = run(secured, "token", "create", "guest", "--project", "lab").stdout[:11]
    run(secured, "token", "revoke", prefix)
    run(secured, "project", "set", "lab", "--max-running", "5")
    listed = records(secured, "--project", "lab")
    assert [(r["action"], r["object_id"]) for r in listed] == [
        ("set", "lab"),
        ("revoke", prefix),
        ("create", prefix),
    ]
    assert {r["principal"] for r in listed} == {getpass.getuser()}
    assert {r["address"] for r in listed} == {f"terminal of {socket.gethostname()}"}
    table = run(secured, "audit", "--project", "lab", "--since", "1h").stdout.splitlines()
    assert table[0].split()[:3] == ["time", "principal", "address"]
    assert "max_running: 5" in table[1]
    cut = run(secured, "audit", "--limit", "1")
    assert "more records than --limit 1" in cut.stderr
    assert run(secured, "audit", "--project", "none").stdout == "No action is on record.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "soon"], "--since: must be a number of days or hours"),
        (["--action", "rename"], "--action: must be one of create, revoke, set, cancel"),
    ],
)
def test_a_wrong_option_is_refused(
    secured: SecuredService, arguments: list[str], message: str
) -> None:
    refused = run(secured, "audit", *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert message in refused.stderr


def test_refused_requests_are_logged_at_a_bounded_rate(secured: SecuredService) -> None:
    def lines() -> list[dict[str, Any]]:
        texts = (path.read_text() for path in secured.folder.rglob("*.log"))
        parsed = (json.loads(x) for text in texts for x in text.splitlines() if x[:1] == "{")
        return [each for each in parsed if each["event"] == "request refused"]

    anonymous = secured.with_headers()
    before = len(lines())

    def most_are_left_out() -> bool:
        for _ in range(20):
            assert anonymous.get("/tasks").status_code == 401
        written = lines()[before:]
        return sum(line["left_out"] for line in written) > len(written)

    until(most_are_left_out, 60)
    last = lines()[-1]
    assert (last["status"], last["reason"]) == (401, "unauthenticated")
    assert (last["method"], last["address"]) == ("GET", "127.0.0.1")
