"""The Store of the audit log: what changes a token, a limit or a task writes a record with it."""

from quantumtask.shared.audit import AuditRecord, Sender
from quantumtask.shared.db import Store
from quantumtask.shared.principal import ALL_PROJECTS


class AuditStore(Store):
    """The Store with the audit log. Nothing can change a record, or remove one before its time."""

    def _audit(
        self, sender: Sender, action: str, kind: str, object_id: str, project: str, outcome: str
    ) -> None:
        """Add a record to the transaction of the action.

        Args:
            sender: The author of the action.
            action: One of ACTIONS.
            kind: The kind of the object: `task`, `batch`, `token`, `session` or `project`.
            object_id: The object.
            project: The project of the object.
            outcome: The change that was made.
        """
        self._rows(
            "insert_audit_record",
            principal=sender.name,
            principal_project=sender.project,
            address=sender.address,
            action=action,
            object_kind=kind,
            object_id=object_id,
            project=project,
            outcome=outcome,
            lifetime_s=self._settings.audit_days * 86_400 or None,
        )

    def audit_records(
        self,
        since_s: float,
        project: str = ALL_PROJECTS,
        principal: str | None = None,
        action: str | None = None,
        limit: int = 1_000,
        before: int | None = None,
    ) -> list[AuditRecord]:
        """Return records of the audit log, the newest first.

        Args:
            since_s: Only actions of the last seconds.
            project: Only objects of this project.
            principal: Only actions of this name.
            action: Only this action.
            limit: Largest number of records.
            before: Only records before the one with this number.
        """
        return self._select(
            AuditRecord,
            "read_audit",
            since_s=float(since_s),
            project=project,
            principal=principal,
            action=action,
            limit=limit,
            before=before,
        )
