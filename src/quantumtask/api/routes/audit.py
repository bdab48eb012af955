"""`GET /audit`: the audit log, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from quantumtask.api.http.query import RawJsonResponse, get_principal, get_service
from quantumtask.api.routes.openapi_parts import describe_responses
from quantumtask.api.routes.parameters import KNOWN_QUERY, Cursor, Limit
from quantumtask.api.routes.refusals import STORE_UNAVAILABLE
from quantumtask.api.routes.task_examples import ID, SUBMITTED_AT
from quantumtask.api.schemas.audit import AuditAction, AuditPage, audit_page
from quantumtask.shared.audit import AuditRecord
from quantumtask.shared.errors import Forbidden
from quantumtask.shared.principal import Role

router = APIRouter()

PrincipalName = Annotated[
    str | None, Query(max_length=50, description="Only actions of this name.")
]
ActionFilter = Annotated[AuditAction | None, Query(description="Only this action.")]
SinceTime = Annotated[
    float,
    Query(
        ge=0,
        le=1e11,
        allow_inf_nan=False,
        description="Only actions at this time, in seconds since 1970, or later.",
    ),
]

_EXAMPLE = AuditRecord(
    SUBMITTED_AT, "ada", "physics", "10.0.0.7", "cancel", "task", ID, "physics",
    "cancelled", 41,
)  # fmt: skip
_NO_ADMINISTRATOR = "the audit log is for administrators: use a token of the role admin"


@router.get(
    "/audit",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Get the audit log",
    response_class=Response,
    responses=describe_responses(
        {"page": audit_page([_EXAMPLE], limit=1).model_dump()},
        AuditPage,
        (400, "invalid_request", "limit: input should be less than or equal to 100"),
        (403, "forbidden", _NO_ADMINISTRATOR),
        STORE_UNAVAILABLE,
    ),
)
async def get_audit(
    request: Request,
    principal: PrincipalName = None,
    action: ActionFilter = None,
    since: SinceTime = 0.0,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """List cancellations, deletions, logins, and changes of tokens and limits, the newest first.

    For administrators alone. A record cannot be changed, nor removed before its lifetime is over.
    """
    if get_principal(request).role is not Role.ADMIN:
        raise Forbidden(_NO_ADMINISTRATOR)
    before = None if cursor is None else int(cursor)
    records = await get_service(request).reports.audit_records(
        since, principal, action, limit, before
    )
    return RawJsonResponse(audit_page(records, limit).model_dump_json())
