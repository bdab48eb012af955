"""The Store of limits: the operator sets them, API and worker read them."""

import time

from quantumtask.shared.audit import LOCAL_SENDER, Sender
from quantumtask.shared.audit_store import AuditStore
from quantumtask.shared.limits import (
    EACH_USER,
    LIMIT_NAMES,
    WHOLE_PROJECT,
    LimitRow,
    LimitTable,
    check_limit,
    parse_limits,
)
from quantumtask.shared.principal import check_name, check_project
from quantumtask.shared.settings import Settings

_MAX_AGE_S = 2.0
"""Age at which the table of limits is read again."""


class LimitStore(AuditStore):
    """The Store with the methods of limits."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._defaults = parse_limits(settings.project_limits), parse_limits(settings.user_limits)
        self._limits = LimitTable((), *self._defaults)
        self._limits_read_at = float("-inf")

    def set_limit(
        self,
        project: str,
        owner: str,
        name: str,
        value: float | None,
        sender: Sender = LOCAL_SENDER,
    ) -> None:
        """Set one limit; it holds within a few seconds.

        Args:
            project: The project.
            owner: One of its users, EACH_USER or WHOLE_PROJECT.
            name: One of LIMIT_NAMES.
            value: The limit; None: that of the settings.
            sender: The author, for the audit log.

        Raises:
            ValueError: the name or the value of the project, the user or the limit is not valid.
        """
        check_project(project)
        if owner not in (EACH_USER, WHOLE_PROJECT):
            check_name(owner)
        if name not in LIMIT_NAMES:
            raise ValueError(f"{name!r} is not a limit: use {', '.join(LIMIT_NAMES)}")
        values = {"project": project, "owner": owner, "name": name}
        with self.transaction():
            if value is None:
                self._rows("delete_limit", **values)
            else:
                check_limit(name, value)
                self._rows("set_limit", **values, value=float(value))
            of_user = f" of user {owner}" if owner else ""
            outcome = f"{name}{of_user}: {'default' if value is None else f'{value:.10g}'}"
            self._audit(sender, "set", "project", project, project, outcome)

    def limits(self) -> LimitTable:
        """Return the limits, as they were at most two seconds ago."""
        now = time.monotonic()
        if now - self._limits_read_at >= _MAX_AGE_S:
            self._limits = LimitTable(self._select(LimitRow, "read_limits"), *self._defaults)
            self._limits_read_at = now
        return self._limits

    def projects(self) -> list[str]:
        """Return all projects that have tokens, limits or finished tasks, and `default`."""
        return self._column("list_projects")
