"""Plugin of pytest: the device `braket.aws.qubit` of PennyLane's tests is SV1, polled often."""

from typing import Any

import pennylane

_device = pennylane.device
_OPTIONS = {
    "device_arn": "arn:aws:braket:::device/quantum-simulator/amazon/sv1",
    "poll_interval_seconds": 0.02,
}


def device(name: str, *arguments: Any, **options: Any) -> Any:
    return _device(name, *arguments, **(_OPTIONS | options))


pennylane.device = device
