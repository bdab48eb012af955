"""Routes of tokens, for administrators: list, create, revoke."""

import time

from fastapi import APIRouter, Request, Response

from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import RawJsonResponse, get_principal, get_sender, get_service
from quantumtask.api.routes import service_examples
from quantumtask.api.routes.openapi_parts import describe_body, describe_responses
from quantumtask.api.routes.parameters import KNOWN_QUERY, TokenPrefix
from quantumtask.api.routes.refusals import INVALID_JSON, STORE_UNAVAILABLE, UNKNOWN_QUERY
from quantumtask.api.schemas.requests import parse_model, read_json
from quantumtask.api.schemas.tokens import (
    NewTokenView,
    TokenList,
    TokenRequest,
    TokenView,
    token_list,
    token_view,
)
from quantumtask.shared.errors import Forbidden
from quantumtask.shared.principal import Principal, Role

router = APIRouter()

_NO_ADMIN = "tokens are for administrators; your role is user"
_FORBIDDEN = (403, "forbidden", _NO_ADMIN)
_TOKEN_NOT_FOUND = (404, "token_not_found", "no valid token has these first characters")
_DAY_S = 86_400


@router.get(
    "/tokens",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="List tokens",
    response_class=Response,
    responses=describe_responses(
        service_examples.TOKENS, TokenList, UNKNOWN_QUERY, _FORBIDDEN, STORE_UNAVAILABLE
    ),
)
async def list_access_tokens(request: Request) -> Response:
    """List all tokens by their first characters, the newest first. For administrators."""
    _check_administrator(request)
    tokens = await get_service(request).tokens.list_all()
    return RawJsonResponse(token_list(tokens, time.time()).model_dump_json())


@router.post(
    "/tokens",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Create a token",
    response_class=Response,
    responses=describe_responses(
        service_examples.NEW_TOKEN,
        NewTokenView,
        UNKNOWN_QUERY,
        INVALID_JSON,
        _FORBIDDEN,
        STORE_UNAVAILABLE,
    ),
    openapi_extra=describe_body(TokenRequest),
)
async def create_access_token(request: Request) -> Response:
    """Create a token and return it, this once. For administrators.

    The first token is created in the terminal of the service, because from then on every request
    needs one.
    """
    _check_administrator(request)
    service = get_service(request)
    if not service.authenticator.is_required:
        raise Forbidden(
            "authentication is off: create the first token where the service runs, with "
            "`quantumtask token create NAME --role admin`; it turns authentication on"
        )
    async with open_body(request) as body:
        fields = parse_model(TokenRequest, read_json(body))
    lifetime_s = None if fields.lifetime_days is None else fields.lifetime_days * _DAY_S
    principal = Principal(fields.name, fields.project, fields.role)
    text, token = await service.tokens.create(principal, lifetime_s, get_sender(request))
    view = NewTokenView(**token_view(token, time.time()).model_dump(), token=text)
    answer = RawJsonResponse(view.model_dump_json())
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.delete(
    "/tokens/{prefix}",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Revoke a token",
    response_class=Response,
    responses=describe_responses(
        service_examples.REVOKED_TOKEN,
        TokenView,
        UNKNOWN_QUERY,
        _FORBIDDEN,
        _TOKEN_NOT_FOUND,
        STORE_UNAVAILABLE,
    ),
)
async def revoke_access_token(request: Request, prefix: TokenPrefix) -> Response:
    """Revoke one token: it is refused within 5 seconds, as its sessions are. For administrators."""
    _check_administrator(request)
    token = await get_service(request).tokens.revoke(prefix, get_sender(request))
    return RawJsonResponse(token_view(token, time.time()).model_dump_json())


def _check_administrator(request: Request) -> None:
    role = get_principal(request).role
    if role is not Role.ADMIN:
        raise Forbidden(f"tokens are for administrators; your role is {role}")
