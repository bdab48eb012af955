"""The Store of sessions: logins of browsers, read with the tokens by which they were made."""

from quantumtask.shared.audit import LOCAL_SENDER, Sender
from quantumtask.shared.principal import ALL_PROJECTS, Principal
from quantumtask.shared.sessions import MAX_SESSIONS, SESSION_MARK, SESSION_S, Session
from quantumtask.shared.token_store import TokenStore
from quantumtask.shared.tokens import AccessToken, hash_of, new_secret, prefix_of


class SessionStore(TokenStore):
    """The Store with the methods of sessions."""

    def create_session(
        self,
        principal: Principal,
        token: str | None,
        lifetime_s: float = SESSION_S,
        address: str = "",
    ) -> tuple[str, Session]:
        """Store a new session of a principal; remove the oldest beyond MAX_SESSIONS.

        Args:
            principal: The principal who logs in.
            token: The prefix of the principal's token; None: an ID token.
            lifetime_s: Seconds until the session ends.
            address: The address of the browser, for the audit log.

        Returns:
            The id of the session, which is stored nowhere, and its row.
        """
        text = new_secret(SESSION_MARK)
        with self.transaction():
            self._rows("delete_expired_sessions")
            # Before the new one is there, which may be as old as others to the millisecond.
            values = {"name": principal.name, "project": principal.project}
            self._rows("delete_oldest_sessions", **values, most=MAX_SESSIONS - 1)
            [session] = self._select(
                Session,
                "insert_session",
                prefix=prefix_of(text, SESSION_MARK),
                hash=hash_of(text),
                token=token,
                name=principal.name,
                project=principal.project,
                role=str(principal.role),
                lifetime_s=float(lifetime_s),
            )
            outcome = f"{session.role} {session.name} by {token or 'OpenID Connect'}"
            sender = Sender.from_request(principal, address)
            self._audit(sender, "login", "session", session.prefix, session.project, outcome)
        return text, session

    def sessions(self) -> list[Session]:
        """Return all sessions that have not expired, the oldest first."""
        return self._select(Session, "list_sessions")

    def credentials(self) -> tuple[list[AccessToken], list[Session]]:
        """Return all tokens and sessions; a session is never newer than its token."""
        sessions = self.sessions()
        return self.tokens(), sessions

    def end_sessions(
        self, name: str, project: str = ALL_PROJECTS, sender: Sender = LOCAL_SENDER
    ) -> list[Session]:
        """End the session with this prefix, or all sessions of this name in a project.

        Args:
            name: The prefix or the name.
            project: The project of the sessions, or ALL_PROJECTS.
            sender: The author, for the audit log.

        Returns:
            The sessions that were ended now.
        """
        with self.transaction():
            values = {"prefix": name, "name": name, "project": project}
            ended = self._select(Session, "delete_sessions", **values)
            for each in ended:
                outcome = f"{each.role} {each.name}"
                self._audit(sender, "logout", "session", each.prefix, each.project, outcome)
        return ended
