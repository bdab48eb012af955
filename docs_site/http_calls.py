"""Generate the reference of the HTTP API from the OpenAPI document of the application."""

import json
from collections.abc import Iterator
from typing import Any

from quantumtask.api.main import create_app
from quantumtask.shared.settings import Settings

Json = dict[str, Any]


def calls() -> str:
    """Return a section for each call."""
    return "\n".join(
        call(method.upper(), path, operation)
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
    )


def models() -> str:
    """Return a section for each model of a request or an answer."""
    schemas = document()["components"]["schemas"].items()
    return "\n".join(model(name, schema) for name, schema in schemas if "properties" in schema)


def document() -> Json:
    """Return the OpenAPI document with each reference to a list of words replaced by that list."""
    original = create_app(Settings()).openapi()
    text = json.dumps(original)
    for name, schema in original["components"]["schemas"].items():
        if "enum" in schema:
            reference = json.dumps({"$ref": f"#/components/schemas/{name}"})[1:-1]
            text = text.replace(reference, f'"enum": {json.dumps(schema["enum"])}')
    inlined: Json = json.loads(text)
    return inlined


def call(method: str, path: str, operation: Json) -> str:
    """Return the section of one call."""
    lines: list[str] = [
        f"### `{method} {path}`",
        "",
        operation.get("description") or operation["summary"],
        "",
    ]
    lines += table(
        ["parameter", "in", "type", "meaning"],
        [
            [
                f"`{each['name']}`",
                each["in"],
                type_name(each["schema"]),
                each.get("description") or "",
            ]
            for each in operation.get("parameters", [])
        ],
    )
    body = operation.get("requestBody")
    if body:
        lines += [
            f"Body: {', '.join(type_name(m['schema']) for m in body['content'].values())}",
            "",
        ]
    rows = [[status, answer(status, each)] for status, each in declared(operation["responses"])]
    lines += table(["status", "answer"], rows)
    return "\n".join([*lines, *example(operation["responses"]["200"]), ""])


def declared(responses: Json) -> Iterator[tuple[str, Json]]:
    """Yield the responses that the service gives: FastAPI's own form of 422 is not one of them."""
    for status, response in sorted(responses.items()):
        if not any("HTTPValidationError" in json.dumps(each) for each in response.values()):
            yield status, response


def answer(status: str, response: Json) -> str:
    """Return the model of a success, or the codes of an error."""
    media = list(response.get("content", {}).items())
    if status.startswith("2"):
        return ", ".join(content(kind, each) for kind, each in media)
    codes = [code for _, each in media for code in each.get("examples", {})]
    return ", ".join(f"`{code}`" for code in codes) or str(response["description"])


def content(kind: str, media: Json) -> str:
    """Return the model and the media type of an answer; a stream of events has no model."""
    return f"{type_name(media['schema'])} (`{kind}`)" if "schema" in media else f"`{kind}`"


def example(response: Json) -> Iterator[str]:
    """Yield the first example of an answer as a code block."""
    for kind, media in response.get("content", {}).items():
        for each in media.get("examples", {}).values():
            value = each["value"]
            text = value if isinstance(value, str) else json.dumps(value, indent=2)
            language = "json" if kind.endswith("/json") else "text"
            yield f"Example:\n\n```{language}\n{text.rstrip()}\n```"
            return


def model(name: str, schema: Json) -> str:
    """Return the section of one model, with a table of its fields."""
    rows: list[list[Any]] = [
        [
            f"`{field}`",
            type_name(each),
            json.dumps(each["default"]) if "default" in each else "",
            each.get("description") or "",
        ]
        for field, each in schema["properties"].items()
    ]
    return "\n".join([f"### {name}", "", *table(["field", "type", "default", "meaning"], rows)])


def type_name(schema: Json) -> str:
    """Return the type of a value, with a link where it is a model."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(type_name(each) for each in schema[key]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {type_name(schema.get('items', {}))}"
    return str(schema.get("type", "any"))


def table(head: list[str], rows: list[list[Any]]) -> list[str]:
    """Return the lines of a table and an empty one; no lines for a table without rows."""
    if not rows:
        return []
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(map(cell, line)) + " |" for line in lines] + [""]


def cell(text: str) -> str:
    """Return a text as the cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
