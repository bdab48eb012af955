"""`GET /tasks/{id}/request` returns the body that submits the same task again."""

import json
import uuid
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quantumtask.api.schemas.requests import OPTION_FIELDS, SubmitRequest, parse_task
from quantumtask.api.serialization.request_json import request_json
from quantumtask.shared.errors import RequestError
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission, TaskSpec
from tests.support.cases import check_each
from tests.support.secured_service import SecuredService
from tests.support.services import BELL, Service
from tests.support.sizes import examples
from tests.support.stores import FullStore

ROTATION = 'include "stdgates.inc"; input float a; qubit q; bit c; ry(a) q; c = measure q;'
NOISE = {
    "depolarizing": {"one_qubit": 0.001, "two_qubit": 0.01},
    "readout": {"zero_as_one": 0.02, "one_as_zero": 0.03},
}
REQUESTS: dict[str, dict[str, Any]] = {
    "nothing but a circuit": {"circuit": "// π\r\n\t" + BELL},
    "labels": {
        "circuit": BELL, "name": 'a "name" 🚀', "tags": ["x", "y"], "owner": "mira", "priority": 3,
        "metadata": {"π": [None, True, 2**70]},
    },
    "a run": {
        "circuit": BELL, "shots": 77, "seed": 2**63 - 1, "memory": True, "timeout_s": 12.5,
        "engine": "aer", "method": "density_matrix", "noise": NOISE,
    },
    "a device": {"circuit": BELL, "backend": "fake_manila", "compile": "always"},
    "exact values": {
        "circuit": BELL, "observables": ["ZZ", [["XX", 0.5]]], "precision": 0,
        "return": ["expectation_values"],
    },
    "a sweep": {"circuit": ROTATION, "parameters": {"a": [0.1, 0.2, 1e-300]}, "shots": 10},
    "large parameters": {"circuit": ROTATION, "parameters": {"a": [0.125] * 20_000}, "shots": 1},
    "an approximation": {
        "circuit": BELL, "engine": "quantumtask", "method": "matrix_product_state", "max_bond": 4,
    },
}  # fmt: skip


