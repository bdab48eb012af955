"""Calls of IBM Cloud: a token (IAM), the instances, and their plans.

Each project has one instance, with the same name (CRN) for all: the token of a request says which
project it is.
"""

from urllib.parse import parse_qs

from fastapi import Request, Response

from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import get_principal, get_service
from quantumtask.api.service.authenticator import Credential
from quantumtask.doors.ibm.answers import json_response
from quantumtask.shared.errors import Forbidden, InvalidRequest, NotFound, Unauthenticated

INSTANCE = "crn:v1:bluemix:public:quantum-computing:us-east:a/quantumtask:local::"
"""The cloud resource name of the instance."""
INSTANCE_NAME = "quantumtask"
PLAN = "quantumtask-internal"
_GRANT = "urn:ibm:params:oauth:grant-type:apikey"


async def exchange_token(request: Request) -> Response:
    """Return a temporary token for a token, as IAM does for an API key."""
    async with open_body(request) as body:
        fields = _parse_form(body)
    [grant], [api_key] = (fields.get(name, [""])[:1] for name in ("grant_type", "apikey"))
    if grant != _GRANT:
        raise InvalidRequest(f"grant_type: must be {_GRANT}")
    authenticator = get_service(request).authenticator
    try:
        principal = await authenticator.identify(Credential(api_key), "apikey=")
    except (Unauthenticated, Forbidden) as error:  # as IAM does, whose clients know no 401
        raise InvalidRequest(f"apikey: {error.message}") from None
    issued = authenticator.temporary_tokens.issue(api_key, principal)
    return json_response(
        {
            "access_token": issued.text,
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": issued.expires_at - issued.issued_at,
            "expiration": issued.expires_at,
            "scope": "ibm openid",
        }
    )


def _parse_form(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode("latin-1"), max_num_fields=20)
    except ValueError:
        raise InvalidRequest("body: must be a form of at most 20 fields") from None


async def search_resources(request: Request) -> Response:
    """Return the instance of the sender."""
    instance = {
        "crn": INSTANCE,
        "name": INSTANCE_NAME,
        "service_plan_unique_id": PLAN,
        "tags": [get_principal(request).project.lower()],
        "doc": {"extensions": {"backends": "all"}},  # the clients skip instances without backends
    }
    return json_response({"items": [instance], "limit": 100})


async def answer_plan(request: Request) -> Response:
    """Return the plan of the instance, which costs nothing."""
    if request.path_params["plan_id"] != PLAN:
        raise NotFound("plan not found")
    return json_response(
        {
            "id": PLAN,
            "name": PLAN,
            "kind": "plan",
            "overview_ui": {"en": {"display_name": "Internal"}},
            "metadata": {"pricing": {"type": "free"}},
        }
    )
