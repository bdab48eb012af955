"""Arrays of a result, from the form they are stored in to plain JSON."""

import json
import sys
from array import array
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Registers = Sequence[tuple[str, int]]


def plain(data: str, registers: Registers) -> str:
    """The arrays of a result's `data` as nested lists.

    A complex number is [re, im], and a shot of `memory` a bit string as in the counts.
    """
    encoded: dict[str, Any] = json.loads(data)
    return json.dumps({name: _nested(name, each, registers) for name, each in encoded.items()})


def _nested(name: str, encoded: dict[str, Any], registers: Registers) -> Any:
    raw, shape = b64decode(encoded["data"]), encoded["shape"]
    if name == "memory":
        return _folded(_bit_strings(raw, shape[-1], registers), shape[:-1])
    return _folded(_READERS[encoded["dtype"]](raw), shape)


def _floats(raw: bytes) -> list[float]:
    values = array("d", raw)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()


def _complex(raw: bytes) -> list[list[float]]:
    numbers = _floats(raw)
    return [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]


_READERS: dict[str, Callable[[bytes], list[Any]]] = {"float64": _floats, "complex128": _complex}


def _bit_strings(raw: bytes, width: int, registers: Registers) -> list[str]:
    """Each shot is a number over all bits, in `width` bytes, the highest first."""
    known: dict[bytes, str] = {}
    shots = [raw[at : at + width] for at in range(0, len(raw), width)] if width else []
    return [known.get(shot) or known.setdefault(shot, _written(shot, registers)) for shot in shots]


def _written(shot: bytes, registers: Registers) -> str:
    bits = f"{int.from_bytes(shot):0{sum(size for _, size in registers)}b}"
    return " ".join(_parts(bits, registers))


def _parts(bits: str, registers: Registers) -> Iterator[str]:
    """The last register first."""
    at = 0
    for _, size in reversed(registers):
        yield bits[at : at + size]
        at += size


def _folded(values: list[Any], shape: Sequence[int]) -> Any:
    """A list of values as lists of lists; without a shape, the only value there is."""
    for size in reversed(shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)] if size else []
    return values if shape else values[0]
