"""The door of IBM Qiskit Runtime: credentials, backends."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import jwt
import pytest

from quantumtask.doors.ibm.cloud import INSTANCE
from quantumtask.shared.token_store import TokenStore
from tests.support.secured_service import PRINCIPALS, SecuredService
from tests.support.services import Service

GRANT = "urn:ibm:params:oauth:grant-type:apikey"
RUNTIME = "/ibm/experimental"


def exchange(http: httpx.Client, api_key: str, grant: str = GRANT) -> httpx.Response:
    fields = {"grant_type": grant, "apikey": api_key, "response_type": "cloud_iam"}
    return http.post("/ibm/iam/identity/token", data=fields)


def bearer(answer: httpx.Response) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}", "Service-CRN": INSTANCE}


@pytest.fixture
def anonymous(secured: SecuredService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=secured.url) as client:
        yield client


def test_a_temporary_token_leads_to_the_principal_of_the_token(
    secured: SecuredService, anonymous: httpx.Client
) -> None:
    for name in ("bob", "eve", "reader"):
        answer = exchange(anonymous, secured.tokens[name])
        assert answer.status_code == 200, answer.text
        search = anonymous.post("/ibm/gs/v3/resources/search", headers=bearer(answer)).json()
        assert search["items"][0]["crn"] == INSTANCE
        assert search["items"][0]["tags"] == [PRINCIPALS[name].project]
    answer = exchange(anonymous, secured.tokens["reader"])
    refused = anonymous.post(f"{RUNTIME}/jobs", headers=bearer(answer), json={})
    assert refused.status_code == 403


def test_a_temporary_token_has_the_times_that_the_client_reads(
    secured: SecuredService, anonymous: httpx.Client
) -> None:
    fields = exchange(anonymous, secured.tokens["bob"]).json()
    claims = jwt.decode(fields["access_token"], options={"verify_signature": False})
    assert claims["exp"] == fields["expiration"] == claims["iat"] + fields["expires_in"]
    assert 3500 < claims["exp"] - time.time() <= 3600
    assert secured.tokens["bob"] not in str(claims)


def test_a_revoked_token_ends_its_temporary_tokens(
    secured: SecuredService, anonymous: httpx.Client
) -> None:
    store = TokenStore(secured.settings)
    token, row = store.create_token(PRINCIPALS["bob"])
    headers = bearer(exchange(anonymous, token))
    assert anonymous.get(f"{RUNTIME}/backends", headers=headers).status_code == 200
    store.revoke_tokens(row.prefix, "*")
    store.close()
    deadline = time.monotonic() + 20
    while anonymous.get(f"{RUNTIME}/backends", headers=headers).status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.parametrize("api_key", ["", "qt_unknown", "qt_" + 43 * "x", "x" * 5000])
def test_an_unknown_token_is_not_exchanged(anonymous: httpx.Client, api_key: str) -> None:
    answer = exchange(anonymous, api_key)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("apikey: "), answer.text


def test_another_grant_is_refused(anonymous: httpx.Client) -> None:
    answer = exchange(anonymous, "x", grant="password")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400, f"grant_type: must be {GRANT}",
    )  # fmt: skip
    assert anonymous.post("/ibm/iam/identity/token", content=b"&" * 10_000).status_code == 400


def forged(secured: SecuredService) -> list[str]:
    now = int(time.time())
    claims: dict[str, Any] = {"iss": "quantumtask", "sub": "bob", "iat": now, "exp": now + 600}
    claims["token"] = secured.tokens["bob"][:11]
    rights = {"project": "default", "role": "admin"}
    secret = "s" * 64
    return [
        jwt.encode(claims, secret, "HS256"),
        jwt.encode({**claims, **rights}, secret, "HS512"),
        jwt.encode(claims, "", "none"),
        "a.b.c",
        "..",
        secured.tokens["bob"],  # as `apikey` alone
    ]


def test_a_forged_temporary_token_opens_nothing(
    secured: SecuredService, anonymous: httpx.Client
) -> None:
    for text in forged(secured):
        headers = {"Authorization": f"Bearer {text}"}
        answer = anonymous.get(f"{RUNTIME}/backends", headers=headers)
        assert answer.status_code == 401, text
        assert "temporary token is not valid" in answer.json()["message"]


def test_a_temporary_token_opens_no_other_route(
    secured: SecuredService, anonymous: httpx.Client
) -> None:
    headers = bearer(exchange(anonymous, secured.tokens["bob"]))
    for path in ("/tasks", "/v0.4/jobs", "/qbraid/api/v1/jobs"):
        assert anonymous.get(path, headers=headers).status_code == 401, path


def test_with_authentication_off_any_api_key_is_exchanged(service: Service) -> None:
    for api_key in ("", "anything", "a.b.c"):
        headers = bearer(exchange(service.http, api_key))
        assert service.http.get(f"{RUNTIME}/backends", headers=headers).status_code == 200


def test_earlier_clients_get_the_names_of_the_backends_alone(service: Service) -> None:
    old = service.http.get(f"{RUNTIME}/backends", headers={"IBM-API-Version": "2024-01-01"})
    new = service.http.get(f"{RUNTIME}/backends", headers={"IBM-API-Version": "2026-04-15"})
    assert old.json()["devices"] == [each["name"] for each in new.json()["devices"]]
    assert "simulator" in old.json()["devices"]
    assert service.http.get(f"{RUNTIME}/backends/fake_manila/defaults").json() == {}


def test_a_backend_says_that_it_measures_within_circuits(service: Service) -> None:
    for name in ("simulator", "fake_manila"):
        configuration = service.http.get(f"{RUNTIME}/backends/{name}/configuration").json()
        assert configuration["multi_meas_enabled"], name


def test_a_backend_has_one_calibration_whose_id_is_its_day(service: Service) -> None:
    path = f"{RUNTIME}/backends/fake_manila"
    day = service.http.get("/backends/fake_manila").json()["calibrated"]
    for name in ("configuration", "properties"):
        right = service.http.get(f"{path}/{name}", params={"calibration_id": day})
        wrong = service.http.get(f"{path}/{name}", params={"calibration_id": "2020-02-30"})
        assert (right.status_code, wrong.status_code) == (200, 404)
        assert f"has {day}" in wrong.json()["message"]
    before = service.http.get(f"{path}/properties", params={"updated_before": "2000-01-01"})
    assert before.json() == {}
    wrong = service.http.get(f"{path}/properties", params={"updated_before": "yesterday"})
    assert wrong.status_code == 400
    assert service.http.get(f"{RUNTIME}/backends/simulator/properties").json() == {}
    assert service.http.get(f"{RUNTIME}/backends/fake/status").status_code == 404
