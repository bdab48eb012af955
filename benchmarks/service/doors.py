"""Jobs through doors beside the same circuit through the service's own API and client.

usage: python -m benchmarks.service.doors [--jobs 40]

One client, one job after the other, each from its submission to its counts or probabilities; the
ways take turns, so that other load meets all of them. Clients of other clouds poll; they do so here
every 5 ms, except qiskit-ibm-runtime, which polls every half second. The processor time is that of
this process, which is the client, and that of the service with its slots.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil
from qiskit import QuantumCircuit
from tests.doors.protocols import qpy_json
from tests.support.services import BELL, Service

from quantumtask.cli.client_variables import CLIENT_VARIABLES

POLL_S = 0.005
SHOTS = 100
TURN = 10
"""Jobs of a way before the next one takes its turn."""

Job = Callable[[], Any]
IONQ_BELL = {
    "type": "ionq.circuit.v1",
    "shots": SHOTS,
    "input": {
        "qubits": 2,
        "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}],
    },
}

QBRAID_BELL = {
    "deviceQrn": "quantumtask:quantumtask:sim:simulator",
    "shots": SHOTS,
    "program": {"format": "qasm3", "data": BELL},
}
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"


def native_http(http: httpx.Client) -> Any:
    body = {"circuit": BELL, "shots": SHOTS, "return": ["counts", "probabilities"]}
    return http.post("/tasks", params={"wait": 30}, json=body).json()["result"]


def ionq_http(http: httpx.Client) -> Any:
    job = http.post("/v0.4/jobs", json=IONQ_BELL).json()["id"]
    while http.get(f"/v0.4/jobs/{job}").json()["status"] != "completed":
        time.sleep(POLL_S)
    return http.get(f"/v0.4/jobs/{job}/results/probabilities").json()


def qbraid_http(http: httpx.Client) -> Any:
    jobs = "/qbraid/api/v1/jobs"
    job = http.post(jobs, json=QBRAID_BELL).json()["data"]["jobQrn"]
    while http.get(f"{jobs}/{job}").json()["data"]["status"] != "COMPLETED":
        time.sleep(POLL_S)
    return http.get(f"{jobs}/{job}/result").json()["data"]["resultData"]["measurementCounts"]


def braket_http(http: httpx.Client) -> Any:
    action = {
        "braketSchemaHeader": {"name": "braket.ir.openqasm.program", "version": "1"},
        "source": "OPENQASM 3.0; qubit[2] q; h q[0]; cnot q[0], q[1];",
    }
    body = {
        "clientToken": str(uuid.uuid4()),
        "deviceArn": SV1,
        "shots": SHOTS,
        "outputS3Bucket": "bucket",
        "outputS3KeyPrefix": "tasks",
        "action": json.dumps(action),
    }
    arn = http.post("/aws/quantum-task", json=body).json()["quantumTaskArn"]
    path = f"/aws/quantum-task/{quote(arn, safe='')}"
    while (task := http.get(path).json())["status"] != "COMPLETED":
        time.sleep(POLL_S)
    folder = f"{task['outputS3Bucket']}/{task['outputS3Directory']}"
    return http.get(f"/aws/{folder}/results.json").json()["measurements"]


def ibm_http(http: httpx.Client) -> Any:
    params = {"pubs": [[qpy_json(qiskit_bell()), [], SHOTS]], "version": 2, "support_qiskit": True}
    body = {"program_id": "sampler", "backend": "simulator", "params": params}
    job = f"/ibm/experimental/jobs/{http.post('/ibm/experimental/jobs', json=body).json()['id']}"
    while http.get(f"{job}?exclude_params=true").json()["status"] != "Completed":
        time.sleep(POLL_S)
    return http.get(f"{job}/results").json()


def qiskit_bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def native_client(url: str) -> Job:
    from quantumtask.client import Client

    client = Client(url)
    return lambda: client.submit(BELL, shots=SHOTS).result().counts


def qiskit_ionq(url: str) -> Job:
    from qiskit_ionq import IonQProvider

    circuit = qiskit_bell()
    os.environ["IONQ_API_URL"] = f"{url}/v0.4"
    backend = IonQProvider(token="any").get_backend("simulator")
    return lambda: backend.run(circuit, shots=SHOTS).result(wait=POLL_S).get_counts()


def cirq_ionq(url: str) -> Job:
    import cirq
    from cirq_ionq import Service as IonQService

    one, two = cirq.LineQubit.range(2)
    bell = cirq.Circuit(cirq.H(one), cirq.CNOT(one, two), cirq.measure(one, two, key="m"))
    service = IonQService(remote_host=url, api_key="any")

    def run() -> Any:
        job = service.create_job(bell, repetitions=SHOTS, target="simulator")
        return job.results(polling_seconds=POLL_S)

    return run


def qbraid_client(url: str) -> Job:
    from qbraid.runtime import QbraidProvider

    os.environ.update(CLIENT_VARIABLES["qbraid"].of_service(url, "any"))
    device = QbraidProvider().get_device(QBRAID_BELL["deviceQrn"])

    def run() -> Any:
        job = device.run(BELL, shots=SHOTS)
        job.wait_for_final_state(timeout=30, poll_interval=POLL_S)
        return job.result().data.get_counts()

    return run


def braket_client(url: str) -> Job:
    from braket.aws import AwsDevice
    from braket.circuits import Circuit

    os.environ.update(CLIENT_VARIABLES["braket"].of_service(url, "any"))
    device, bell = AwsDevice(SV1), Circuit().h(0).cnot(0, 1)

    def run() -> Any:
        task = device.run(bell, shots=SHOTS, poll_interval_seconds=POLL_S)
        return task.result().measurement_counts

    return run


def ibm_client(url: str) -> Job:
    from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2

    os.environ.update(CLIENT_VARIABLES["ibm"].of_service(url, "any"))
    sampler = SamplerV2(QiskitRuntimeService().backend("simulator"))
    circuit = qiskit_bell()
    return lambda: sampler.run([circuit], shots=SHOTS).result()[0].data.c.get_counts()


def service_time_s(service: Service) -> float:
    """Return the processor time of all processes of a service."""
    roots = [psutil.Process(each.popen.pid) for each in service.processes]
    processes = {each for root in roots for each in (root, *root.children(recursive=True))}
    return sum(sum(each.cpu_times()[:2]) for each in processes)


class Figures:
    """Latencies of a way, and the processor time of client and service, in seconds."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.client = self.service = 0.0

    def add(self, service: Service, job: Job, jobs: int) -> None:
        """Run some jobs one after the other."""
        client, server = time.process_time(), service_time_s(service)
        for _ in range(jobs):
            started = time.perf_counter()
            assert job()
            self.latencies.append(time.perf_counter() - started)
        self.client += time.process_time() - client
        self.service += service_time_s(service) - server

    def __str__(self) -> str:
        jobs = len(self.latencies)
        times = statistics.median(self.latencies), self.client / jobs, self.service / jobs
        return "{:9.1f} {:9.1f} {:10.1f}".format(*(1e3 * each for each in times))


