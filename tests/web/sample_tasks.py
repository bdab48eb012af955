"""Tasks of every kind and state, for the pictures of the pages."""

from typing import Any

from tests.support.secured_service import SecuredService
from tests.support.services import BELL, ENDLESS, Service, until

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
BAD = HEAD + "qubit[2] q;\nhh q[0];\ncx q[0], q[7];\n"
ROTATION = HEAD + "input float theta;\nqubit[2] q;\nbit[2] c;\nry(theta) q[0];\ncx q[0], q[1];\n"
MEASURED = ROTATION + "c = measure q;\n"
OUTPUTS = (
    HEAD + "output int tries;\nqubit q;\nbit c;\ntries = 0;\n"
    "while (c == 0 && tries < 8) {\n  h q;\n  c = measure q;\n  tries = tries + 1;\n}\n"
)
LARGE = HEAD + "qubit[12] q;\nbit[12] c;\nh q;\nc = measure q;\n"
ANGLES = [k / 10 for k in range(63)]
NAMES = ("calibration of qubit 3", "bell", "vqe step", "ghz-20", None)
TAGS: tuple[list[str], ...] = (["nightly"], [], ["paper", "figure-2"], [])


def fill(service: Service) -> dict[str, str]:
    """Submit tasks of every kind, and return their pages."""
    client, owner = service.http, {"owner": "mira"}
    if isinstance(service, SecuredService):
        client, owner = service.as_principal("ada"), {}

    def submit(circuit: str = BELL, **fields: Any) -> str:
        answer = client.post("/tasks", json={"circuit": circuit, **fields})
        assert answer.status_code == 200, answer.text
        task_id: str = answer.json()["task_id"]
        return task_id

    for number in range(60):
        submit(name=NAMES[number % 5], tags=TAGS[number % 4], shots=1000 + number)
    kinds = {
        "task": submit(name="bell", tags=["demo"], metadata={"run": 7}, **owner),
        "values": submit(HEAD + "qubit[2] q;\nh q[0];\ncx q[0], q[1];\n", name="correlations",
                         observables=["ZZ", [["XX", 0.5], ["YY", -0.5]]]),
        "state": submit(HEAD + "qubit[3] q;\nh q[0];\ncx q[0], q[1];\nt q[1];\nry(0.4) q[2];\n",
                        name="state", **{"return": ["statevector"]}),
        "noisy": submit(name="on a device", backend="fake_manila", shots=4000),
        "many": submit(LARGE, name="uniform", shots=20_000),
        "outputs": submit(OUTPUTS, name="repeat until success"),
        "failed": submit(BAD, name="typo"),
        "sweep": submit(ROTATION, name="rotation", parameters={"theta": ANGLES},
                        observables=[["ZI"], ["XX"]]),
        "sweep-counts": submit(MEASURED, parameters={"theta": ANGLES[::4]}),
    }  # fmt: skip
    items: list[dict[str, Any]] = [
        {"circuit": MEASURED, "parameters": {"theta": angle}} for angle in ANGLES[::5]
    ]
    batch = {"tasks": [*items, {"circuit": BAD}], "name": "calibration", "tags": ["nightly"]}
    done = client.post("/batches", json=batch).json()["batch_id"]
    until(lambda: client.get(f"/batches/{done}").json()["finished_at"], 120, service.logs)
    for task in kinds.values():
        until(lambda task=task: client.get(f"/tasks/{task}").json()["finished_at"], 120)
    running = [submit(ENDLESS, name="ising, 26 qubits", **owner) for _ in range(2)]
    cancelled = submit(name="stopped", tags=["demo"])
    client.post(f"/tasks/{cancelled}/cancel")
    waiting = [submit(name=f"waits {k}") for k in range(3)]
    until(lambda: client.get(f"/tasks/{running[0]}").json()["state"] == "running", 60)
    pending = {"tasks": [*items, *items], "name": "ramsey", "tags": []}
    open_batch = client.post("/batches", json=pending).json()["batch_id"]
    tasks = {**kinds, "cancelled": cancelled, "running": running[0], "waiting": waiting[-1]}
    return {
        **{name: f"tasks/{task}" for name, task in tasks.items()},
        "batch": f"batches/{done}",
        "batch-open": f"batches/{open_batch}",
    }
