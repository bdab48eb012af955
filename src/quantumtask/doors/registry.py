"""The doors of a service, by its settings."""

from collections.abc import Callable

from quantumtask.api.http.door import Door
from quantumtask.doors.ionq.door import ionq_door
from quantumtask.shared.access import is_loopback
from quantumtask.shared.door_names import parse_doors
from quantumtask.shared.settings import Settings

OPENERS: dict[str, Callable[[Settings], Door]] = {"ionq": ionq_door}
"""Makes each door; the keys are DOOR_NAMES."""


def open_doors(settings: Settings) -> list[Door]:
    """Return the doors that the setting `doors` names; `auto` is all of them on loopback alone."""
    return [OPENERS[name](settings) for name in enabled_doors(settings)]


def enabled_doors(settings: Settings) -> tuple[str, ...]:
    """Return the names of the doors that the settings open."""
    names = parse_doors(settings.doors)
    if names is None:
        return tuple(OPENERS) if is_loopback(settings.host) else ()
    return names
