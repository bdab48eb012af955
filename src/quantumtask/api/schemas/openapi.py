"""The OpenAPI document: each model is defined once, in the components."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

Json = dict[str, Any]

COMPONENT = "#/components/schemas/{model}"
DEFINITIONS = "$defs"
VALIDATION_ERRORS = ("HTTPValidationError", "ValidationError")
"""Schemas of the response 422 of FastAPI, which `http/errors.py` replaces."""


def schema_of(model: type[BaseModel], **changes: Json) -> Json:
    """Return a reference to a model, with the schemas that the model needs under `$defs`.

    FastAPI copies the schema that a route passes in `openapi_extra` unchanged into the document,
    where `$defs` have no meaning: `install_openapi` moves the `$defs` to the components.

    Args:
        model: A model that FastAPI does not see, because the route reads the body itself.
        changes: Properties whose schema differs from the one that the model declares.

    Returns:
        A schema object with the keys `$ref` and `$defs`.
    """
    schema = deepcopy(_generate_schema(model))
    definitions = schema.pop(DEFINITIONS, {})
    for name, change in changes.items():
        schema["properties"][name].update(change)
    name = model.__name__
    return {"$ref": COMPONENT.format(model=name), DEFINITIONS: {**definitions, name: schema}}


@cache
def _generate_schema(model: type[BaseModel]) -> Json:
    """Return the schema of a model; the API would generate that of a problem 150 times."""
    return model.model_json_schema(ref_template=COMPONENT)


def install_openapi(app: FastAPI) -> None:
    """Complete the document of the application: `$defs` in its components, examples with null.

    FastAPI's own response 422 is left out: the API refuses wrong requests with a problem, 400.

    The id of an operation is the name of its function: generated clients name functions by it.
    """
    generate = app.openapi
    routes = [each for each in app.routes if isinstance(each, APIRoute) and each.include_in_schema]
    for each in routes:
        each.operation_id = each.name

    def openapi() -> Json:
        document = generate()
        for definitions in list(_remove_definitions(document)):
            document["components"]["schemas"].update(definitions)
        for each in routes:
            _remove_validation_error(document["paths"][each.path])
            _restore_examples(document["paths"][each.path], each)
        for name in VALIDATION_ERRORS:
            document["components"]["schemas"].pop(name, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _remove_validation_error(operations: Json) -> None:
    for operation in operations.values():
        if "application/json" in operation["responses"].get("422", {}).get("content", {}):
            del operation["responses"]["422"]


def _restore_examples(operations: Json, route: APIRoute) -> None:
    """Restore the examples of a route, from which FastAPI drops null values."""
    for method in route.methods or ():
        answers = operations[method.lower()]["responses"]
        for status, answer in route.responses.items():
            for kind, media in answer.get("content", {}).items():
                answers[str(status)]["content"][kind]["examples"] = media["examples"]


def _remove_definitions(node: Any) -> Iterator[Json]:
    """Remove all `$defs` from a document and yield them."""
    if isinstance(node, dict):
        if DEFINITIONS in node:
            definitions = node.pop(DEFINITIONS)
            yield definitions
            yield from _remove_definitions(definitions)
        for child in list(node.values()):
            yield from _remove_definitions(child)
    elif isinstance(node, list):
        for child in node:
            yield from _remove_definitions(child)
