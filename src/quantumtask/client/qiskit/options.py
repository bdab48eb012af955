"""Options of `backend.run`: each option is sent, or changes no result, or is refused."""

from collections.abc import Mapping
from typing import Any

from qiskit.exceptions import QiskitError
from qiskit.providers import Options

from quantumtask.shared.close_names import suggestion

SERVICE_OPTIONS = (
    "shots", "memory", "engine", "method", "max_bond", "truncation", "max_terms", "min_coefficient",
    "timeout_s", "noise", "compile", "owner", "priority",
)  # fmt: skip
"""Options that the service has by the same name."""

DEFAULT_SHOTS = 1024

SUPPORTED = (*SERVICE_OPTIONS, "seed_simulator", "job_tags", "noise_model")

_MACHINE_OPTIONS = """
    accept_distributed_results batched_shots_gpu batched_shots_gpu_max_qubits blocking_enable
    blocking_qubits chunk_swap_buffer_qubits cuStateVec_enable enable_truncation executor
    fusion_enable fusion_max_qubit fusion_threshold fusion_verbose max_job_size max_memory_mb
    max_parallel_experiments max_parallel_shots max_parallel_threads max_shot_size mps_log_data
    mps_lapack mps_omp_threads mps_parallel_threshold mps_sample_measure_algorithm
    num_threads_per_device runtime_parameter_bind_enable shot_branching_enable
    shot_branching_sampling_enable stabilizer_max_snapshot_probabilities
    statevector_parallel_threshold statevector_sample_measure_opt target_gpus
    tensor_network_num_sampling_qubits unitary_parallel_threshold use_cuTensorNet_autotuning
    validation_threshold zero_threshold
"""
IGNORED_OPTIONS = frozenset(_MACHINE_OPTIONS.split())
"""Options that tune AerSimulator for its machine and change no distribution."""

SINGLE_VALUE_OPTIONS = {"device": "CPU", "precision": "double", "meas_level": 2}
"""Options with one accepted value, which the service has anyway."""

AER_METHODS = {
    "automatic": None,
    "statevector": "statevector",
    "density_matrix": "density_matrix",
    "stabilizer": "stabilizer",
    "matrix_product_state": "matrix_product_state",
}
"""Methods of the service, by the names of AerSimulator; None: the service chooses."""

UNSUPPORTED_METHODS = {
    "extended_stabilizer": "it is an approximation without a bound on its error",
    "unitary": "it gives no counts: Client.submit(…, returns='unitary') gives the matrix",
    "superop": "it gives no counts",
    "tensor_network": "it needs a GPU",
}


class UnsupportedOption(QiskitError, AttributeError):
    """The service does not support an option; the message names the option."""


def default_options() -> Options:
    """Return the options of a new backend."""
    options = Options(shots=DEFAULT_SHOTS, memory=False, seed_simulator=None)
    options.update_options(job_tags=(), noise_model=None)
    options.update_options(**dict.fromkeys(SERVICE_OPTIONS[2:]))
    return options


def supported_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options to send.

    Raises:
        UnsupportedOption: The service does not support an option.
    """
    for name, value in options.items():
        if name not in SUPPORTED:
            _check_foreign(name, value)
    return {name: value for name, value in options.items() if name in SUPPORTED}


def _check_foreign(name: str, value: Any) -> None:
    if name in IGNORED_OPTIONS:
        return
    if name in SINGLE_VALUE_OPTIONS:
        if value in (None, SINGLE_VALUE_OPTIONS[name]):
            return
        raise UnsupportedOption(f"{name}: must be {SINGLE_VALUE_OPTIONS[name]!r}; got {value!r}")
    supported = ", ".join(sorted([*SUPPORTED, *SINGLE_VALUE_OPTIONS]))
    close = suggestion(name, [*SUPPORTED, *SINGLE_VALUE_OPTIONS])
    raise UnsupportedOption(
        f"{name}: the service has no such option{close}; it has {supported}. Options that tune "
        "AerSimulator for its machine are accepted and ignored, because they change no result"
    )


def service_method(name: str | None) -> str | None:
    """Return the method of the service for a method of AerSimulator.

    Raises:
        UnsupportedOption: The service has no such method.
    """
    if name in UNSUPPORTED_METHODS:
        raise UnsupportedOption(f"method: {name!r} is not available: {UNSUPPORTED_METHODS[name]}")
    return AER_METHODS.get(name, name) if name is not None else None
