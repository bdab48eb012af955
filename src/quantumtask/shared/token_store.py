"""The Store of tokens: the operator creates and revokes them, the API reads them."""

from quantumtask.shared.audit import LOCAL_SENDER, Sender
from quantumtask.shared.audit_store import AuditStore
from quantumtask.shared.principal import Principal, check_name, check_project
from quantumtask.shared.tokens import AccessToken, hash_of, new_secret, prefix_of


class TokenStore(AuditStore):
    """The Store with the methods of tokens."""

    def create_token(
        self,
        principal: Principal,
        lifetime_s: float | None = None,
        sender: Sender = LOCAL_SENDER,
    ) -> tuple[str, AccessToken]:
        """Store a new token of a principal.

        Args:
            principal: The name, project and role of the token.
            lifetime_s: Seconds until the token expires; None: it does not.
            sender: The author, for the audit log.

        Returns:
            The text of the token, which is stored nowhere, and its row.

        Raises:
            ValueError: the name or the project is not valid.
        """
        check_name(principal.name)
        check_project(principal.project)
        text = new_secret()
        with self.transaction():
            [token] = self._select(
                AccessToken,
                "insert_token",
                prefix=prefix_of(text),
                hash=hash_of(text),
                name=principal.name,
                project=principal.project,
                role=str(principal.role),
                lifetime_s=lifetime_s,
            )
            outcome = f"{token.role} {token.name}"
            self._audit(sender, "create", "token", token.prefix, token.project, outcome)
        return text, token

    def tokens(self) -> list[AccessToken]:
        """Return all tokens that were ever created, the oldest first."""
        return self._select(AccessToken, "list_tokens")

    def revoke_tokens(
        self, name: str, project: str, sender: Sender = LOCAL_SENDER
    ) -> list[AccessToken]:
        """Revoke the token with this prefix, or all tokens of this name in a project.

        Args:
            name: The prefix or the name.
            project: The project of the tokens, or ALL_PROJECTS.
            sender: The author, for the audit log.

        Returns:
            The tokens that were revoked now.
        """
        with self.transaction():
            values = {"prefix": name, "name": name, "project": project}
            revoked = self._select(AccessToken, "revoke_tokens", **values)
            for token in revoked:
                outcome = f"{token.role} {token.name}"
                self._audit(sender, "revoke", "token", token.prefix, token.project, outcome)
        return revoked
