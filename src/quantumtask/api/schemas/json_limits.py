"""Limits of a JSON text, checked before any object is made of it."""

from quantumtask.shared.errors import JsonTooLarge

MAX_KEYS = 100_000
MAX_STRINGS = 250_000
MAX_VALUES = 1_000_000
"""Largest numbers of names in objects, of strings with the names, and of values.

A parser needs a second and hundreds of megabytes for ten megabytes of names, during which no other
request is answered.
"""


def check_json_size(body: bytes) -> None:
    """Raise JsonTooLarge if a text has too many names, strings or values.

    Counting is ten times as fast as parsing. Most texts pass the first count, which takes the
    characters of strings, too, such as those of a circuit.
    """
    if _is_small(body):
        return
    text = body.replace(rb"\\", b"").replace(rb"\"", b"")
    if text.count(b'"') > 2 * MAX_STRINGS or not _is_small(b'""'.join(text.split(b'"')[::2])):
        raise JsonTooLarge(
            f"body: must have at most {MAX_KEYS:,} names in objects, {MAX_STRINGS:,} strings and "
            f"{MAX_VALUES:,} values; send large arrays encoded, or several requests"
        )


def _is_small(text: bytes) -> bool:
    values = text.count(b",") + text.count(b"[") + text.count(b"{")
    return (
        text.count(b":") <= MAX_KEYS
        and text.count(b'"') <= 2 * MAX_STRINGS
        and values <= MAX_VALUES
    )
