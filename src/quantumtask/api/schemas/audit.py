"""The answer to `GET /audit`."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, Field

from quantumtask.api.serialization.task_json import format_time
from quantumtask.shared.audit import ACTIONS, AuditRecord

AuditAction = StrEnum("AuditAction", ACTIONS)  # type: ignore[misc]  # not literal
"""An action that is recorded, as a query parameter."""


class AuditRecordView(BaseModel):
    """An action of a principal, or of a user of the operator's terminal."""

    at: str = Field(description="Time of the action, in UTC.")
    principal: str = Field(description="The name of the principal, or of the user.")
    principal_project: str = Field(
        description="The project of the principal; empty for a user of the terminal."
    )
    address: str = Field(description="The address of the client, or the terminal's machine.")
    action: str = Field(description=f"One of {', '.join(ACTIONS)}.")
    object_kind: str = Field(description="task, batch, token, session or project.")
    object_id: str = Field(
        description="The id of the task or the batch, the prefix of the token or the session, or "
        "the project."
    )
    project: str = Field(description="The project of the object.")
    outcome: str = Field(description="The change that was made.")


class AuditPage(BaseModel):
    """Records of the audit log, the newest first."""

    records: list[AuditRecordView]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last one.")


def audit_page(records: Sequence[AuditRecord], limit: int) -> AuditPage:
    """Return a page of records; the cursor is the number of the last one."""
    views = [
        AuditRecordView.model_validate({**each._asdict(), "at": format_time(each.at)})
        for each in records
    ]
    cursor = str(records[-1].number) if len(records) == limit else None
    return AuditPage(records=views, next_cursor=cursor)
