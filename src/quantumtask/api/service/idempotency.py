"""Idempotency keys: a key belongs to one task or batch, which a fingerprint recognises."""

import hashlib
import json
import re
from dataclasses import fields

from quantumtask.api.service.batches import BatchSpec
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.task import AUTO, DEFAULT_PROJECT, TaskSpec

_KEY = re.compile(r"[\x21-\x7e]{1,64}")


def validate_key(key: str | None) -> None:
    """Raise InvalidRequest if a key is not valid; None means that the request has no key."""
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidRequest("Idempotency-Key: must be 1 to 64 visible ASCII characters")


_DEFAULTS_ADDED_LATER = {
    "parameters": None, "engine": AUTO, "method": None, "owner": "", "priority": 0, "options": None,
    "metadata": None, "project": DEFAULT_PROJECT,
}  # fmt: skip
"""Fields that earlier releases did not have, and their defaults.

A default is not part of the fingerprint, so that an Idempotency-Key outlives an upgrade.
"""


_NAMES = [field.name for field in fields(TaskSpec)]


def fingerprint_task(spec: TaskSpec) -> str:
    """Return a hash of a task, to detect an Idempotency-Key that is used for a different task."""
    values = {name: getattr(spec, name) for name in _NAMES}  # `asdict` would copy all
    for name, default in _DEFAULTS_ADDED_LATER.items():
        if values[name] == default:
            del values[name]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def fingerprint_batch(spec: BatchSpec) -> str:
    """Return a hash of a batch; it also differs from the hash of every task."""
    parts = ["batch", spec.name or "", *spec.tags, "", *map(fingerprint_task, spec.tasks)]
    parts += [spec.metadata] if spec.metadata else []
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
