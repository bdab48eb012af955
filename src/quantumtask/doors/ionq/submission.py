"""A job of IonQ's protocol as a task or a batch."""

import json
from typing import Any

from quantumtask.api.service.batches import MAX_BATCH_TASKS, BatchSpec
from quantumtask.doors.ionq.backends import device_name
from quantumtask.doors.ionq.circuit_budget import CircuitBudget
from quantumtask.doors.ionq.job_body import (
    CIRCUIT,
    MULTI_CIRCUIT,
    OPENQASM,
    ChildCircuit,
    CircuitInput,
    CircuitsInput,
    JobBody,
    OpenQasmInput,
    parse_part,
)
from quantumtask.doors.ionq.job_record import SESSION_TAG, TAG, JobRecord
from quantumtask.doors.ionq.json_circuit import QIS, translate
from quantumtask.doors.ionq.noise_models import noise_option
from quantumtask.doors.ionq.sessions import check_session
from quantumtask.doors.stored_jobs import task_name
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.output_kinds import COUNTS, MEMORY, PROBABILITIES, REGISTERS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import SIMULATOR, TaskSpec

MAX_TABLE_QUBITS = 20
"""Most qubits of a table of exact probabilities; above, probabilities are frequencies."""


class NewJob:
    """A job that is about to be stored."""

    def __init__(self, job: JobBody, settings: Settings, priority: int) -> None:
        """Keep the job.

        Args:
            job: The body of the request.
            settings: The settings of the API.
            priority: The priority of a job of a session; that of others is 0.
        """
        self._job, self._settings = job, settings
        self._priority = priority if job.session_id else 0
        self._device = device_name(job.backend)
        self._budget = CircuitBudget(settings.max_body_bytes)  # as much as POST /batches takes
        if job.session_id is not None:
            check_session(job.session_id)

    def to_spec(self) -> TaskSpec | BatchSpec:
        """Return the task, or the batch of a job with several circuits.

        Raises:
            RequestError: a field is not valid; the message names it.
        """
        job = self._job
        if job.type == MULTI_CIRCUIT:
            return self._batch(parse_part(CircuitsInput, job.input, "input"))
        if job.type == OPENQASM:
            return self._program(parse_part(OpenQasmInput, job.input, "input"))
        single = parse_part(CircuitInput, job.input, "input")
        return self._task(single, "input.circuit", self._record(CIRCUIT), self._tags())

    def _batch(self, several: CircuitsInput) -> BatchSpec:
        count = len(several.circuits)
        if count > MAX_BATCH_TASKS:
            raise InvalidRequest(
                f"input.circuits: must be at most {MAX_BATCH_TASKS:,}; got {count:,}"
            )
        tasks, qubits = [], 0
        for index, fields in enumerate(several.circuits):
            place = f"input.circuits.{index}"
            item = parse_part(ChildCircuit, fields, place)
            single = CircuitInput(
                qubits=item.qubits or several.qubits or self._missing_qubits(),
                circuit=item.circuit,
                gateset=item.gateset or several.gateset,
            )
            qubits = max(qubits, single.qubits)
            record = JobRecord(
                backend=self._job.backend,
                name=item.name,
                shots=self._job.shots,
                noise=self._noise(),
            )
            tasks.append(self._task(single, f"{place}.circuit", record, ()))
        record = self._record(MULTI_CIRCUIT).model_copy(update={"qubits": qubits})
        return BatchSpec(tasks, task_name(self._job.name), self._tags(), record.to_metadata())

    def _missing_qubits(self) -> int:
        raise InvalidRequest("input.qubits: field required")

    def _task(
        self, single: CircuitInput, place: str, record: JobRecord, tags: tuple[str, ...]
    ) -> TaskSpec:
        """Return the task of one JSON circuit."""
        limit = self._settings.max_qubits
        if single.qubits > limit:
            raise InvalidRequest(f"input.qubits: must be at most {limit:,}; got {single.qubits:,}")
        circuit = translate(single.circuit, single.qubits, single.gateset, place, self._budget)
        gates = (circuit.one_qubit_gates, circuit.two_qubit_gates)
        exact = record.should_be_exact and single.qubits <= MAX_TABLE_QUBITS
        record = record.model_copy(update={"qubits": single.qubits, "gates": gates})
        outputs = [COUNTS, *([PROBABILITIES] if exact else [])]
        if self._job.shots * (single.qubits + 4) <= self._settings.max_result_bytes // 4:
            outputs.append(MEMORY)
        return self._spec(circuit.text, record, tags, outputs, single.gateset)

    def _program(self, program: OpenQasmInput) -> TaskSpec:
        """Return the task of a program in OpenQASM 3, which is not read here."""
        record = self._record(OPENQASM).model_copy(update={"qubits": program.qubits or 0})
        return self._spec(program.data, record, self._tags(), [COUNTS, MEMORY, REGISTERS], QIS)

    def _spec(
        self,
        text: str,
        record: JobRecord,
        tags: tuple[str, ...],
        outputs: list[str],
        gate_set: str,
    ) -> TaskSpec:
        noise = noise_option(self._job.noise_model, gate_set)
        device = None if self._device == SIMULATOR else self._device
        options = {"return": outputs, "noise": noise, "backend": device}
        present = {name: value for name, value in options.items() if value is not None}
        return TaskSpec(
            text,
            shots=self._job.shots,
            seed=self._job.noise.seed if self._job.noise else None,
            name=task_name(record.name),
            tags=tags,
            priority=self._priority,
            options=json.dumps(present, separators=(",", ":")),
            metadata=record.to_metadata(),
        )

    def _record(self, kind: str) -> JobRecord:
        job = self._job
        return JobRecord(
            type=kind,
            backend=job.backend,
            name=job.name,
            shots=job.shots,
            noise=self._noise(),
            settings=job.settings.model_dump(exclude_none=True) if job.settings else None,
            session_id=job.session_id,
            metadata=job.metadata,
        )

    def _noise(self) -> dict[str, Any] | None:
        return self._job.noise.model_dump(exclude_none=True) if self._job.noise else None

    def _tags(self) -> tuple[str, ...]:
        session = self._job.session_id
        return (TAG, *([SESSION_TAG + session] if session else []))
