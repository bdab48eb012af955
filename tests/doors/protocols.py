"""For each door: its credentials, its jobs, and values for the parameters of its paths."""

import base64
import io
import json
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from qiskit import QuantumCircuit, qpy

from quantumtask.api.http.door import Door, DoorRoute
from quantumtask.doors.braket.arns import device_arn, task_arn
from quantumtask.doors.ibm.cloud import PLAN
from quantumtask.doors.ibm.sessions import SessionId
from quantumtask.doors.ionq.job_view import SHOTS_FORMAT
from quantumtask.doors.qbraid.devices import qrn_of
from quantumtask.doors.registry import open_doors
from quantumtask.shared.settings import Settings
from tests.support.services import BELL

Ids = Mapping[str, str]

UNKNOWN = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Protocol:
    """A door as its clients know it.

    Attributes:
        headers: Returns the headers that carry a token.
        parameters: Values of parameters of paths that are no id of a job.
        ids: The parameters that are ids of jobs.
        submit: Submits jobs, awaits their end, and returns the ids of each as parameters of paths.
        may_lack: Returns True for a path that a job may not have although the job exists.
        lists: The paths of lists of jobs.
        refused_at_the_end: Ends of the paths of calls that a job that has ended refuses.
        bodies: Returns the body of a call that needs one, for the name of a tenant, by the end of
            the path.
    """

    headers: Callable[[str], Mapping[str, str]]
    parameters: Ids
    ids: tuple[str, ...]
    submit: Callable[[httpx.Client, str], list[Ids]]
    may_lack: Callable[[str], bool]
    lists: tuple[str, ...]
    refused_at_the_end: tuple[str, ...] = ()
    bodies: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)


def qpy_json(circuit: QuantumCircuit) -> dict[str, str]:
    """Return a circuit as qiskit-ibm-runtime sends it."""
    with io.BytesIO() as file:
        qpy.dump(circuit, file)
        text = base64.b64encode(zlib.compress(file.getvalue())).decode()
    return {"__type__": "QuantumCircuit", "__value__": text}


def submit_to_ionq(http: httpx.Client, name: str) -> list[Ids]:
    calls = [{"gate": "h", "target": 0}]
    common = {"backend": "simulator", "name": f"name-of-{name}", "shots": 10}
    jobs = [
        {"type": "ionq.circuit.v1", "input": {"qubits": 1, "circuit": calls}},
        {
            "type": "ionq.multi-circuit.v1",
            "input": {"qubits": 1, "circuits": [{"circuit": calls}, {"circuit": calls}]},
        },
    ]
    answers = [http.post("/v0.4/jobs", json={**common, **job}) for job in jobs]
    ids = [answer.json()["id"] for answer in answers]
    http.get(f"/tasks/{ids[0]}", params={"wait": 30})
    http.get(f"/batches/{ids[1]}", params={"wait": 30})
    return [{"job_id": each} for each in ids]


SIMULATOR_QRN = qrn_of("simulator")


def submit_to_qbraid(http: httpx.Client, name: str) -> list[Ids]:
    program = {"format": "qasm3", "data": BELL}
    common = {"deviceQrn": SIMULATOR_QRN, "name": f"name-of-{name}", "shots": 10}
    answers = [
        http.post("/qbraid/api/v1/jobs", json={**common, "program": each})
        for each in (program, [program, program])
    ]
    ids = [answer.json()["data"]["jobQrn"] for answer in answers]
    http.get(f"/tasks/{ids[0]}", params={"wait": 30})
    http.get(f"/batches/{ids[1]}", params={"wait": 30})
    return [{"job_qrn": each} for each in ids]


SV1 = device_arn("sv1")


def braket_body(source: str, shots: int = 10, **more: Any) -> dict[str, Any]:
    """Return a body of `CreateQuantumTask`."""
    header = {"name": "braket.ir.openqasm.program", "version": "1"}
    action = {"braketSchemaHeader": header, "source": source, "inputs": {}}
    return {
        "clientToken": str(uuid.uuid4()),
        "deviceArn": SV1,
        "shots": shots,
        "outputS3Bucket": "bucket",
        "outputS3KeyPrefix": "tasks",
        "action": json.dumps(action),
        **more,
    }


