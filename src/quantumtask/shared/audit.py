"""The audit log: records of who changed which task, batch, token or project, and from where."""

import getpass
import os
import socket
from typing import NamedTuple

from quantumtask.shared.principal import LOCAL, Principal

ACTIONS = ("create", "revoke", "set", "cancel", "delete", "login", "logout")
"""The actions that are recorded."""


class Sender(NamedTuple):
    """A principal, or a user of the operator's terminal, with an address.

    Attributes:
        name: The name of the principal, or of the user.
        project: The project of the principal; "" for a user of the terminal.
        address: The address of the client, or the terminal's machine.
    """

    name: str
    project: str
    address: str

    @classmethod
    def from_request(cls, principal: Principal, address: str) -> "Sender":
        """Return the sender of a request."""
        return cls(principal.name, principal.project, address)


LOCAL_SENDER = Sender.from_request(LOCAL, "")
"""The sender of what a program of this machine does without a request."""


def terminal_sender() -> Sender:
    """Return the user of this terminal."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number without a name
        user = f"uid {os.getuid()}"
    return Sender(user, "", f"terminal of {socket.gethostname()}")


class AuditRecord(NamedTuple):
    """A line of the audit log.

    Attributes:
        at: Time of the action, in seconds since 1970.
        principal: The name of the principal, or of the user of the terminal.
        principal_project: The project of the principal; "" for a user of the terminal.
        address: The address of the client, or the terminal's machine.
        action: One of ACTIONS.
        object_kind: `task`, `batch`, `token`, `session` or `project`.
        object_id: The id of the task or the batch, the prefix of the token or the session, or the
            project.
        project: The project of the object.
        outcome: The change that was made.
        number: The position in the log, which grows with time.
    """

    at: float
    principal: str
    principal_project: str
    address: str
    action: str
    object_kind: str
    object_id: str
    project: str
    outcome: str
    number: int
