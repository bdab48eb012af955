"""Checks of a task's fields against the settings, without reading the circuit."""

from quantumtask.shared.errors import CircuitTooLarge, InvalidRequest
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, ENGINES, TaskSpec

MAX_SEED = 2**63 - 1


def validate_task(spec: TaskSpec, settings: Settings) -> None:
    """Check all fields of a task.

    Raises:
        CircuitTooLarge: the circuit exceeds `max_circuit_bytes`.
        InvalidRequest: another field is not valid; the message names it.
    """
    check_run_fields(spec, settings)
    if spec.seed is not None and not 0 <= spec.seed <= MAX_SEED:
        raise InvalidRequest(f"seed: must be 0 to {MAX_SEED}")
    max_s = settings.max_timeout_s
    if not 0 < spec.timeout_s <= max_s:
        raise InvalidRequest(f"timeout_s: must be more than 0 and at most {max_s:,.0f} seconds")


def check_run_fields(spec: TaskSpec, settings: Settings) -> None:
    """Check the circuit, the shots and the engine: the fields that an estimate also has.

    Raises:
        CircuitTooLarge: as for `validate_task`.
        InvalidRequest: as for `validate_task`.
    """
    check_circuit_size(spec.circuit, settings)
    if not 1 <= spec.shots <= settings.max_shots:
        raise InvalidRequest(f"shots: must be 1 to {settings.max_shots:,}")
    _check_engine(spec)


def check_circuit_size(circuit: str, settings: Settings) -> None:
    """Raise CircuitTooLarge if the text exceeds `max_circuit_bytes`."""
    size, limit = len(circuit.encode()), settings.max_circuit_bytes
    if size > limit:
        raise CircuitTooLarge(f"circuit: must be at most {limit:,} bytes; got {size:,}")


def _check_engine(spec: TaskSpec) -> None:
    if spec.engine == AUTO and spec.method is None:
        return
    names = list(ENGINES)
    if spec.engine != AUTO and spec.engine not in names:
        raise InvalidRequest(f"engine: must be {AUTO}, {', '.join(names[:-1])} or {names[-1]}")
    engines = names if spec.engine == AUTO else [spec.engine]
    methods = sorted({method for engine in engines for method in ENGINES[engine]})
    if spec.method is not None and spec.method not in methods:
        of_engine = "" if spec.engine == AUTO else f" with engine {spec.engine}"
        raise InvalidRequest(f"method: must be one of {', '.join(methods)}{of_engine}")
