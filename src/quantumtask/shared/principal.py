"""Principals: who a request comes from, in which project, and with which role."""

import re
from dataclasses import dataclass
from enum import StrEnum

from quantumtask.shared.task import DEFAULT_PROJECT

ALL_PROJECTS = "*"
"""The project of a query that reads the tasks of every project; no project has this name."""

PROJECT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}"
"""Regular expression of the names of projects."""
_MAX_NAME = 50  # as for the owner of a task, which is the name of its principal


class Role(StrEnum):
    """The rights of a principal; each role has those of the roles before it."""

    READ = "read"
    """Sees the tasks of its project."""
    USER = "user"
    """Submits and cancels tasks of its project, too."""
    ADMIN = "admin"
    """Sees and cancels the tasks of all projects, too."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a program that sends requests.

    Attributes:
        name: The owner of the tasks that the principal submits.
        project: The project of these tasks.
        role: The rights of the principal.
        chooses_owner: The principal names any owner for its tasks: authentication is off.
    """

    name: str
    project: str
    role: Role
    chooses_owner: bool = False

    @property
    def scope(self) -> str:
        """The project whose tasks the principal sees; ALL_PROJECTS for an administrator."""
        return ALL_PROJECTS if self.role is Role.ADMIN else self.project

    @property
    def writes(self) -> bool:
        """True if the principal may submit and cancel tasks."""
        return self.role is not Role.READ


LOCAL = Principal("local", DEFAULT_PROJECT, Role.ADMIN, chooses_owner=True)
"""The principal of every request while authentication is off."""


def check_name(name: str) -> None:
    """Raise ValueError if a principal cannot have this name."""
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise ValueError(f"name: must be 1 to {_MAX_NAME} printable characters; got {name!r}")


def check_project(project: str) -> None:
    """Raise ValueError if a project cannot have this name."""
    if not re.fullmatch(PROJECT, project, re.ASCII):
        raise ValueError(
            "project: must be 1 to 50 letters, digits, dots, dashes or underscores, and begin with "
            f"a letter or digit; got {project!r}"
        )
