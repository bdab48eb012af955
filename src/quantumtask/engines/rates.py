"""Noise given by rates: how often gates and readouts err, and how fast qubits decay."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from quantumtask.shared.errors import ResourceError


@dataclass(frozen=True)
class Depolarizing:
    """How likely a gate leaves its qubits in no state at all: each value is as likely then."""

    one_qubit: float = 0.0
    two_qubit: float = 0.0


@dataclass(frozen=True)
class GateTimes:
    """Nanoseconds."""

    one_qubit: float = 0.0
    two_qubit: float = 0.0


@dataclass(frozen=True)
class Thermal:
    """How fast a qubit decays and dephases, in microseconds, and how long gates give it to."""

    t1_us: float
    t2_us: float
    gate_ns: GateTimes


@dataclass(frozen=True)
class Flips:
    """How likely a 0 is read as 1, and a 1 as 0."""

    zero_as_one: float = 0.0
    one_as_zero: float = 0.0


@dataclass(frozen=True)
class Rates:
    """A noise model; what is None does not occur."""

    depolarizing: Depolarizing | None = None
    thermal: Thermal | None = None
    readout: Flips | None = None

    @property
    def pauli(self) -> bool:
        """Whether stabilizer states stay what they are."""
        thermal = self.thermal
        return thermal is None or thermal.t2_us <= thermal.t1_us


def rates_of(given: Any) -> Rates:
    """A noise model from JSON. Raises ResourceError (`bad_noise`) that names the field."""
    asked = _fields("noise", given, Rates)
    if not asked:
        raise bad_noise("noise: give at least one of depolarizing, thermal and readout")
    thermal = asked.get("thermal")
    return Rates(
        _rates("depolarizing", asked.get("depolarizing"), Depolarizing),
        None if thermal is None else _thermal(thermal),
        _rates("readout", asked.get("readout"), Flips),
    )


def bad_noise(message: str) -> ResourceError:
    return ResourceError("bad_noise", message)


def _rates(name: str, given: Any, kind: Any) -> Any:
    """Probabilities."""
    if given is None:
        return None
    place = f"noise.{name}"
    values = _fields(place, given, kind)
    return kind(**{key: _number(f"{place}.{key}", values[key], 0, 1) for key in values})


def _thermal(given: Any) -> Thermal:
    place = "noise.thermal"
    values = _fields(place, given, Thermal)
    t1, t2 = (_positive(f"{place}.{name}", values.get(name)) for name in ("t1_us", "t2_us"))
    if t2 > 2 * t1:
        raise bad_noise(f"{place}.t2_us: {t2:g} is more than twice t1_us, which no qubit reaches")
    times = _fields(f"{place}.gate_ns", values.get("gate_ns"), GateTimes)
    return Thermal(
        t1,
        t2,
        GateTimes(**{key: _number(f"{place}.gate_ns.{key}", times[key], 0) for key in times}),
    )


def _fields(place: str, given: Any, kind: Any) -> Mapping[str, Any]:
    names = [field.name for field in fields(kind)]
    if not isinstance(given, dict):
        raise bad_noise(f"{place}: must be an object with {', '.join(names)}")
    unknown = next((name for name in given if name not in names), None)
    if unknown is not None:
        raise bad_noise(f"{place}.{unknown[:40]}: no such field; there are {', '.join(names)}")
    return {name: value for name, value in given.items() if value is not None}


def _positive(place: str, given: Any) -> float:
    number = _number(place, given, 0)
    if not number:
        raise bad_noise(f"{place}: must be more than 0")
    return number


def _number(place: str, given: Any, least: float, most: float = math.inf) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise bad_noise(f"{place}: must be a number")
    try:
        number = float(given)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or not least <= number <= most:
        limits = f"{least:g} or more" if most == math.inf else f"{least:g} to {most:g}"
        raise bad_noise(f"{place}: must be {limits}")
    return number
