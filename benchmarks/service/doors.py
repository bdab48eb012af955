"""Jobs through doors beside the same circuit through the service's own API and client.

usage: python -m benchmarks.service.doors [--jobs 40]

One client, one job after the other, each from its submission to its counts or probabilities.
Clients of other clouds poll; they do so here every 5 ms. The processor time is that of this
process, which is the client, and that of the service with its slots.
"""

import argparse
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
from tests.support.services import BELL, Service

POLL_S = 0.005
SHOTS = 100

Job = Callable[[], Any]
IONQ_BELL = {
    "type": "ionq.circuit.v1",
    "shots": SHOTS,
    "input": {
        "qubits": 2,
        "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}],
    },
}


def native_http(http: httpx.Client) -> Any:
    body = {"circuit": BELL, "shots": SHOTS, "return": ["counts", "probabilities"]}
    return http.post("/tasks", params={"wait": 30}, json=body).json()["result"]


def ionq_http(http: httpx.Client) -> Any:
    job = http.post("/v0.4/jobs", json=IONQ_BELL).json()["id"]
    while http.get(f"/v0.4/jobs/{job}").json()["status"] != "completed":
        time.sleep(POLL_S)
    return http.get(f"/v0.4/jobs/{job}/results/probabilities").json()


def native_client(url: str) -> Job:
    from quantumtask.client import Client

    client = Client(url)
    return lambda: client.submit(BELL, shots=SHOTS).result().counts


def qiskit_ionq(url: str) -> Job:
    from qiskit import QuantumCircuit
    from qiskit_ionq import IonQProvider

    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
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


def service_time_s(service: Service) -> float:
    """Return the processor time of all processes of a service."""
    roots = [psutil.Process(each.popen.pid) for each in service.processes]
    processes = {each for root in roots for each in (root, *root.children(recursive=True))}
    return sum(sum(each.cpu_times()[:2]) for each in processes)


def measure(service: Service, job: Job, jobs: int) -> tuple[float, float, float]:
    """Return the median latency, and the processor time of client and service for a job, in ms."""
    latencies, client, server = [], time.process_time(), service_time_s(service)
    for _ in range(jobs):
        started = time.perf_counter()
        assert job()
        latencies.append(time.perf_counter() - started)
    client, server = time.process_time() - client, service_time_s(service) - server
    return statistics.median(latencies) * 1e3, client / jobs * 1e3, server / jobs * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=40)
    jobs = parser.parse_args().jobs
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), slots=1).start()
        try:
            ways: dict[str, Job] = {
                "POST /tasks?wait": lambda: native_http(service.http),
                "POST /v0.4/jobs, polls": lambda: ionq_http(service.http),
                "quantumtask.Client": native_client(service.url),
                "qiskit-ionq": qiskit_ionq(service.url),
                "cirq-ionq": cirq_ionq(service.url),
            }
            for job in ways.values():
                job()
            print(f"{'way':24} {'median ms':>9} {'client ms':>9} {'service ms':>10}")
            for name, job in ways.items():
                print("{:24} {:9.1f} {:9.1f} {:10.1f}".format(name, *measure(service, job, jobs)))
        finally:
            service.stop()


if __name__ == "__main__":
    main()
