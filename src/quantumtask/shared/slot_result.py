"""The check of results and texts that a slot has sent: a slot may be hostile.

A wrong type or a text that no database takes would end the worker, or the transaction with the
tasks of others.
"""

from typing import Any

from quantumtask.shared.task import Result, parse_result_fields

_OWN_FIELDS = {"blob": None, "size": None, "store_ms": None}
"""Fields that only a worker sets."""
_MAX_SEED = 2**64
_MAX_MS = 1e12
"""Thirty years; also the largest number of threads. No sum of such numbers is infinite."""


def parse_slot_result(fields: dict[str, Any]) -> Result:
    """Return the result of a slot, without the fields that only a worker sets.

    A slot could name the blob of another task in `blob`, and hide the size of its texts in `size`.

    Raises:
        TypeError: A field is unknown, missing or of a wrong type.
        KeyError: A field is missing.
        ValueError: A number or a text is not possible.
    """
    result = Result(**(parse_result_fields(fields) | _OWN_FIELDS))
    _check_columns(result)
    for name in (result.engine, result.engine_version, result.method):
        _check_type(name, str)
    for text in (result.precision, result.reason):
        _check_type(text, str | None)
    for warning in result.warnings:
        _check_type(warning, str)
    _check_type(result.compiled, dict | None)
    _check_number("seed", result.seed, int, _MAX_SEED)
    _check_number("run_ms", result.run_ms, int | float, _MAX_MS)
    if result.threads is not None:
        _check_number("threads", result.threads, int, _MAX_MS)
    if result.compile_ms is not None:
        _check_number("compile_ms", result.compile_ms, int | float, _MAX_MS)
    _check_shape(result)
    return result


def clean_slot_text(text: Any) -> str:
    """Return a text of a slot; characters that no database takes are written as escapes.

    Raises:
        TypeError: It is no text.
    """
    _check_type(text, str)
    whole: str = text.replace("\0", "\\x00")
    return whole if whole.isascii() else whole.encode(errors="backslashreplace").decode()


def _check_columns(result: Result) -> None:
    """Check the texts that have columns of their own in the database; all others are escaped."""
    _check_type(result.counts, str)
    for text in result.texts:
        if text is None:
            continue
        _check_type(text, str)
        if "\0" in text or not (text.isascii() or text == clean_slot_text(text)):
            raise ValueError("a text of a result must not have a character that no database takes")


def _check_type(value: Any, kind: Any) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"a field of a result must not have the type {type(value).__name__}")


def _check_number(name: str, number: Any, kind: Any, most: float) -> None:
    if not isinstance(number, kind) or isinstance(number, bool):
        raise TypeError(f"{name}: must be a number, got {type(number).__name__}")
    if not 0 <= number < most:  # false for NaN
        raise ValueError(f"{name}: must be 0 to {most:g}")


def _check_shape(result: Result) -> None:
    for size in result.shape or ():
        _check_number("shape", size, int, _MAX_MS)
    for name, size in result.registers or ():
        _check_type(name, str)
        _check_number("registers", size, int, _MAX_MS)
