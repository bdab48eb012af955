"""`quantumtask doctor` on the variables that lead the clients of other clouds here."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from quantumtask.cli.client_variables import CLIENT_VARIABLES
from quantumtask.cli.doctor import clients
from quantumtask.cli.doctor.check_result import CheckResult, Level
from tests.support.command_line import quantumtask
from tests.support.secured_service import SecuredService
from tests.support.services import Service, free_port

ELSEWHERE = "https://cloud.example.org/v1"
NAMES = {
    n for each in CLIENT_VARIABLES.values() for n in (*each.of_service("", ""), *each.in_dotenv)
}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the developer's own clouds take part."""
    for name in NAMES & set(os.environ):
        monkeypatch.delenv(name)


def check(service: Service, values: Mapping[str, str]) -> list[CheckResult]:
    """Return the results on the doors that these variables are of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUANTUMTASK_URL", service.url)
        for name, value in values.items():
            patch.setenv(name, value)
        return [
            each for each in clients.check(service.settings) if "not led here" not in each.finding
        ]


def test_without_variables_one_line_says_how_to_set_them(service: Service) -> None:
    [result] = clients.check(service.settings)
    doors = ", ".join(CLIENT_VARIABLES)
    assert result.level is Level.OK
    assert result.finding == (f'not led here: {doors}; eval "$(quantumtask env DOOR)" does that')


def test_the_variables_of_every_door_lead_here_with_a_token_that_is_valid(
    secured: SecuredService,
) -> None:
    for door, variables in CLIENT_VARIABLES.items():
        values = variables.of_service(secured.url, secured.tokens["ada"])
        [result] = check(secured, values)
        assert result.level is Level.OK, result
        assert result.finding.startswith(f"{door}: "), result
        assert result.finding.endswith("lead here, and the service takes the token") or (
            result.finding.endswith("leads here, and the service takes the token")
        ), result


def test_a_token_that_the_service_refuses_is_a_problem_and_not_shown(
    secured: SecuredService,
) -> None:
    for variables in CLIENT_VARIABLES.values():
        values = variables.of_service(secured.url, "qt_of-nobody")
        [result] = check(secured, values)
        [first, *_] = [name for name, value in values.items() if value == "qt_of-nobody"]
        assert result.level is Level.PROBLEM
        assert f"refuses the token of {first}" in result.finding
        assert "of-nobody" not in result.finding


def test_each_variable_that_is_missing_is_named(service: Service) -> None:
    for door, variables in CLIENT_VARIABLES.items():
        values = dict(variables.of_service(service.url, "any"))
        for name in values:
            rest = {other: value for other, value in values.items() if other != name}
            if not any(service.url in value for value in rest.values()):
                continue  # then nothing leads here
            warnings = [each for each in check(service, rest) if each.level is Level.WARNING]
            names = [name in each.finding for each in warnings]
            assert names == [True] * (name not in variables.optional), (door, name, warnings)


def test_each_address_that_leads_elsewhere_is_a_conflict(service: Service) -> None:
    for door, variables in CLIENT_VARIABLES.items():
        values = variables.of_service(service.url, "any")
        addresses = [name for name, value in values.items() if service.url in value]
        for name in addresses:
            results = check(service, {**values, name: ELSEWHERE})
            if len(addresses) == 1:
                [result] = results
                assert (result.level, "which is not this service" in result.finding) == (
                    Level.OK,
                    True,
                )
                continue
            [result] = results
            assert result.level is Level.PROBLEM, (door, name)
            assert f"{name} leads to {ELSEWHERE}" in result.finding


def test_other_variables_that_lead_a_client_away_are_conflicts_without_their_values(
    service: Service,
) -> None:
    cases = {
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "braket",
        "QBRAID_ACCESS_TOKEN": "qbraid",
        "QBRAID_CONFIG_FILE": "qbraid",
    }
    for name, door in cases.items():
        values = CLIENT_VARIABLES[door].of_service(service.url, "any")
        [result] = check(service, {**values, name: "a-secret"})
        assert result.level is Level.PROBLEM
        assert f"{name} can lead a client elsewhere" in result.finding
        assert "a-secret" not in result.finding


def test_variables_of_another_service_or_cloud_are_reported_and_no_problem(
    service: Service,
) -> None:
    [result] = check(service, CLIENT_VARIABLES["ionq"].of_service("http://user:pw@lab:9", "any"))
    assert result.level is Level.OK
    assert result.finding == (
        "ionq: IONQ_API_URL leads to http://lab:9/v0.4, QISKIT_IONQ_API_URL leads to "
        "http://lab:9/v0.4, IONQ_REMOTE_HOST leads to http://lab:9, CIRQ_IONQ_REMOTE_HOST leads to "
        "http://lab:9, which is not this service"
    )


def test_a_file_dotenv_that_a_client_reads_first_is_a_problem(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("# mine\nexport IONQ_API_TOKEN = secret\nOTHER=1\n")
    [result] = check(service, CLIENT_VARIABLES["ionq"].of_service(service.url, "any"))
    assert result.level is Level.PROBLEM
    assert f"{tmp_path / '.env'} has IONQ_API_TOKEN, which a client reads first" in result.finding


def test_a_door_that_is_closed_and_a_service_that_is_gone_are_told_apart(start: Any) -> None:
    closed: Service = start(doors="none", slots=1)
    values = CLIENT_VARIABLES["qbraid"].of_service(closed.url, "any")
    [result] = check(closed, values)
    assert (result.level, "has the door qbraid closed" in result.finding) == (Level.PROBLEM, True)
    closed.stop()
    [result] = check(closed, values)
    assert (result.level, "no service answers" in result.finding) == (Level.WARNING, True)


def test_the_command_reports_variables_and_localhost_is_this_machine(tmp_path: Path) -> None:
    port = free_port()
    done = quantumtask(
        "doctor", "--data-dir", str(tmp_path / "data"), "--port", str(port),
        QBRAID_API_URL=f"http://localhost:{port}/qbraid/api/v1/",
    )  # fmt: skip
    assert "qbraid: QBRAID_API_URL leads here, but not set: QBRAID_API_KEY" in " ".join(
        done.stdout.split()
    )
