"""Models of `/tokens`: a list of tokens, and a new one."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from quantumtask.api.schemas.requests import LabelField
from quantumtask.api.serialization.task_json import format_time
from quantumtask.shared.principal import PROJECT, Role
from quantumtask.shared.task import DEFAULT_PROJECT
from quantumtask.shared.tokens import AccessToken

MAX_DAYS = 36_500.0


class TokenRequest(BaseModel):
    """A token to create."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "ada", "project": "physics", "role": "user", "lifetime_days": 90}]
        },
    )

    name: LabelField = Field(description="The owner of the tasks that the principal submits.")
    project: str = Field(DEFAULT_PROJECT, pattern=f"^{PROJECT}$")
    role: Role = Role.USER
    lifetime_days: float | None = Field(
        None, gt=0, le=MAX_DAYS, allow_inf_nan=False, description="null: it does not expire."
    )


class TokenView(BaseModel):
    """A token, without its secret part."""

    prefix: str = Field(description="The first characters of the token, by which it is revoked.")
    name: str
    project: str
    role: Role
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    valid: bool


class TokenList(BaseModel):
    """All tokens that were ever created, the newest first."""

    tokens: list[TokenView]


class NewTokenView(TokenView):
    """A new token; its text is shown this once, because only its hash is stored."""

    token: str


def token_view(token: AccessToken, now: float) -> TokenView:
    """Return a token as it is shown."""
    return TokenView(
        prefix=token.prefix,
        name=token.name,
        project=token.project,
        role=Role(token.role),
        created_at=str(format_time(token.created_at)),
        expires_at=format_time(token.expires_at),
        revoked_at=format_time(token.revoked_at),
        valid=token.is_valid(now),
    )


def token_list(tokens: Sequence[AccessToken], now: float) -> TokenList:
    """Return the list of tokens."""
    return TokenList(tokens=[token_view(each, now) for each in reversed(tokens)])
