"""The OpenAPI document: generators of clients and pages can read all of it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.services import BELL, Service

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document(service: Service) -> Json:
    return service.http.get("/openapi.json").json()


def test_the_document_is_valid_and_all_its_references_resolve(document: Json) -> None:
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_no_operation_names_a_parameter_twice(document: Json) -> None:
    for name, operation in operations(document):
        names = Counter((p["in"], p["name"].lower()) for p in operation.get("parameters", ()))
        assert set(names.values()) <= {1}, f"{name}: {names}"


def test_every_operation_has_a_summary_and_a_description_of_each_parameter(document: Json) -> None:
    for name, operation in operations(document):
        assert operation["summary"], name
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{name}: {parameter['name']}"


def test_every_refusal_is_a_problem_document(document: Json) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400" and name != "GET /ready":  # whose answer has one form
                assert list(response["content"]) == ["application/problem+json"], (name, status)


def test_every_example_fits_the_schema_that_it_is_an_example_of(document: Json) -> None:
    examples = 0
    for name, media in contents(document):
        for title, example in media.get("examples", {}).items():
            assert problems(media.get("schema", {}), document, example["value"]) == [], (
                f"{name}, {title}"
            )
            examples += 1
    assert examples > 50


def test_real_answers_fit_the_schemas(document: Json, service: Service) -> None:
    http, wait = service.http, {"wait": 30}
    completed = http.post("/tasks", params=wait, json={"circuit": BELL, "memory": True}).json()
    failed = http.post("/tasks", params=wait, json={"circuit": "frobnicate q;"}).json()
    batch = http.post("/batches", json={"tasks": [{"circuit": BELL}]}).json()
    ids = {"task_id": completed["task_id"], "batch_id": batch["batch_id"], "name": "simulator"}
    answers = {"POST /tasks": completed, "POST /batches": batch}
    for name, _ in operations(document):
        method, path = name.split(" ")
        if method == "GET" and not path.endswith(("/events", "/results", "/circuit")):
            answers[name] = http.get(path.format(**ids)).json()
    for path in ("/validate", "/estimate"):
        answers[f"POST {path}"] = http.post(path, json={"circuit": BELL}).json()
    answers["GET /tasks/{task_id} failed"] = failed
    for name, answer in answers.items():
        method, path, *_ = name.split(" ")
        responses = document["paths"][path][method.lower()]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        assert problems(schema, document, answer) == [], name
    assert len(answers) > 12


def problems(schema: Json, document: Json, value: Any) -> list[str]:
    """Return the reasons why a value does not fit a schema of the document."""
    root = {"components": document["components"], "allOf": [schema]}
    return [error.message for error in Draft202012Validator(root).iter_errors(value)]


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def contents(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield the body of each request and response."""
    for name, operation in operations(document):
        answers = [("request", operation.get("requestBody", {})), *operation["responses"].items()]
        for status, answer in answers:
            for media in answer.get("content", {}).values():
                yield f"{name} {status}", media
