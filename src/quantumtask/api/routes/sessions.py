"""Routes for browsers: logging in with a token or at a provider, logging out, and who one is."""

import logging
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from quantumtask.api.http.authentication import (
    OPENID_CALLBACK_PATH,
    OPENID_LOGIN_PATH,
    PAGE_HEADER,
    SESSION_COOKIES,
    SESSION_PATH,
    check_page,
    credential_of,
)
from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import RawJsonResponse, get_service
from quantumtask.api.routes import service_examples
from quantumtask.api.routes.openapi_parts import (
    describe_body,
    describe_parameter,
    describe_responses,
)
from quantumtask.api.routes.parameters import KNOWN_QUERY
from quantumtask.api.routes.refusals import INVALID_JSON, STORE_UNAVAILABLE, UNKNOWN_QUERY
from quantumtask.api.schemas.principal import LoginRequest, PrincipalView, SessionView
from quantumtask.api.schemas.requests import parse_model, read_json
from quantumtask.api.serialization.task_json import format_time
from quantumtask.api.service.authenticator import TOKEN_INVALID, Credential
from quantumtask.shared.errors import (
    Forbidden,
    QuantumTaskError,
    RateExceeded,
    Unauthenticated,
)
from quantumtask.shared.sessions import SESSION_S

log = logging.getLogger(__name__)

router = APIRouter()

_LOGIN_COOKIES = ("__Host-quantumtask-login", "quantumtask-login")
_LOGIN_S = 600
"""Time that a person has to log in at the provider, in seconds."""

_PAGE_PARAMETER = describe_parameter(
    "header", PAGE_HEADER, "Any text: with it, the request is none of another site's page.",
    type="string",
)  # fmt: skip
_NO_HEADER = (403, "forbidden", f"{PAGE_HEADER}: a request of a browser's session …")
_WRONG_TOKEN = (401, "unauthenticated", TOKEN_INVALID)
_TOO_MANY = (429, "rate_exceeded", "too many logins: wait for some seconds")


@router.get(
    SESSION_PATH,
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Get your session",
    response_class=Response,
    responses=describe_responses(
        service_examples.SESSIONS, SessionView, UNKNOWN_QUERY, STORE_UNAVAILABLE
    ),
)
async def get_session(request: Request) -> Response:
    """Return the sender of the request, or how to log in. Needs no token."""
    return _session_response(await _view(request, credential_of(request.scope)))


@router.post(
    SESSION_PATH,
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Log in",
    response_class=Response,
    responses=describe_responses(
        service_examples.SESSIONS, SessionView, UNKNOWN_QUERY, INVALID_JSON, _WRONG_TOKEN,
        _NO_HEADER, _TOO_MANY, STORE_UNAVAILABLE,
    ),
    openapi_extra={**describe_body(LoginRequest), "parameters": [_PAGE_PARAMETER]},
)  # fmt: skip
async def log_in(request: Request) -> Response:
    """Begin a session: the answer has a cookie for the browser, which scripts cannot read.

    The session ends after 8 hours, with the token, or by `DELETE /session`. Programs send their
    token with each request instead.
    """
    check_page(request.scope)
    async with open_body(request) as body:
        token = parse_model(LoginRequest, read_json(body)).token
    service = get_service(request)
    if not service.authenticator.is_required:
        return _session_response(await _view(request, Credential(None)))
    text, session = await service.logins.log_in(token.strip(), _address(request))
    answer = _session_response(await _view(request, Credential(None, text)))
    _set_cookie(answer, request, SESSION_COOKIES, text, int(SESSION_S), "Strict")
    log.info("logged in", extra={"principal": session.name, "project": session.project})
    return answer


@router.delete(
    SESSION_PATH,
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Log out",
    response_class=Response,
    responses=describe_responses(
        service_examples.SESSIONS, SessionView, UNKNOWN_QUERY, _NO_HEADER, STORE_UNAVAILABLE
    ),
    openapi_extra={"parameters": [_PAGE_PARAMETER]},
)
async def log_out(request: Request) -> Response:
    """End the session of the cookie, at once and for good. Without a session nothing happens."""
    check_page(request.scope)
    if text := credential_of(request.scope).session:
        await get_service(request).logins.log_out(text, _address(request))
    answer = _session_response(await _view(request, Credential(None)))
    _remove_cookie(answer, SESSION_COOKIES, "Strict")
    return answer


