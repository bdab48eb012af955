"""Owner, project and priority of a task, as far as its principal decides them."""

from dataclasses import replace

from quantumtask.shared.errors import Forbidden, InvalidRequest
from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.task import TaskSpec


def assign_owner(spec: TaskSpec, principal: Principal, max_user_priority: int) -> TaskSpec:
    """Return a task with the owner and the project of its principal.

    Args:
        spec: The task as the request describes it.
        principal: The sender of the request.
        max_user_priority: Highest priority of a task of a principal who is no administrator.

    Raises:
        InvalidRequest: the request names another owner.
        Forbidden: the priority is too high for the role of the principal.
    """
    if principal.chooses_owner:
        if spec.project == principal.project:  # the usual case: a copy takes microseconds
            return spec
        return replace(spec, project=principal.project)
    if spec.owner not in ("", principal.name):
        raise InvalidRequest(
            f"owner: is always {principal.name!r}, the name of your token: leave `owner` out; "
            f"got {spec.owner!r}"
        )
    if principal.role is not Role.ADMIN and spec.priority > max_user_priority:
        raise Forbidden(
            f"priority: must be at most {max_user_priority} for the role {principal.role}; got "
            f"{spec.priority}. The setting QUANTUMTASK_MAX_USER_PRIORITY is the limit"
        )
    return replace(spec, owner=principal.name, project=principal.project)
