"""The noise that a task asks for: that of a device, rates, or errors of instructions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from quantumtask.engines.rates import Rates, bad_noise, rates_of
from quantumtask.engines.twins import Twin, twin
from quantumtask.openqasm.hardware import Device, Instructions
from quantumtask.shared.task import SIMULATOR

if TYPE_CHECKING:
    from quantumtask.engines.error_model import ErrorModel


class Noise(NamedTuple):
    """The device that circuits are compiled for, if one was named, and the noise that was given.

    `rates` and `errors` None: it is the device's own noise. `idle`: its qubits decay while others
    are busy.
    """

    device: Twin | None
    rates: Rates | None
    idle: bool = True
    errors: "ErrorModel | None" = None

    @property
    def reason(self) -> str:
        """The noise in words, as the reason of a result begins with it."""
        if self.rates == Rates():
            return "it was asked for without noise"
        if self.errors is not None:
            return "noise of the given errors"
        named = self.device.name if self.device and not self.rates else "the given rates"
        return f"noise of {named}"

    @property
    def clifford(self) -> bool:
        """Return True if stabilizer states stay stabilizer states."""
        if self.device is not None:
            return False
        if self.errors is not None:
            return self.errors.clifford
        return self.rates is not None and self.rates.pauli


def noise_of_task(backend: str, given: Any) -> Noise:
    """The noise of a backend's name, and of noise as it was sent; none of either is no noise.

    Raises ResourceError that says what of it there is not (`backend_unknown`, `bad_noise`).
    """
    device = None if backend == SIMULATOR else twin(backend)
    if isinstance(given, dict) and "errors" in given:
        from quantumtask.engines.error_model import error_model  # not above: it brings Qiskit

        return Noise(device, None, errors=error_model(given))
    if not isinstance(given, str):
        return _given(device, given or {})
    if given == SIMULATOR:
        raise bad_noise(f"noise: {SIMULATOR} has none: leave it out, or give rates")
    named = twin(given)
    if device not in (None, named):
        raise bad_noise(f"noise: {backend} has its own: leave it out, or give rates")
    return Noise(named, None)


def gates_of(backend: str, given: Any) -> Device | None:
    """The gates of the device that circuits are for, or those that a noise model names.

    None: nothing but the meaning of gates matters. Raises what `noise_of_task` does, and nothing of
    what is wrong with errors.
    """
    if backend == SIMULATOR and isinstance(given, dict) and "errors" in given:
        names = {name for error in given["errors"] for name in error.get("operations") or ()}
        return Instructions(frozenset([*names, *given.get("basis_gates", ())]))
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