def test_the_request_of_a_task_is_what_was_submitted_and_submits_it_again(service: Service) -> None:
    def check(body: dict[str, Any]) -> None:
        path = f"/tasks/{service.submit(**body)}/request"
        answer = service.http.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == body
        again = service.http.post("/tasks", content=answer.content).raise_for_status()
        repeated = service.http.get(f"/tasks/{again.json()['task_id']}/request")
        assert json.loads(repeated.content) == body

    check_each(REQUESTS, check)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with any of the fields, each of which may be null, too."""
    return st.fixed_dictionaries({}, optional={k: st.none() | v for k, v in fields.items()})


def present(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
LABELS = TEXTS.filter(lambda text: text != "" and text.isprintable())
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
RATES = st.floats(0, 0.5)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(TEXTS, values, max_size=3),
    max_leaves=6,
)
ARRAY = {"dtype": "<f8", "shape": [1], "data": "AAAAAAAA8D8="}
ERRORS: dict[str, Any] = {
    "errors": [{
        "type": "qerror", "operations": ["x"], "probabilities": [0.1, 0.9],
        "instructions": [[{"name": name, "qubits": [0]}] for name in ("x", "id")],
    }]
}  # fmt: skip
BY_RATES = present(
    depolarizing=st.fixed_dictionaries({"one_qubit": RATES, "two_qubit": RATES}),
    readout=st.fixed_dictionaries({"zero_as_one": RATES, "one_as_zero": RATES}),
).filter(bool)
NOISE_VALUES = st.sampled_from(["fake_manila", ERRORS, {**ERRORS, "basis_gates": ["x"]}]) | BY_RATES
PLAIN = {
    "shots": st.integers(1, 10**6), "memory": st.booleans(), "priority": st.integers(-10, 10),
    "timeout_s": st.floats(1e-9, 86_400) | st.integers(1, 86_400),
    "tags": st.lists(LABELS, max_size=3),
}  # fmt: skip
NULLABLE = {
    "seed": st.integers(0, 2**63 - 1), "name": LABELS, "owner": LABELS, "noise": NOISE_VALUES,
    "parameters": st.dictionaries(
        TEXTS.filter(bool), st.lists(NUMBERS, max_size=3) | NUMBERS | TEXTS | st.just(ARRAY),
        max_size=3,
    ),
    "metadata": st.dictionaries(TEXTS, JSON, max_size=3),
}  # fmt: skip
METHODS: list[dict[str, Any]] = [
    {}, {"engine": "aer"}, {"method": "statevector"},
    {"backend": "fake_manila", "compile": "never"},
    {"method": "matrix_product_state", "max_bond": 4, "truncation": 1e-9},
    {"observables": "ZZ", "precision": 0}, {"observables": [["ZZ", "XX"], ["IY", [["01", 0.5]]]]},
    {"observables": ["Z"], "precision": 0, "return": ["expectation_values", "gradients"]},
    {"method": "pauli_propagation", "observables": ["Z"], "precision": 0, "max_terms": 9},
    {"return": ["probabilities", "counts", "memory", "registers"]},
]  # fmt: skip
PARTS = (present(**PLAIN), optional(**NULLABLE), st.sampled_from(METHODS))


def parsed(body: bytes) -> TaskSpec:
    return parse_task(SubmitRequest, body)


def test_every_field_of_a_request_becomes_a_field_or_an_option_of_its_task() -> None:
    body = {
        "circuit": BELL, "shots": 7, "seed": 3, "memory": True, "timeout_s": 4.5, "name": "n",
        "tags": ["t"], "parameters": {"a": 1}, "engine": "aer", "method": "statevector",
        "owner": "mira", "priority": 2, "metadata": {"b": 2}, "precision": 0.1, "observables": "ZZ",
    }  # fmt: skip
    spec = parse_task(SubmitRequest, json.dumps(body).encode())
    own = {field.name: field.default for field in fields(TaskSpec) if field.name != "project"}
    assert [name for name, default in own.items() if getattr(spec, name) == default] == []
    assert set(SubmitRequest.model_fields) - {*OPTION_FIELDS} == own.keys() - {"options"}


def test_a_request_stores_the_same_row_again(configured: Settings) -> None:
    store = FullStore(configured)

    def stored(spec: TaskSpec) -> TaskSpec | None:
        task_id = str(uuid.uuid4())
        store.submit([Submission(task_id, spec, 1.0)])
        return store.read_request(ALL_PROJECTS, task_id)

    @settings(max_examples=examples(50))
    @given(TEXTS.filter(str.strip), st.tuples(*PARTS))
    def check(circuit: str, parts: tuple[dict[str, Any], ...]) -> None:
        body = {"circuit": circuit, **{name: v for part in parts for name, v in part.items()}}
        try:
            spec = parsed(json.dumps(body).encode())
        except RequestError:  # noise beside values that are exact
            assume(not body.get("noise"))
            raise
        row = stored(spec)
        assert row
        assert stored(parsed(request_json(row, names_owner=True))) == row

    try:
        check()
    finally:
        store.close()


def test_a_seed_makes_the_second_run_the_same(service: Service) -> None:
    first = service.run(seed=7, shots=1000)
    body = service.http.get(f"/tasks/{first['task_id']}/request").content
    second = service.http.post("/tasks?wait=30", content=body).json()
    assert second["result"] == first["result"]


def test_a_task_of_another_person_is_submitted_in_the_name_of_who_asks(
    secured: SecuredService,
) -> None:
    ada, bob, eve = (secured.as_principal(name) for name in ("ada", "bob", "eve"))
    task_id = ada.post("/tasks", json={"circuit": BELL, "shots": 5}).json()["task_id"]
    body = bob.get(f"/tasks/{task_id}/request")
    assert body.json() == {"circuit": BELL, "shots": 5}
    again = bob.post("/tasks?wait=30", content=body.content).json()
    assert again["owner"] == "bob"
    assert eve.get(f"/tasks/{task_id}/request").status_code == 404


@pytest.mark.parametrize("task_id", ["x", str(uuid.UUID(int=1))], ids=["malformed", "unknown"])
def test_an_unknown_task_has_no_request(service: Service, task_id: str) -> None:
    answer = service.http.get(f"/tasks/{task_id}/request")
    assert (answer.status_code, answer.json()["detail"]) == (404, "task not found")
