"""Noise by error rates: the `noise` option with rates of gates, qubits and readout.

The API checks the rates of a request with `parse_error_rates`, and the slot parses them again.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, TypeVar

from quantumtask.shared.errors import OptionError
from quantumtask.shared.task import FailureCode

PROBABILITY = {"minimum": 0, "maximum": 1}
NANOSECONDS = {"minimum": 0}
MICROSECONDS = {"exclusiveMinimum": 0}
"""Bounds of a number, in the words of JSON Schema; metadata of the fields below."""


@dataclass(frozen=True)
class DepolarizingRates:
    """Probabilities that a gate leaves its qubits in the maximally mixed state."""

    one_qubit: float = field(default=0.0, metadata=PROBABILITY)
    two_qubit: float = field(default=0.0, metadata=PROBABILITY)


@dataclass(frozen=True)
class GateTimes:
    """Durations of gates in nanoseconds."""

    one_qubit: float = field(default=0.0, metadata=NANOSECONDS)
    two_qubit: float = field(default=0.0, metadata=NANOSECONDS)


@dataclass(frozen=True)
class ThermalRates:
    """Relaxation and dephasing times in microseconds; `t2_us` is at most twice `t1_us`."""

    t1_us: float = field(metadata=MICROSECONDS)
    t2_us: float = field(metadata=MICROSECONDS)
    gate_ns: GateTimes


@dataclass(frozen=True)
class ReadoutRates:
    """Probabilities that a measured 0 is read as 1, and a measured 1 as 0."""

    zero_as_one: float = field(default=0.0, metadata=PROBABILITY)
    one_as_zero: float = field(default=0.0, metadata=PROBABILITY)


@dataclass(frozen=True)
class ErrorRates:
    """Noise on every gate and readout; None: this kind of noise does not occur."""

    depolarizing: DepolarizingRates | None = None
    thermal: ThermalRates | None = None
    readout: ReadoutRates | None = None

    @property
    def pauli(self) -> bool:
        """True if the noise maps stabilizer states to mixtures of stabilizer states."""
        thermal = self.thermal
        return thermal is None or thermal.t2_us <= thermal.t1_us


@dataclass(frozen=True)
class RatesOption:
    """A `noise` option with rates.

    Attributes:
        rates: The rates; None: the option has only `idle`.
        idle: Idle qubits of a backend with its own noise decay; None: the default, True.
    """

    rates: ErrorRates | None
    idle: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the option as a JSON object, with all defaults but None."""
        values = {} if self.rates is None else asdict(self.rates)
        return {n: v for n, v in (values | {"idle": self.idle}).items() if v is not None}


def parse_error_rates(value: Any) -> RatesOption:
    """Parse a `noise` option with rates.

    Raises:
        OptionError: a rate is not valid; the message names it.
    """
    names = {each.name for each in fields(ErrorRates)} | {"idle"}
    members = {n: v for n, v in _parse_object("noise", value, names).items() if v is not None}
    if not members:
        raise _invalid_rate("noise: give at least one of depolarizing, thermal, readout and idle")
    idle = members.pop("idle", None)
    if idle is not None and not isinstance(idle, bool):
        raise _invalid_rate(f"noise.idle: must be true or false; got {idle!r:.40}")
    if not members:
        return RatesOption(None, idle)
    rates = ErrorRates(
        _parse_if_present(DepolarizingRates, "depolarizing", members),
        _parse_thermal(members["thermal"]) if "thermal" in members else None,
        _parse_if_present(ReadoutRates, "readout", members),
    )
    return RatesOption(rates, idle)


_T = TypeVar("_T")


def _parse_if_present(kind: type[_T], name: str, members: Mapping[str, Any]) -> _T | None:
    return _parse_numbers(kind, f"noise.{name}", members[name]) if name in members else None


def _parse_thermal(value: Any) -> ThermalRates:
    path = "noise.thermal"
    members = _parse_object(path, value, {"t1_us", "t2_us", "gate_ns"})
    if "gate_ns" not in members:
        raise _invalid_rate(f"{path}.gate_ns: field required")
    times = _parse_numbers(GateTimes, f"{path}.gate_ns", members.pop("gate_ns"))
    thermal = _parse_numbers(ThermalRates, path, members, gate_ns=times)
    if thermal.t2_us > 2 * thermal.t1_us:
        raise _invalid_rate(
            f"{path}.t2_us: must be at most twice t1_us, {thermal.t1_us:g}; got {thermal.t2_us:g}"
        )
    return thermal


def _parse_numbers(kind: type[_T], path: str, value: Any, **others: Any) -> _T:
    """Return an instance of a dataclass of numbers; `others` are fields that are parsed already."""
    numbers = {each.name: each for each in fields(kind) if each.name not in others}  # type: ignore[arg-type]
    members = _parse_object(path, value, set(numbers))
    for name, number in numbers.items():
        if name in members:
            members[name] = _parse_number(f"{path}.{name}", members[name], number.metadata)
        elif number.default is MISSING:
            raise _invalid_rate(f"{path}.{name}: field required")
    return kind(**members, **others)


def _parse_object(path: str, value: Any, names: set[str]) -> dict[str, Any]:
    """Return the members of a JSON object; raise OptionError for other names."""
    if not isinstance(value, dict):
        raise _invalid_rate(f"{path}: must be an object with any of {', '.join(sorted(names))}")
    if unknown := next((name for name in value if name not in names), None):
        known = ", ".join(sorted(names))
        raise _invalid_rate(f"{path}.{unknown[:60]}: no such field; `{path}` has {known}")
    return dict(value)


def _parse_number(path: str, value: Any, bounds: Mapping[str, Any]) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not _is_within(value, bounds):
        rules = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}
        rule = " and ".join(f"{rules[name]} {bound}" for name, bound in bounds.items())
        raise _invalid_rate(f"{path}: must be a number of {rule}; got {value!r:.40}")
    return float(value)


def _is_within(value: float, bounds: Mapping[str, Any]) -> bool:
    try:
        number = float(value)
    except OverflowError:
        return False
    return (
        math.isfinite(number)
        and number >= bounds.get("minimum", -math.inf)
        and number <= bounds.get("maximum", math.inf)
        and number > bounds.get("exclusiveMinimum", -math.inf)
    )


def _invalid_rate(message: str) -> OptionError:
    return OptionError(FailureCode.BAD_NOISE, message)