@router.get(OPENID_LOGIN_PATH, include_in_schema=False)
async def begin_openid_login(request: Request) -> Response:
    """Send the browser to the provider's page for logins."""
    openid = get_service(request).logins.openid
    if openid is None:
        return _back_to_page("no_provider")
    try:
        url, secret = await openid.begin(_callback_url(request))
    except QuantumTaskError as error:
        log.warning("login refused", extra={"reason": error.message})
        return _failed_login(error)
    answer = _redirect(url)
    _set_cookie(answer, request, _LOGIN_COOKIES, secret, _LOGIN_S, "Lax")
    return answer


@router.get(OPENID_CALLBACK_PATH, include_in_schema=False)
async def finish_openid_login(request: Request) -> Response:
    """Take the code of the provider, begin a session and send the browser to the page."""
    query, logins = request.query_params, get_service(request).logins
    secret = next((request.cookies[n] for n in _LOGIN_COOKIES if n in request.cookies), "")
    if "code" not in query:
        return _back_to_page("refused")
    try:
        text, session = await logins.finish_openid(
            query["code"], query.get("state", ""), secret, _callback_url(request), _address(request)
        )
    except QuantumTaskError as error:
        return _failed_login(error)
    answer = _redirect("/")
    _set_cookie(answer, request, SESSION_COOKIES, text, int(SESSION_S), "Strict")
    _remove_cookie(answer, _LOGIN_COOKIES, "Lax")
    log.info("logged in", extra={"principal": session.name, "project": session.project})
    return answer


def _failed_login(error: QuantumTaskError) -> Response:
    codes = {Unauthenticated: "failed", Forbidden: "no_rights", RateExceeded: "too_many"}
    return _back_to_page(codes.get(type(error), "unavailable"))


def _back_to_page(code: str) -> Response:
    """Return a redirect to the page's login; `code` is one of the words that the page explains."""
    return _redirect(f"/#/login?{urlencode({'error': code})}")


def _redirect(url: str) -> Response:
    return RedirectResponse(
        url, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )


async def _view(request: Request, credential: Credential) -> SessionView:
    authenticator = get_service(request).authenticator
    principal = None
    try:
        sender = await authenticator.identify(credential)
        principal = PrincipalView(name=sender.name, project=sender.project, role=sender.role)
    except (Unauthenticated, Forbidden):
        pass
    session = authenticator.find_session(credential.session or "") if principal else None
    return SessionView(
        authentication=authenticator.is_required,
        openid=authenticator.id_tokens is not None,
        principal=principal,
        expires_at=format_time(session.expires_at) if session else None,
    )


def _session_response(view: SessionView) -> Response:
    answer = RawJsonResponse(view.model_dump_json())
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _set_cookie(
    answer: Response, request: Request, names: tuple[str, str], text: str, age_s: int, site: str
) -> None:
    """Add a cookie that scripts cannot read, by the first name over HTTPS, else by the second."""
    secure = _is_https(request)
    parts = (f"{names[0] if secure else names[1]}={text}", f"Max-Age={age_s}", "Path=/",
             "HttpOnly", f"SameSite={site}", *(["Secure"] if secure else []))  # fmt: skip
    answer.headers.append("Set-Cookie", "; ".join(parts))


def _remove_cookie(answer: Response, names: tuple[str, str], site: str) -> None:
    for name, secure in zip(names, ("; Secure", ""), strict=True):
        cookie = f"{name}=; Max-Age=0; Path=/; HttpOnly; SameSite={site}{secure}"
        answer.headers.append("Set-Cookie", cookie)


def _is_https(request: Request) -> bool:
    """Return True if the browser uses HTTPS, as the proxy before the service says, or the browser.

    A false header harms its sender alone: it decides about the cookie in the answer.
    """
    headers = request.headers
    return (
        request.url.scheme == "https"
        or headers.get("x-forwarded-proto", "").strip().lower() == "https"
        or headers.get("origin", "").lower().startswith("https://")
    )


def _callback_url(request: Request) -> str:
    """Return the address of the second step. The provider accepts none that it does not know."""
    scheme = "https" if _is_https(request) else "http"
    return f"{scheme}://{request.headers.get('host', '')}{OPENID_CALLBACK_PATH}"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
