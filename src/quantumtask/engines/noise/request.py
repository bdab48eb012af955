"""The noise of a task: that of a device, rates, or errors of instructions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from quantumtask.engines.devices.calibration import Twin, twin
from quantumtask.engines.noise.rates import Rates, bad_noise, rates_of
from quantumtask.openqasm.gates.hardware import NoiseModelGates, TargetGates
from quantumtask.shared.task import SIMULATOR

if TYPE_CHECKING:
    from quantumtask.engines.noise.error_model import ErrorModel


class Noise(NamedTuple):
    """The device that circuits are compiled for, if the task names one, and the noise of the task.

    With `rates` and `errors` None, the noise is that of the device. `idle`: idle qubits decay.
    """

    device: Twin | None
    rates: Rates | None
    idle: bool = True
    errors: "ErrorModel | None" = None

    @property
    def reason(self) -> str:
        """The noise in words, with which the `reason` of a result begins."""
        if self.rates == Rates():
            return "it was asked for without noise"
        if self.errors is not None:
            return "noise of the given errors"
        named = self.device.name if self.device and not self.rates else "the given rates"
        return f"noise of {named}"

    @property
    def clifford(self) -> bool:
        """Return True if the noise maps stabilizer states to stabilizer states."""
        if self.device is not None:
            return False
        if self.errors is not None:
            return self.errors.clifford
        return self.rates is not None and self.rates.pauli


def noise_of_task(backend: str, given: Any) -> Noise:
    """The noise of a task with this `backend` and this `noise`, as the client sent them.

    Raises ResourceError (`backend_unknown`, `bad_noise`), whose message names the wrong part.
    """
    device = None if backend == SIMULATOR else twin(backend)
    if isinstance(given, dict) and "errors" in given:
        from quantumtask.engines.noise.error_model import (
            error_model,  # not above: it imports Qiskit
        )

        return Noise(device, None, errors=error_model(given))
    if not isinstance(given, str):
        return _given(device, given or {})
    if given == SIMULATOR:
        raise bad_noise(f"noise: {SIMULATOR} has none: leave it out, or give rates")
    named = twin(given)
    if device not in (None, named):
        raise bad_noise(f"noise: {backend} has its own: leave it out, or give rates")
    return Noise(named, None)


def gates_of(backend: str, given: Any) -> TargetGates | None:
    """The gates of the device that circuits are for, or the gates that a noise model names.

    None if only the unitary of a gate matters. Raises ResourceError as `noise_of_task` does, but
    does not check the errors of a noise model.
    """
    if backend == SIMULATOR and isinstance(given, dict) and "errors" in given:
        names = {name for error in given["errors"] for name in error.get("operations") or ()}
        return NoiseModelGates(frozenset([*names, *given.get("basis_gates", ())]))
    device = twin(backend) if backend != SIMULATOR else noise_of_task(backend, given).device
    return None if device is None else frozenset([gate.name for gate in device.gates])


def _given(device: Twin | None, given: Mapping[str, Any]) -> Noise:
    rates = {name: value for name, value in given.items() if name != "idle"}
    if "idle" in given and (rates or device is None):
        raise bad_noise(
            "noise.idle: only the own noise of a backend has idle qubits decay: name a `backend`, "
            "and give no rates"
        )
    nothing = Rates() if device is None else None
    return Noise(device, rates_of(rates) if rates else nothing, given.get("idle", True))
