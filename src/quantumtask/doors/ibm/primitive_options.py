"""Options of IBM's sampler and estimator: which of them change a result here, and how.

Without noise, error suppression and mitigation have nothing to correct: the distribution is the
same with and without them. With noise they would change it, and are refused.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from quantumtask.api.schemas.requests import SubmitRequest, parse_model
from quantumtask.doors.ibm.npy import decode_npy
from quantumtask.shared.errors import InvalidRequest

_NO_MITIGATION = (
    "is not available with noise: use the backend `simulator` without a noise model, or omit it"
)
_SIMULATOR = {"noise_model", "seed_simulator", "coupling_map", "basis_gates"}

_LARGEST = 2**53
"""Largest number of an option."""

_WITHOUT_EFFECT = {
    "dynamical_decoupling": {
        "enable", "sequence_type", "extra_slack_distribution", "scheduling_method",
        "skip_reset_qubits",
    },
    "twirling": {
        "enable_gates", "enable_measure", "num_randomizations", "shots_per_randomization",
        "strategy",
    },
    "resilience": {
        "measure_mitigation", "measure_noise_learning", "zne_mitigation", "zne", "pec_mitigation",
        "pec", "layer_noise_learning", "layer_noise_model",
    },
    "execution": {"init_qubits", "rep_delay", "meas_type"},
    "simulator": _SIMULATOR,
}  # fmt: skip
"""Options that are known, by their group."""

_CHANGES_WITH_NOISE = (
    ("dynamical_decoupling", "enable"), ("twirling", "enable_gates"),
    ("twirling", "enable_measure"), ("resilience", "measure_mitigation"),
    ("resilience", "zne_mitigation"), ("resilience", "pec_mitigation"),
)  # fmt: skip
"""Options that would change results with noise, if they are true."""


class JobOptions(NamedTuple):
    """Options that a task has.

    Attributes:
        seed: None: the slot draws one.
        noise: The noise of the task; None: that of its backend.
        values: All options as they were sent, without a noise model.
        noise_model: The noise model as it was sent, without its errors; None without one.
    """

    seed: int | None
    noise: dict[str, Any] | None
    values: dict[str, Any]
    noise_model: dict[str, Any] | None


def read_options(params: Mapping[str, Any], names: set[str], device: str | None) -> JobOptions:
    """Return the options of a job.

    Args:
        params: The parameters of the job.
        names: The options that are not in groups.
        device: The name of the device; None: the simulator.

    Raises:
        InvalidRequest: an option is unknown, or would change results and cannot be honoured.
    """
    options = params.get("options") or {}
    if not isinstance(options, dict):
        raise InvalidRequest("params.options: must be an object")
    for name, value in options.items():
        _check_name(name, value, names)
    _check_execution(options.get("execution") or {})
    simulator = options.get("simulator") or {}
    noise, model = _read_noise_model(simulator.get("noise_model"))
    if noise is not None or device is not None:
        _refuse_mitigation(options, params.get("resilience_level"))
    values = dict(options)
    if model is not None:
        values["simulator"] = {n: v for n, v in simulator.items() if n != "noise_model"}
    seed = read_seed(simulator, "simulator.seed_simulator", "seed_simulator")
    return JobOptions(seed, noise, values, model)


def read_positive(value: Any, kind: type, name: str) -> Any:
    """Return a positive number, None for None; raise InvalidRequest for another value."""
    if value is None:
        return None
    number = isinstance(value, int | kind) and not isinstance(value, bool)
    if not number or not 0 < value <= _LARGEST:
        raise InvalidRequest(f"{name}: must be a positive number; got {value!r:.40}")
    return value


def _check_name(name: str, value: Any, names: set[str]) -> None:
    if name in names:
        return
    if name == "experimental" and not value:
        return
    known = _WITHOUT_EFFECT.get(name)
    if known is None:
        raise InvalidRequest(f"params.options.{name[:60]}: no such option here; leave it out")
    if value is not None and not isinstance(value, dict):
        raise InvalidRequest(f"params.options.{name}: must be an object")
    unknown = next((each for each in value or () if each not in known), None)
    if unknown is not None:
        raise InvalidRequest(
            f"params.options.{name}.{unknown[:60]}: no such option here; leave it out"
        )


def _check_execution(execution: Mapping[str, Any]) -> None:
    if execution.get("init_qubits") is False:
        raise InvalidRequest(
            "params.options.execution.init_qubits: must be true: a simulator begins each shot in "
            "the state 0"
        )
    kind = execution.get("meas_type")
    if kind not in (None, "classified"):
        raise InvalidRequest(
            "params.options.execution.meas_type: must be classified: a simulator has bits and no "
            f"signals; got {kind!r:.40}"
        )


def _refuse_mitigation(options: Mapping[str, Any], level: Any) -> None:
    for group, name in _CHANGES_WITH_NOISE:
        if (options.get(group) or {}).get(name):
            raise InvalidRequest(f"params.options.{group}.{name}: {_NO_MITIGATION}")
    if level not in (None, 0):
        raise InvalidRequest(f"params.resilience_level: must be 0: mitigation {_NO_MITIGATION}")


def read_seed(group: Mapping[str, Any], path: str, name: str) -> int | None:
    """Return the option `name` of a group, which is a seed, or raise InvalidRequest."""
    seed = group.get(name)
    if seed is None:
        return None
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise InvalidRequest(f"params.options.{path}: must be 0 to 2^63 - 1; got {seed!r:.40}")
    return seed


def _read_noise_model(value: Any) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the noise of a task, and the rest of the model."""
    if value is None:
        return None, None
    name = "params.options.simulator.noise_model"
    if not isinstance(value, dict):
        raise InvalidRequest(f"{name}: must be a noise model of Aer")
    model = value.get("__value__") if value.get("__type__") == "NoiseModel" else value
    if not isinstance(model, dict) or not isinstance(model.get("errors"), list):
        raise InvalidRequest(f"{name}: must be a noise model of Aer, with its errors")
    errors = _plain(model["errors"], name)
    fields = parse_model(SubmitRequest, {"circuit": "x", "noise": {"errors": errors}})
    rest = {key: each for key, each in model.items() if key != "errors"}
    return fields.noise, rest  # type: ignore[return-value]


def _plain(value: Any, name: str) -> Any:
    """Return JSON without the types of IBM's encoder."""
    if isinstance(value, list):
        return [_plain(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("__type__")
    if kind == "ndarray":
        content = value.get("__value__")
        if isinstance(content, str):
            return decode_npy(content, name).to_lists()
        return _plain(content, name)
    if kind == "complex":
        return value.get("__value__")
    return {key: _plain(each, name) for key, each in value.items()}


def sent_error(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error of a noise model with the complex numbers of IBM's encoder."""
    instructions = [
        [{**step, **_sent_matrices(step)} for step in steps]
        for steps in error.get("instructions", ())
    ]
    return {**error, "instructions": instructions} if instructions else dict(error)


def _sent_matrices(step: Mapping[str, Any]) -> dict[str, Any]:
    if step["name"] not in ("kraus", "unitary"):
        return {}
    matrices = [
        [[{"__type__": "complex", "__value__": entry} for entry in row] for row in matrix]
        for matrix in step["params"]
    ]
    return {"params": matrices}
