"""Examples of the service's routes, and of what the worker answers, as instances of the models."""

import json
from dataclasses import asdict

from quantumtask.api.routes.task_examples import PROBLEM, SUBMITTED_AT
from quantumtask.api.schemas.responses import (
    BackendList,
    BackendSummary,
    BackendView,
    CircuitProblem,
    EngineList,
    EngineMethod,
    EngineView,
    EstimateView,
    ExpectedWaitView,
    GateView,
    HealthView,
    MedianErrors,
    QubitView,
    ReadinessView,
    RegisterView,
    ValidationView,
    VariableView,
)
from quantumtask.api.serialization.task_json import queue_json
from quantumtask.shared.queue_stats import OwnerQueue, QueueStats

_VALID = ValidationView(
    valid=True,
    problems=[],
    inputs=[VariableView(name="theta", type="float")],
    outputs=[VariableView(name="c", type="bit")],
    registers=[RegisterView(name="c", size=1)],
    qubits=1,
    operations=2,
)
_INVALID = _VALID.model_copy(
    update={
        "valid": False,
        "problems": [CircuitProblem.model_validate(asdict(PROBLEM))],
        "operations": None,
    }
)
VALIDATED = {"valid": _VALID.model_dump(mode="json"), "invalid": _INVALID.model_dump(mode="json")}
ESTIMATED = {
    "estimate": EstimateView(
        engine="lightning",
        engine_version="0.45.0",
        method="statevector",
        precision="double",
        reason="the fastest state vector for 2 qubits",
        qubits=2,
        shots=1024,
        memory_bytes=128,
        seconds=0.0004,
    ).model_dump(mode="json")
}

_METHOD = EngineMethod(
    name="statevector",
    precision="double",
    runs="circuits that measure at their end",
    bytes_per_amplitude=16,
    most_qubits=27,
)
ENGINES_ANSWER = {
    "engines": EngineList(
        engines=[
            EngineView(name="lightning", version="0.45.0", installed=True, methods=[_METHOD]),
            EngineView(name="stim", version=None, installed=False, methods=[]),
        ],
        default="auto",
        slot_memory_bytes=6_871_947_673,
    ).model_dump(mode="json")
}

_EXPECTED_WAIT = ExpectedWaitView(waiting=3, expected_wait_s=0.4)
_SIMULATOR = BackendSummary(
    name="simulator",
    description="ideal; more qubits where the circuit is Clifford or little entangled",
    qubits=28,
    noisy=False,
    basis_gates=["ccx", "ch", "cp"],
    calibrated=None,
    median_errors=None,
)
_MANILA = BackendSummary(
    name="fake_manila",
    description="IBM's Manila, Falcon r5.11",
    qubits=5,
    noisy=True,
    basis_gates=["cx", "id", "rz", "sx", "x"],
    calibrated="2024-05-27",
    median_errors=MedianErrors(one_qubit=0.00035, two_qubit=0.0101, readout=0.0219),
)
BACKENDS = {
    "backends": BackendList(backends=[_SIMULATOR, _MANILA], queue=_EXPECTED_WAIT).model_dump(
        mode="json"
    )
}
_QUBIT = QubitView(
    t1_us=161.7, t2_us=103.5, frequency_ghz=4.96, readout_error=0.0285, readout_ns=5351.1
)
BACKEND = {
    "device": BackendView(
        **_MANILA.model_dump(),
        coupling_map=[[0, 1], [1, 0]],
        dt_ns=0.222222222222,
        gates=[GateView(name="cx", qubits=[0, 1], error=0.0088, duration_ns=277.3)],
        qubits_properties=[_QUBIT],
        queue=_EXPECTED_WAIT,
    ).model_dump(mode="json")
}

_OWNERS = (OwnerQueue("alice", 0, 10_000, 2), OwnerQueue("bob", 0, 1, 0))
_QUEUE = QueueStats(_OWNERS, workers=1, slots=2, oldest_at=SUBMITTED_AT)
QUEUE = {"queue": json.loads(queue_json(_QUEUE))}
HEALTH = {"alive": HealthView().model_dump()}
READY_ANSWER = {"ready": ReadinessView(ready=True, database=True, worker=True).model_dump()}
