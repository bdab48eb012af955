"""Capabilities of devices, in the schema that Braket's clients read."""

from typing import Any

GATES = (
    "ccnot", "cnot", "cphaseshift", "cphaseshift00", "cphaseshift01", "cphaseshift10", "cswap",
    "cv", "cy", "cz", "ecr", "gpi", "gpi2", "h", "i", "iswap", "ms", "phaseshift", "prx", "pswap",
    "rx", "ry", "rz", "s", "si", "swap", "t", "ti", "v", "vi", "x", "xx", "xy", "y", "yy", "z",
    "zz", "gphase", "U",
)  # fmt: skip
"""Gates of Braket that programs may call without a declaration."""

NOISE_CHANNELS = (
    "amplitude_damping", "bit_flip", "depolarizing", "generalized_amplitude_damping", "kraus",
    "pauli_channel", "phase_damping", "phase_flip", "two_qubit_dephasing",
    "two_qubit_depolarizing",
)  # fmt: skip
"""Noise of Braket that a pragma adds to a program."""

OBSERVABLES = ("x", "y", "z", "h", "i", "hermitian")

EXACT_TYPES = {"StateVector": "state_vector", "Amplitude": "amplitude"} | {
    "DensityMatrix": "density_matrix"
}
SAMPLED_TYPES = {"Sample": "sample"}
OTHER_TYPES = {"Expectation": "expectation", "Variance": "variance", "Probability": "probability"}
"""Result types by Braket's name, with the word of the pragma."""
TYPES = {**EXACT_TYPES, **SAMPLED_TYPES, **OTHER_TYPES}


def capabilities(name: str, qubits: int, max_shots: int, text: str) -> dict[str, Any]:
    """Return the capabilities of a device.

    Args:
        name: The name of the device.
        qubits: The most qubits of a program.
        max_shots: The most shots of a task.
        text: A description of the device.
    """
    schema = "braket.device_schema"
    return {
        "braketSchemaHeader": _header(
            f"{schema}.simulators.gate_model_simulator_device_capabilities"
        ),
        "service": {
            "braketSchemaHeader": _header(f"{schema}.device_service_properties"),
            "executionWindows": [
                {
                    "executionDay": "Everyday",
                    "windowStartHour": "00:00:00",
                    "windowEndHour": "23:59:59",
                }
            ],
            "shotsRange": [0, max_shots],
            "deviceCost": {"price": 0.0, "unit": "minute"},
            "deviceDocumentation": {"summary": f"{name}: {text}"},
            "deviceLocation": "QuantumTask",
            "getTaskPollIntervalMillis": 100,
        },
        "action": {"braket.ir.openqasm.program": _program_action(max_shots)},
        "paradigm": {
            "braketSchemaHeader": _header(
                f"{schema}.simulators.gate_model_simulator_paradigm_properties"
            ),
            "qubitCount": qubits,
        },
        "deviceParameters": {},
    }


def _header(name: str) -> dict[str, str]:
    return {"name": name, "version": "1"}


def _program_action(max_shots: int) -> dict[str, Any]:
    return {
        "actionType": "braket.ir.openqasm.program",
        "version": ["1"],
        "supportedOperations": list(GATES),
        "supportedModifiers": [
            {"name": "ctrl"},
            {"name": "negctrl"},
            {"name": "inv"},
            {"name": "pow", "exponent_types": ["int", "float"]},
        ],
        "supportedPragmas": [
            "braket_unitary_matrix",
            *(f"braket_noise_{channel}" for channel in NOISE_CHANNELS),
            *(f"braket_result_type_{word}" for word in TYPES.values()),
        ],
        "forbiddenPragmas": ["braket_result_type_adjoint_gradient"],
        "maximumOutputs": 0,
        "supportPhysicalQubits": False,
        "supportsUnassignedMeasurements": False,
        "supportedResultTypes": [_result_type(name, max_shots) for name in TYPES],
    }


def _result_type(name: str, max_shots: int) -> dict[str, Any]:
    return {
        "name": name,
        "observables": list(OBSERVABLES) if name in ("Sample", "Expectation", "Variance") else None,
        "minShots": 1 if name in SAMPLED_TYPES else 0,
        "maxShots": 0 if name in EXACT_TYPES else max_shots,
    }
