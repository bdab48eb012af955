"""Request models of noise: rates by kind, a noise model, or the name of a backend."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic import model_validator as checked

from quantumtask.api.schemas.noise_errors import QUANTUM_TAG, READOUT_TAG, NoiseErrors

BY_RATES, BY_NAME, BY_ERRORS = "by rates", "by name", "by errors"
WAYS = (BY_RATES, BY_NAME, BY_ERRORS, QUANTUM_TAG, READOUT_TAG)
"""What pydantic says of the place of an error in noise, and nobody wrote."""

Chance = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Nanoseconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Microseconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Rates(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Depolarizing(_Rates):
    """How likely a gate leaves its qubits fully mixed."""

    one_qubit: Chance = 0.0
    two_qubit: Chance = 0.0


class GateTimes(_Rates):
    one_qubit: Nanoseconds = 0.0
    two_qubit: Nanoseconds = 0.0


class Thermal(_Rates):
    """How fast qubits decay and dephase, and for how long each gate lets them."""

    t1_us: Microseconds
    t2_us: Microseconds = Field(description="At most twice t1_us.")
    gate_ns: GateTimes

    @checked(mode="after")
    def _possible(self) -> Self:
        if self.t2_us > 2 * self.t1_us:
            raise ValueError("t2_us is more than twice t1_us, which no qubit reaches")
        return self


class Misread(_Rates):
    """How likely a measured bit is wrong."""

    zero_as_one: Chance = 0.0
    one_as_zero: Chance = 0.0


class Rates(_Rates):
    """Noise on every gate as it is written; what stands on three qubits or more is decomposed."""

    depolarizing: Depolarizing | None = None
    thermal: Thermal | None = None
    readout: Misread | None = None
    idle: bool | None = Field(
        None,
        description="false: idle qubits do not decay. Only with a `backend` and its own noise, "
        "without rates.",
    )

    @checked(mode="after")
    def _some(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("give at least one of depolarizing, thermal, readout and idle")
        return self


def _way(given: Any) -> str:
    if isinstance(given, str):
        return BY_NAME
    by_errors = isinstance(given, NoiseErrors) or (isinstance(given, dict) and "errors" in given)
    return BY_ERRORS if by_errors else BY_RATES


def _plain(given: Rates | NoiseErrors | str | None) -> dict[str, Any] | str | None:
    if isinstance(given, NoiseErrors):  # the items are plain already, and there can be many
        return {"errors": given.errors, "basis_gates": given.basis_gates}
    return given.model_dump(exclude_none=True) if isinstance(given, Rates) else given


Named = Annotated[str, Field(min_length=1, max_length=50)]
Noise = Annotated[
    Annotated[
        Annotated[Rates, Tag(BY_RATES)]
        | Annotated[NoiseErrors, Tag(BY_ERRORS)]
        | Annotated[Named, Tag(BY_NAME)],
        Discriminator(_way),
    ]
    | None,
    AfterValidator(_plain),
    Field(
        description="Rates, errors of instructions by name as Aer's `NoiseModel.to_dict` has them, "
        "or the name of a backend that has that noise: docs/how-to/backends.md."
    ),
]
