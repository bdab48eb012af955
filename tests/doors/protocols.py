"""For each door: its credentials, and the ids that stand for the parameters of its paths."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from quantumtask.api.http.door import Door, DoorRoute
from quantumtask.doors.registry import open_doors
from quantumtask.shared.settings import Settings


@dataclass(frozen=True)
class Protocol:
    """A door as its clients know it.

    Attributes:
        headers: The headers that carry a token.
        parameters: Parameters of paths that are no id of a task or batch.
        ids: For each other parameter the kind of its id: `task_id` or `batch_id`.
    """

    headers: Callable[[str], Mapping[str, str]]
    parameters: Mapping[str, str]
    ids: Mapping[str, str] = field(default_factory=dict)


PROTOCOLS = {
    "ionq": Protocol(
        headers=lambda token: {"Authorization": f"apiKey {token}"},
        parameters={"backend": "simulator"},
    ),
}

DOORS = open_doors(Settings())
ROUTES = [(door, route) for door in DOORS for route in door.routes]


def path_of(door: Door, route: DoorRoute, ids: Mapping[str, Any]) -> str:
    """Return the path of a route with values for its parameters."""
    protocol = PROTOCOLS[door.name]
    values = {**protocol.parameters, **{name: ids[kind] for name, kind in protocol.ids.items()}}
    return door.root + route.path.format_map(values)
