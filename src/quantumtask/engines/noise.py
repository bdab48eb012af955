"""The noise that a task asks for: that of a device, or rates."""

from typing import Any, NamedTuple

from quantumtask.engines.rates import Rates, bad_noise, rates_of
from quantumtask.engines.twins import Twin, twin
from quantumtask.shared.task import SIMULATOR


class Noise(NamedTuple):
    """The device that circuits are compiled for, if one was named, and the rates of the noise.

    `rates` None: it is the device's own noise.
    """

    device: Twin | None
    rates: Rates | None

    @property
    def reason(self) -> str:
        """The noise in words, as the reason of a result begins with it."""
        if self.rates == Rates():
            return "it was asked for without noise"
        named = self.device.name if self.device and not self.rates else "the given rates"
        return f"noise of {named}"


def noise_of_task(backend: str, given: Any) -> Noise:
    """The noise of a backend's name, and of noise as it was sent; none of either is no noise.

    Raises ResourceError that says what of it there is not (`backend_unknown`, `bad_noise`).
    """
    device = None if backend == SIMULATOR else twin(backend)
    if not isinstance(given, str):
        nothing = Rates() if device is None else None
        return Noise(device, rates_of(given) if given else nothing)
    if given == SIMULATOR:
        raise bad_noise(f"noise: {SIMULATOR} has none: leave it out, or give rates")
    named = twin(given)
    if device not in (None, named):
        raise bad_noise(f"noise: {backend} has its own: leave it out, or give rates")
    return Noise(named, None)
