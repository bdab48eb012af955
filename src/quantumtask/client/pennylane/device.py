"""PennyLane device whose circuits a QuantumTask service runs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from pennylane.devices import Device, ExecutionConfig
from pennylane.devices.modifiers import simulator_tracking, single_tape_support
from pennylane.exceptions import DeviceError
from pennylane.tape import QuantumScript
from pennylane.transforms.core import CompilePipeline

from quantumtask.client.connection import Connection
from quantumtask.client.json_numbers import to_json
from quantumtask.client.pennylane.outputs import GradientOutput, ValueOutput, choose_output
from quantumtask.client.pennylane.preprocessing import (
    add_gradient_transforms,
    has_gradients,
    preprocessing,
)
from quantumtask.client.pennylane.program import write_program
from quantumtask.client.pennylane.submission import TapeJob, run_jobs
from quantumtask.client.request import Common

REFUSED_OPTIONS = frozenset({"shots", "observables", "precision", "returns", "memory"})
"""Options of tasks that the device sets itself."""

GRADIENT_METHODS = frozenset({"best", "device", "adjoint"})
"""Names of methods that the gradients of the service take the place of."""

OPTIONS_WITHOUT_GRADIENTS = frozenset(
    {"method", "max_bond", "truncation", "max_terms", "min_coefficient"}
)
"""Options of tasks that have no gradients."""


@simulator_tracking
@single_tape_support
class QuantumTaskDevice(Device):
    """PennyLane device whose circuits a QuantumTask service runs.

    Args:
        wires: Number of wires, or their labels. None: those of each circuit.
        shots: Number of shots, or a sequence of numbers. None: exact values.
        url: Address of the service. The default is QUANTUMTASK_URL, and then http://127.0.0.1:8000.
        token: Token, as for `Client`.
        seed: Seed of all shots of the device; None: a new seed for each task.
        timeout: Seconds that an execution waits for its results; None: no limit.
        **options: Options of the tasks, as for `Client.submit`: `noise`, `backend`, `compile`,
            `engine`, `method`, `timeout_s`, `owner`, `priority` and others.

    Raises:
        DeviceError: There is no such option.
    """

    def __init__(
        self,
        wires: Any = None,
        shots: Any = None,
        *,
        url: str | None = None,
        token: str | None = None,
        seed: int | None = None,
        timeout: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(wires=wires, shots=shots)
        for name in options:
            if name in REFUSED_OPTIONS or name not in Common.__optional_keys__:
                allowed = sorted(Common.__optional_keys__ - REFUSED_OPTIONS)
                raise DeviceError(f"{name}: no such option; the options are {', '.join(allowed)}")
        self._options = {
            name: to_json(name, value) for name, value in options.items() if value is not None
        }
        self._connection = Connection(url, token, 30.0)
        self._timeout = timeout
        self._generator = None if seed is None else np.random.default_rng(seed)

    @property
    def name(self) -> str:
        """Name of the device for `qml.device`."""
        return "quantumtask"

    @property
    def noisy(self) -> bool:
        """True if the service simulates noise."""
        device = self._options.get("backend", "simulator") != "simulator"
        return device or "noise" in self._options

    def setup_execution_config(
        self,
        config: ExecutionConfig | None = None,
        circuit: QuantumScript | None = None,
    ) -> ExecutionConfig:
        """Choose the methods for gradients and for measurements in the middle of a circuit."""
        config = config or ExecutionConfig()
        if config.device_options:
            names = ", ".join(config.device_options)
            raise DeviceError(f"device_options: {names}: no such option of this device")
        method = config.mcm_config.mcm_method
        if method not in (None, "deferred"):
            raise DeviceError(f"mcm_method '{method}' is not supported: use 'deferred'")
        config = replace(config, mcm_config=replace(config.mcm_config, mcm_method="deferred"))
        if config.gradient_method in GRADIENT_METHODS and self.supports_derivatives(
            config, circuit
        ):
            return replace(
                config,
                gradient_method="adjoint",
                use_device_gradient=True,
                use_device_jacobian_product=False,
                grad_on_execution=config.grad_on_execution is not False,
            )
        return config

    def supports_derivatives(
        self, execution_config: ExecutionConfig | None = None, circuit: QuantumScript | None = None
    ) -> bool:
        """Return True if the service computes the gradients: only of exact values without noise."""
        config = execution_config or ExecutionConfig(gradient_method="device")
        if config.gradient_method not in GRADIENT_METHODS or config.derivative_order != 1:
            return False
        if self.noisy or self._options.keys() & OPTIONS_WITHOUT_GRADIENTS:
            return False
        return circuit is None or has_gradients(circuit)

    def preprocess_transforms(
        self,
        execution_config: ExecutionConfig | None = None,
    ) -> CompilePipeline:
        """Return the transforms that leave only gates and measurements of the service."""
        pipeline = preprocessing(self.wires, self.name, noisy=self.noisy)
        if execution_config is not None and execution_config.gradient_method == "adjoint":
            add_gradient_transforms(pipeline, self.name)
        return pipeline

    def execute(
        self,
        circuits: Sequence[QuantumScript],
        execution_config: ExecutionConfig | None = None,  # noqa: ARG002
    ) -> Any:
        """Run circuits, in one request; see `pennylane.devices.Device.execute`."""
        return self._run([self._job(tape) for tape in circuits])

    def compute_derivatives(
        self, circuits: Sequence[QuantumScript], execution_config: ExecutionConfig | None = None
    ) -> Any:
        """Return the Jacobians of circuits; see `pennylane.devices.Device`."""
        return self.execute_and_compute_derivatives(circuits, execution_config)[1]

    def execute_and_compute_derivatives(
        self,
        circuits: Sequence[QuantumScript],
        execution_config: ExecutionConfig | None = None,  # noqa: ARG002
    ) -> Any:
        """Return the results and the Jacobians of circuits, from one request."""
        pairs = self._run([self._gradient_job(tape) for tape in circuits])
        return tuple(results for results, _ in pairs), tuple(jacobian for _, jacobian in pairs)

    def _run(self, jobs: list[TapeJob]) -> tuple[Any, ...]:
        answers = run_jobs(self._connection, jobs, self._seeds(), self._options, self._timeout)
        return tuple(
            job.output.convert(answer, job.program)
            for job, answer in zip(jobs, answers, strict=True)
        )

    def _gradient_job(self, tape: QuantumScript) -> TapeJob:
        job = self._job(tape)
        if not has_gradients(tape) or not isinstance(job.output, ValueOutput):
            raise DeviceError("gradients are of exact expectation values of sums of Pauli words")
        positions = [job.program.positions[k] for k in tape.trainable_params]
        return TapeJob(job.program, GradientOutput(job.output, positions))

    def _job(self, tape: QuantumScript) -> TapeJob:
        wires = [*(self.wires or ()), *(w for w in tape.wires if w not in (self.wires or ()))]
        output = choose_output(tape, wires, noisy=self.noisy)
        return TapeJob(write_program(tape, wires, output.measured), output)

    def _seeds(self) -> Iterator[int | None]:
        while True:
            yield None if self._generator is None else int(self._generator.integers(2**62))
