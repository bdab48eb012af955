"""A stored task as the body of `POST /tasks` that submits it again."""

import json
from dataclasses import fields
from typing import Any

from quantumtask.shared.task import TaskSpec

_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(TaskSpec)}
_NO_FIELDS = frozenset({"project", "parameters", "options", "metadata"})
"""Fields of a task that the body lacks, or that are JSON text already."""


def request_json(spec: TaskSpec, *, names_owner: bool) -> bytes:
    """Return the body that submits a task again.

    A field that has its default is left out, and so is the project, which a token decides.

    Args:
        spec: The task as it was submitted.
        names_owner: Include the owner; where requests have tokens, it is the sender's name.
    """
    values = {name: getattr(spec, name) for name in _DEFAULTS if name not in _NO_FIELDS}
    if not names_owner:
        del values["owner"]
    members = {name: value for name, value in values.items() if value != _DEFAULTS[name]}
    texts = [json.dumps(members, ensure_ascii=False)[1:-1]]
    if spec.options:
        texts.append(spec.options[1:-1])
    texts += [
        f'"{name}": {text}' for name in ("parameters", "metadata") if (text := getattr(spec, name))
    ]
    return "".join(["{", ", ".join(texts), "}"]).encode()
