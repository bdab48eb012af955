"""The noise of a task: that of a device, rates, or errors of instructions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from quantumtask.engines.devices.calibration import DeviceSnapshot, load_snapshot
from quantumtask.engines.noise.failure import invalid_noise
from quantumtask.openqasm.gates.hardware import NoiseModelGates, TargetGates
from quantumtask.shared.error_rates import ErrorRates, RatesOption
from quantumtask.shared.task import SIMULATOR
from quantumtask.shared.task_options import NoiseOption

if TYPE_CHECKING:
    from quantumtask.engines.noise.error_model import ErrorModel


class NoiseSpec(NamedTuple):
    """The device that circuits are compiled for, if the task names one, and the noise of the task.

    With `rates` and `errors` None, the noise is that of the device. `idle`: idle qubits decay.
    """

    device: DeviceSnapshot | None
    rates: ErrorRates | None
    idle: bool = True
    errors: "ErrorModel | None" = None

    @property
    def reason(self) -> str:
        """The noise in words, with which the `reason` of a result begins."""
        if self.rates == ErrorRates():
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


def resolve_noise(backend: str, noise: NoiseOption) -> NoiseSpec:
    """Return the noise of a task with this `backend` and this `noise` option.

    Raises:
        ResourceError: there is no such backend (`backend_unknown`), or the noise is not valid
            (`bad_noise`); the message names the wrong part.
    """
    device = None if backend == SIMULATOR else load_snapshot(backend)
    if noise is None or isinstance(noise, RatesOption):
        return _resolve_rates(device, noise or RatesOption(None))
    if not isinstance(noise, str):
        from quantumtask.engines.noise.error_model import (
            parse_error_model,  # not above: it imports Qiskit
        )

        return NoiseSpec(device, None, errors=parse_error_model(noise))
    if noise == SIMULATOR:
        raise invalid_noise(f"noise: {SIMULATOR} has none: leave it out, or give rates")
    named = load_snapshot(noise)
    if device not in (None, named):
        raise invalid_noise(f"noise: {backend} has its own: leave it out, or give rates")
    return NoiseSpec(named, None)


def resolve_device_gates(backend: str, noise: NoiseOption) -> TargetGates | None:
    """The gates of the device that circuits are for, or the gates that a noise model names.

    None if only the unitary of a gate matters. Raises ResourceError as `resolve_noise` does, but
    does not check the errors of a noise model.
    """
    if backend == SIMULATOR and isinstance(noise, Mapping):
        names = {name for error in noise["errors"] for name in error.get("operations") or ()}
        return NoiseModelGates(frozenset([*names, *noise.get("basis_gates", ())]))
    device = (
        load_snapshot(backend) if backend != SIMULATOR else resolve_noise(backend, noise).device
    )
    return None if device is None else frozenset([gate.name for gate in device.gates])


def _resolve_rates(device: DeviceSnapshot | None, noise: RatesOption) -> NoiseSpec:
    if noise.idle is not None and (noise.rates or device is None):
        raise invalid_noise(
            "noise.idle: only the own noise of a backend has idle qubits decay: name a `backend`, "
            "and give no rates"
        )
    nothing = ErrorRates() if device is None else None
    return NoiseSpec(device, noise.rates or nothing, noise.idle is not False)
