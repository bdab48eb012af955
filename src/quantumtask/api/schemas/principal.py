"""Models of the sender of a request, and of the provider that knows it."""

from pydantic import BaseModel, ConfigDict, Field

from quantumtask.shared.principal import Role


class PrincipalView(BaseModel):
    """The sender of the request: the principal of its token."""

    name: str = Field(description="The owner of the tasks that the principal submits.")
    project: str
    role: Role


class LoginView(BaseModel):
    """The provider of OpenID Connect whose ID tokens are accepted; null without one."""

    issuer: str | None = Field(description="URL of the provider.")
    client_id: str | None = Field(description="Id of this service at the provider.")


class LoginRequest(BaseModel):
    """A login of a browser."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"token": "qt_..."}]}
    )

    token: str = Field(
        min_length=1, max_length=16_384, description="A token (`qt_...`), or an ID token."
    )


class SessionView(BaseModel):
    """The sender of the request, and the ways to log in."""

    authentication: bool = Field(description="Requests need a token or a session.")
    openid: bool = Field(description="People log in at a provider: `GET /login/openid`.")
    principal: PrincipalView | None = Field(description="The sender; null: it has to log in.")
    expires_at: str | None = Field(
        description="The end of the session; null: the request has no session."
    )
