"""Expectation values of a sweep: its shape and that of the observables, broadcast."""

from typing import Any

from numpy.typing import NDArray

from quantumtask.engines.device import Device
from quantumtask.engines.wanted import Wanted
from quantumtask.openqasm.program import Program, Sweep
from quantumtask.shared.settings import Settings


class Expected:
    """Mean and standard error of every observable, for each program that it is paired with."""

    def __init__(
        self, sweep: Sweep, wanted: Wanted, device: Device, settings: Settings
    ) -> None: ...
    def add(self, number: int, program: Program, seed: int) -> None: ...
    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        return {}
