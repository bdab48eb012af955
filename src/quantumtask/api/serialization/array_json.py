"""Arrays of a result: from base64, as they are stored, to nested lists."""

import json
import sys
from array import array
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from quantumtask.shared.output_kinds import ARRAY_BYTE_ORDER

Registers = Sequence[tuple[str, int]]


def to_lists(data: str, registers: Registers) -> str:
    """Return a result's `data` with its arrays as nested lists.

    Args:
        data: JSON object, name -> array in base64 (docs/how-to/results.md).
        registers: Names and sizes of the circuit's registers, in the order of declaration.

    Returns:
        JSON object, name -> nested lists. A complex number is `[re, im]`; a shot of `memory` is a
        bit string as in the counts: the last bit first, registers separated by a space.
    """
    encoded: dict[str, Any] = json.loads(data)
    return json.dumps(
        {name: _decode_array(name, each, registers) for name, each in encoded.items()}
    )


def _decode_array(name: str, encoded: dict[str, Any], registers: Registers) -> Any:
    raw, shape = b64decode(encoded["data"]), encoded["shape"]
    if name == "memory":
        return _reshape(_to_bit_strings(raw, shape[-1], registers), shape[:-1])
    return _reshape(_DECODERS[encoded["dtype"]](raw), shape)


def _decode_floats(raw: bytes) -> list[float]:
    values = array("d", raw)
    if sys.byteorder != ARRAY_BYTE_ORDER:
        values.byteswap()
    return values.tolist()


def _decode_complex(raw: bytes) -> list[list[float]]:
    numbers = _decode_floats(raw)
    return [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]


_DECODERS: dict[str, Callable[[bytes], list[Any]]] = {
    "float64": _decode_floats,
    "complex128": _decode_complex,
}


def _to_bit_strings(raw: bytes, width: int, registers: Registers) -> list[str]:
    """Return the bit string of each shot: a big-endian integer of all bits in `width` bytes."""
    cache: dict[bytes, str] = {}
    shots = [raw[at : at + width] for at in range(0, len(raw), width)] if width else []
    return [
        cache.get(shot) or cache.setdefault(shot, _format_shot(shot, registers)) for shot in shots
    ]


def _format_shot(shot: bytes, registers: Registers) -> str:
    bits = f"{int.from_bytes(shot):0{sum(size for _, size in registers)}b}"
    return " ".join(_split_registers(bits, registers))


def _split_registers(bits: str, registers: Registers) -> Iterator[str]:
    """Yield the bits of each register, the last register first."""
    at = 0
    for _, size in reversed(registers):
        yield bits[at : at + size]
        at += size


def _reshape(values: list[Any], shape: Sequence[int]) -> Any:
    """Return the values as nested lists of this shape; the value alone if the shape is ()."""
    for size in reversed(shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)] if size else []
    return values if shape else values[0]