def submit_to_braket(http: httpx.Client, name: str) -> list[Ids]:
    body = braket_body("qubit[1] q; h q[0];", tags={"name": f"name-of-{name}"})
    arn = http.post("/aws/quantum-task", json=body).json()["quantumTaskArn"]
    task_id = arn.rpartition("/")[2]
    http.get(f"/tasks/{task_id}", params={"wait": 30})
    return [{"task_arn": task_arn(task_id), "key": f"tasks/{task_id}/results.json"}]


def submit_to_ibm(http: httpx.Client, name: str) -> list[Ids]:
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    pub = [qpy_json(circuit), [], 10]
    common = {"program_id": "sampler", "backend": "simulator", "tags": [f"name-of-{name}"]}
    answers = [
        http.post(
            "/ibm/experimental/jobs",
            json={**common, "params": {"pubs": pubs, "version": 2, "support_qiskit": True}},
        )
        for pubs in ([pub], [pub, pub])
    ]
    ids = [answer.json()["id"] for answer in answers]
    http.get(f"/tasks/{ids[0]}", params={"wait": 30})
    http.get(f"/batches/{ids[1]}", params={"wait": 30})
    return [{"job_id": each} for each in ids]


IBM_SESSION = str(SessionId(UNKNOWN, "dedicated", None, "simulator"))

PROTOCOLS = {
    "ionq": Protocol(
        headers=lambda token: {"Authorization": f"apiKey {token}"},
        parameters={
            "backend": "simulator", "session_id": UNKNOWN, "artifact_id": SHOTS_FORMAT,
            "characterization_id": UNKNOWN,
        },
        ids=("job_id",),
        submit=submit_to_ionq,
        may_lack=lambda path: path.endswith("/results/shots") or "/artifacts/" in path,
        lists=("/jobs",),
    ),
    "qbraid": Protocol(
        headers=lambda token: {"X-API-Key": token},
        parameters={"device_qrn": SIMULATOR_QRN},
        ids=("job_qrn",),
        submit=submit_to_qbraid,
        may_lack=lambda path: path.endswith("/compiled-program"),
        refused_at_the_end=("/cancel",),
        lists=("/api/v1/jobs",),
    ),
    "braket": Protocol(
        headers=lambda token: {"X-Amz-Security-Token": token},
        parameters={"device_arn": SV1, "bucket": "bucket"},
        ids=("task_arn", "key"),
        submit=submit_to_braket,
        may_lack=lambda _: False,
        refused_at_the_end=("/cancel",),
        lists=(),
    ),
    "ibm": Protocol(
        headers=lambda token: {"Authorization": f"apikey {token}"},
        parameters={"backend": "simulator", "plan_id": PLAN, "session_id": IBM_SESSION},
        ids=("job_id",),
        submit=submit_to_ibm,
        may_lack=lambda _: False,
        refused_at_the_end=("/cancel",),
        lists=("/experimental/jobs",),
        bodies={"/tags": lambda name: {"tags": [f"name-of-{name}"]}},
    ),
}  # fmt: skip

DOORS = open_doors(Settings())
ROUTES = [(door, route) for door in DOORS for route in door.routes]


def path_of(door: Door, route: DoorRoute, ids: Mapping[str, Any] | None = None) -> str:
    """Return the path of a route with values for its parameters; without ids, that of no job."""
    protocol = PROTOCOLS[door.name]
    unknown = dict.fromkeys(protocol.ids, UNKNOWN)
    path = route.path.replace(":path}", "}")
    return door.root + path.format_map({**protocol.parameters, **unknown, **(ids or {})})


def of_a_job(door: Door, route: DoorRoute) -> bool:
    """Return True if a route has the id of a job in its path."""
    return any(f"{{{name}" in route.path for name in PROTOCOLS[door.name].ids)
