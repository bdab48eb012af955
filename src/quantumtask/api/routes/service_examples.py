"""Examples of the service's routes, and of what the worker answers, as instances of the models."""

import json
from dataclasses import asdict

from quantumtask.api.routes.task_examples import ID, PROBLEM, SUBMITTED_AT
from quantumtask.api.schemas.activity import service_view
from quantumtask.api.schemas.principal import LoginView, PrincipalView, SessionView
from quantumtask.api.schemas.queue import ExpectedWaitView
from quantumtask.api.schemas.responses import (
    BackendList,
    BackendSummary,
    BackendView,
    CircuitProblem,
    EngineList,
    EngineMethod,
    EngineView,
    EstimateView,
    GateView,
    HealthView,
    MedianErrors,
    QubitView,
    ReadinessView,
    RegisterView,
    ValidationView,
    VariableView,
)
from quantumtask.api.schemas.tokens import NewTokenView, token_list, token_view
from quantumtask.api.schemas.usage import usage_view
from quantumtask.api.serialization.task_json import queue_json
from quantumtask.shared.activity import Activity, HeldTask, LiveWorker, MinuteSum
from quantumtask.shared.limits import Limits
from quantumtask.shared.principal import Role
from quantumtask.shared.queue_stats import DayUsage, OwnerQueue, QueueStats
from quantumtask.shared.settings import Settings
from quantumtask.shared.tokens import AccessToken

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
        threads=1,
        slots=1,
    ).model_dump(mode="json")
}

_METHOD = EngineMethod(
    name="statevector",
    precision="double",
    runs="circuits that measure at their end",
    bytes_per_amplitude=16,
    most_qubits=27,
    speedup=1.0,
)
ENGINES_ANSWER = {
    "engines": EngineList(
        engines=[
            EngineView(name="lightning", version="0.45.0", installed=True, methods=[_METHOD]),
            EngineView(name="stim", version=None, installed=False, methods=[]),
        ],
        default="auto",
        slot_memory_bytes=6_871_947_673,
        slots=2,
        threads=2,
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

_OWNERS = (OwnerQueue("default", "alice", 0, 10_000, 2), OwnerQueue("default", "bob", 0, 1, 0))
_QUEUE = QueueStats(_OWNERS, workers=1, slots=2, oldest_at=SUBMITTED_AT)
QUEUE = {"queue": json.loads(queue_json(_QUEUE))}
USAGE = {
    "usage": usage_view(
        [
            DayUsage(20_787, "physics", 1_204, 1_232_896, 3_511.25, 90_417),
            DayUsage(20_786, "physics", 87, 89_088, 120.5, 7_308),
        ]
    ).model_dump()
}
PRINCIPAL = {
    "user": PrincipalView(name="ada", project="physics", role=Role.USER).model_dump(mode="json")
}
LOGIN = {
    "provider": LoginView(
        issuer="https://sso.example.org/realms/physics", client_id="quantumtask"
    ).model_dump()
}
_SENDER = PrincipalView(name="ada", project="physics", role=Role.USER)
_SESSION = SessionView(
    authentication=True, openid=False, principal=_SENDER, expires_at="2026-11-30T18:00:00.000Z"
)
SESSIONS = {
    "session": _SESSION.model_dump(mode="json"),
    "none": SessionView(
        authentication=True, openid=True, principal=None, expires_at=None
    ).model_dump(mode="json"),
}
_ACTIVITY = Activity(
    now=SUBMITTED_AT + 3.0,
    workers=[LiveWorker("0b6f-worker", 2, 1000.0, 1.2, 1)],
    tasks=[HeldTask("0b6f-worker", ID, "physics", "ada", "vqe", "auto", 1024, SUBMITTED_AT)],
    minutes=[MinuteSum(int(SUBMITTED_AT // 60), 12, 1, 0, 13, 6.5, 2.0)],
)
SERVICE = {
    "service": service_view(
        _QUEUE, _ACTIVITY, Limits(max_slots=8), Limits(), Settings()
    ).model_dump(mode="json")
}
_TOKEN = AccessToken("qt_mVZ1rWq2", "", "ada", "physics", "user", SUBMITTED_AT, None, None)
TOKENS = {"tokens": token_list([_TOKEN], SUBMITTED_AT).model_dump(mode="json")}
NEW_TOKEN = {
    "new": NewTokenView(
        **token_view(_TOKEN, SUBMITTED_AT).model_dump(), token="qt_mVZ1rWq2…"
    ).model_dump(mode="json")
}
REVOKED_TOKEN = {
    "revoked": token_view(
        _TOKEN._replace(revoked_at=SUBMITTED_AT + 60), SUBMITTED_AT + 60
    ).model_dump(mode="json")
}
HEALTH = {"alive": HealthView().model_dump()}
READY_ANSWER = {"ready": ReadinessView(ready=True, database=True, worker=True).model_dump()}
