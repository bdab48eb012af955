"""Braket's examples on its LocalSimulator and on a device of the door: the same results."""

import runpy
from pathlib import Path
from typing import Any

import braket.devices
import numpy as np
import pytest
from braket.aws import AwsDevice
from braket.devices import LocalSimulator

EXAMPLES = ("bell", "bell_result_types", "debug_bell", "local_bell", "local_noise_simulation")
NAMES = {"default": "sv1", "braket_sv": "sv1", "braket_dm": "dm1"}
SHARE = 0.3
"""Largest difference of shares of 100 shots: more than four standard deviations."""


class BothDevices:
    """A simulator of Braket and its device at the door; each run compares their results."""

    runs = 0

    def __init__(self, name: str = "default") -> None:
        self._local = LocalSimulator(name)
        arn = f"arn:aws:braket:::device/quantum-simulator/amazon/{NAMES[name]}"
        self._device = AwsDevice(arn)

    def run(self, program: Any, shots: int = 0) -> Any:
        task = self._device.run(program, shots=shots, poll_interval_seconds=0.02)
        compare(task.result(), self._local.run(program, shots=shots).result(), shots)
        BothDevices.runs += 1
        return task


def compare(door: Any, local: Any, shots: int) -> None:
    assert len(door.result_types) == len(local.result_types)
    for mine, theirs in zip(door.result_types, local.result_types, strict=True):
        assert mine.type == theirs.type
        if not shots:
            np.testing.assert_allclose(_numbers(mine.value), _numbers(theirs.value), atol=1e-9)
        elif mine.type.type == "sample":
            assert abs(np.mean(mine.value) - np.mean(theirs.value)) < 2 * SHARE
    if shots and not door.result_types:
        for state in door.measurement_counts | local.measurement_counts:
            mine, theirs = door.measurement_counts[state], local.measurement_counts[state]
            assert abs(mine - theirs) / shots < SHARE, state


def _numbers(value: Any) -> Any:
    return [value[each] for each in sorted(value)] if isinstance(value, dict) else value


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("examples", f"{example}.py")
    is_local = "LocalSimulator" in path.read_text()
    monkeypatch.setattr(braket.devices, "LocalSimulator", BothDevices)
    before = BothDevices.runs
    runpy.run_path(str(path))
    assert (BothDevices.runs > before) == is_local
