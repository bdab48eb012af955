"""Resource names of AWS (ARN) of devices and of tasks."""

from quantumtask.shared.errors import BackendNotFound
from quantumtask.shared.task import SIMULATOR

ACCOUNT = "000000000000"
"""The account of all tasks: this service has projects, which tokens belong to."""
REGION = "us-east-1"
"""The region in the names of tasks; the clients take any region."""

_TASK = f"arn:aws:braket:{REGION}:{ACCOUNT}:quantum-task"
_SIMULATORS = "arn:aws:braket:::device/quantum-simulator"
AMAZON, OWN = "amazon", "quantumtask"
"""Providers in the names of devices."""

AMAZON_SIMULATORS = ("sv1", "dm1")
"""Amazon's simulators of state vectors and of density matrices; both names are our simulator,
which chooses the method by the program."""


def device_arn(name: str) -> str:
    """Return the name of a device in AWS for SV1, DM1 or one of our device snapshots."""
    return f"{_SIMULATORS}/{AMAZON if name in AMAZON_SIMULATORS else OWN}/{name}"


def backend_of(arn: str) -> str:
    """Return our name of a device; raise BackendNotFound if this service has no such device."""
    name = arn.rpartition("/")[2]
    if device_arn(name) != arn or name in ("", SIMULATOR):
        raise BackendNotFound(
            f"deviceArn: {arn[:120]!r} is not a device of this service, which has SV1, DM1 and its "
            f"device snapshots as {device_arn('NAME')}; see SearchDevices"
        )
    return SIMULATOR if name in AMAZON_SIMULATORS else name


def task_arn(task_id: str) -> str:
    """Return the name of a task in AWS."""
    return f"{_TASK}/{task_id}"


def task_id_of(arn: str) -> str:
    """Return the id in the name of a task; "", which no task has, for any other name."""
    head, _, task_id = arn.rpartition("/")
    return task_id if head == _TASK else ""
