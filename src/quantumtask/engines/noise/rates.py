"""Noise given by rates: how often gates and readouts err, and how fast qubits decay."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quantumtask.shared.errors import ResourceError


@dataclass(frozen=True)
class DepolarizingRates:
    """How likely a gate leaves its qubits in no state at all: each value is as likely then."""

    one_qubit: float = 0.0
    two_qubit: float = 0.0


@dataclass(frozen=True)
class GateTimes:
    """Nanoseconds."""

    one_qubit: float = 0.0
    two_qubit: float = 0.0


@dataclass(frozen=True)
class ThermalRates:
    """How fast a qubit decays and dephases, in microseconds, and how long gates give it to."""

    t1_us: float
    t2_us: float
    gate_ns: GateTimes


@dataclass(frozen=True)
class ReadoutRates:
    """How likely a 0 is read as 1, and a 1 as 0."""

    zero_as_one: float = 0.0
    one_as_zero: float = 0.0


@dataclass(frozen=True)
class ErrorRates:
    """A noise model; what is None does not occur."""

    depolarizing: DepolarizingRates | None = None
    thermal: ThermalRates | None = None
    readout: ReadoutRates | None = None

    @property
    def pauli(self) -> bool:
        """Whether stabilizer states stay what they are."""
        thermal = self.thermal
        return thermal is None or thermal.t2_us <= thermal.t1_us


def parse_rates(given: Mapping[str, Any]) -> ErrorRates:
    """A noise model as it was sent, which the API has checked."""
    thermal = dict(given.get("thermal") or {})
    times = thermal.pop("gate_ns", {})
    return ErrorRates(
        DepolarizingRates(**given["depolarizing"]) if given.get("depolarizing") else None,
        ThermalRates(**thermal, gate_ns=GateTimes(**times)) if thermal else None,
        ReadoutRates(**given["readout"]) if given.get("readout") else None,
    )


def invalid_noise(message: str) -> ResourceError:
    return ResourceError("bad_noise", message)
