"""Plugin of pytest: `braket.aws.qubit` in PennyLane's tests is SV1, polled often."""

from typing import Any

import pennylane

_device = pennylane.device
_NAME = "braket.aws.qubit"
_OPTIONS = {
    "device_arn": "arn:aws:braket:::device/quantum-simulator/amazon/sv1",
    "poll_interval_seconds": 0.02,
}


def device(name: str, *arguments: Any, **options: Any) -> Any:
    return _device(name, *arguments, **((_OPTIONS if name == _NAME else {}) | options))


pennylane.device = device
