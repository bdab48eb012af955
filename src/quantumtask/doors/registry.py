"""The doors of a service, by its settings."""

from collections.abc import Callable

from quantumtask.api.http.door import Door
from quantumtask.doors.braket.door import braket_door
from quantumtask.doors.ibm.door import ibm_door
from quantumtask.doors.ionq.door import ionq_door
from quantumtask.doors.qbraid.door import qbraid_door
from quantumtask.shared.access import enabled_doors
from quantumtask.shared.settings import Settings

OPENERS: dict[str, Callable[[Settings], Door]] = {
    "ionq": ionq_door, "qbraid": qbraid_door, "braket": braket_door, "ibm": ibm_door,
}  # fmt: skip
"""Makes each door; the keys are DOOR_NAMES."""


def open_doors(settings: Settings) -> list[Door]:
    """Return the doors that the setting `doors` names; `auto` is all of them on loopback alone."""
    return [OPENERS[name](settings) for name in enabled_doors(settings)]