def ways_of(service: Service) -> dict[str, Job]:
    """Return each way from a circuit to its counts."""
    http, url = service.http, service.url
    return {
        "POST /tasks?wait": lambda: native_http(http),
        "quantumtask.Client": native_client(url),
        "IonQ's protocol": lambda: ionq_http(http),
        "qiskit-ionq": qiskit_ionq(url),
        "cirq-ionq": cirq_ionq(url),
        "Braket's protocol": lambda: braket_http(http),
        "amazon-braket-sdk": braket_client(url),
        "qBraid's protocol": lambda: qbraid_http(http),
        "qbraid": qbraid_client(url),
        "IBM's protocol": lambda: ibm_http(http),
        "qiskit-ibm-runtime": ibm_client(url),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=40, help="jobs of each way, in turns of ten")
    jobs = parser.parse_args().jobs
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), slots=1).start()
        try:
            ways = ways_of(service)
            figures = {name: Figures() for name in ways}
            for job in ways.values():
                job()
            load = os.getloadavg()[0]
            for _ in range(0, jobs, TURN):
                for name, job in ways.items():
                    figures[name].add(service, job, TURN)
            print(f"load average {load:.1f} before, {os.getloadavg()[0]:.1f} after")
            print(f"{'way':24} {'median ms':>9} {'client ms':>9} {'service ms':>10}")
            for name, each in figures.items():
                print(f"{name:24} {each}")
        finally:
            service.stop()


if __name__ == "__main__":
    main()
