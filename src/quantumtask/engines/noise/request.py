"""Noise of a task: that of a device, of rates, or of errors by instruction."""

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
    """The noise of a task, and the device for which its circuits are compiled.

    Attributes:
        device: None: the circuits are not compiled.
        rates: Error rates; if `rates` and `errors` are None, the noise is that of the device.
        idle: Idle qubits decay; only with the noise of the device.
        errors: Errors by instruction.
    """

    device: DeviceSnapshot | None
    rates: ErrorRates | None
    idle: bool = True
    errors: "ErrorModel | None" = None

    @property
    def reason(self) -> str:
        """The noise in words: the beginning of the `reason` of a result."""
        if self.rates == ErrorRates():
            return "requested by the task, without noise"
        if self.errors is not None:
            return "noise of the given errors"
        source = self.device.name if self.device and not self.rates else "the given rates"
        return f"noise of {source}"

    @property
    def clifford(self) -> bool:
        """True if the noise maps stabilizer states to stabilizer states."""
        if self.device is not None:
            return False
        if self.errors is not None:
            return self.errors.clifford
        return self.rates is not None and self.rates.pauli


def resolve_noise(backend: str, noise: NoiseOption) -> NoiseSpec:
    """Return the noise of a task.

    Args:
        backend: The option `backend`.
        noise: The option `noise`: the name of a device, rates or errors; None without the option.

    Raises:
        ResourceError: there is no such backend (`backend_unknown`), or the noise is not valid
            (`bad_noise`); the message names the field.
    """
    device = None if backend == SIMULATOR else load_snapshot(backend)
    if noise is None or isinstance(noise, RatesOption):
        return _resolve_rates(device, noise or RatesOption(None))
    if not isinstance(noise, str):
        from quantumtask.engines.noise.error_model_json import (
            parse_error_model,  # not above: it imports Qiskit
        )

        return NoiseSpec(device, None, errors=parse_error_model(noise))
    if noise == SIMULATOR:
        raise invalid_noise(
            f"noise: the backend {SIMULATOR} has no noise; omit `noise`, or give rates"
        )
    source = load_snapshot(noise)
    if device not in (None, source):
        raise invalid_noise(
            f"noise: the backend {backend} has its own noise; omit `noise`, or give rates"
        )
    return NoiseSpec(source, None)


def resolve_device_gates(backend: str, noise: NoiseOption) -> TargetGates | None:
    """Return the gates of the device of a task, or the gates that its noise model names.

    Args:
        backend: The option `backend`.
        noise: The option `noise`; errors in it are not checked.

    Returns:
        None if only the unitary of a gate matters.

    Raises:
        ResourceError: `backend_unknown` or `bad_noise`.
    """
    if backend == SIMULATOR and isinstance(noise, Mapping):
        names = {name for error in noise["errors"] for name in error.get("operations") or ()}
        return NoiseModelGates(frozenset([*names, *noise.get("basis_gates", ())]))
    if backend == SIMULATOR:
        device = resolve_noise(backend, noise).device
    else:
        device = load_snapshot(backend)
    return None if device is None else frozenset([gate.name for gate in device.gates])


def _resolve_rates(device: DeviceSnapshot | None, noise: RatesOption) -> NoiseSpec:
    if noise.idle is not None and (noise.rates or device is None):
        raise invalid_noise(
            "noise.idle: only allowed with a `backend` and without rates: only the backend's own "
            "noise includes the decay of idle qubits"
        )
    default = ErrorRates() if device is None else None
    return NoiseSpec(device, noise.rates or default, noise.idle is not False)
