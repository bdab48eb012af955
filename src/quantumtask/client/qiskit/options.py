"""Options of a backend's `run`: each is sent, or has no effect on a result, or is refused."""

from collections.abc import Mapping
from typing import Any

from qiskit.exceptions import QiskitError
from qiskit.providers import Options

PASSED_ON = (
    "shots", "memory", "engine", "method", "timeout_s", "noise", "compile", "owner", "priority",
)  # fmt: skip
"""Options that the service has by the same name."""

DEFAULT_SHOTS = 1024

OURS = (*PASSED_ON, "seed_simulator", "job_tags", "noise_model")

_OF_THE_MACHINE = """
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
WITHOUT_EFFECT = frozenset(_OF_THE_MACHINE.split())
"""Options that tune AerSimulator for its machine, and change no distribution."""

ONLY = {"device": "CPU", "precision": "double", "meas_level": 2}
"""Options of which only one value is accepted, which is what the service does."""

METHODS = {
    "automatic": None,
    "statevector": "statevector",
    "density_matrix": "density_matrix",
    "stabilizer": "stabilizer",
    "matrix_product_state": "matrix_product_state",
}
"""The service's names of AerSimulator's methods; None: the service chooses."""

NO_METHOD = {
    "extended_stabilizer": "it is an approximation, and the service has none",
    "unitary": "it gives no counts: Client.submit(…, returns='unitary') gives the matrix",
    "superop": "it gives no counts",
    "tensor_network": "it needs a GPU",
}


class UnsupportedOption(QiskitError, AttributeError):
    """Refusal of an option that the service cannot honour; the message names the option."""


def default_options() -> Options:
    options = Options(shots=DEFAULT_SHOTS, memory=False, seed_simulator=None)
    options.update_options(job_tags=(), noise_model=None)
    options.update_options(**dict.fromkeys(PASSED_ON[2:]))
    return options


def honoured(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are sent. Raises UnsupportedOption for one that we cannot honour."""
    for name, value in options.items():
        if name not in OURS:
            _check_foreign(name, value)
    return {name: value for name, value in options.items() if name in OURS}


def _check_foreign(name: str, value: Any) -> None:
    if name in WITHOUT_EFFECT or (name in ONLY and value in (None, ONLY[name])):
        return
    if name in ONLY:
        raise UnsupportedOption(f"{name}: must be {ONLY[name]!r}; got {value!r}")
    known = ", ".join(sorted([*OURS, *ONLY]))
    raise UnsupportedOption(
        f"{name}: the service has no such option; it has {known}, and ignores the options that "
        "tune AerSimulator for its machine, because they change no result"
    )


def method_of(name: str | None) -> str | None:
    """The service's name of a method. Raises UnsupportedOption for a method it lacks."""
    if name in NO_METHOD:
        raise UnsupportedOption(f"method: {name!r} is not available: {NO_METHOD[name]}")
    return METHODS.get(name, name) if name is not None else None
