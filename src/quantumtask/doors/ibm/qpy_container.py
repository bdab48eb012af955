"""Files in QPY with several circuits, cut into files of one circuit each, and joined again.

Only the header and the table with the places of the circuits are read. The circuits themselves are
copied: nothing but a slot decodes one.
"""

import base64
import struct
import zlib
from collections.abc import Sequence

from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.qpy_text import QpyFormatError, decode_qpy

TABLE_VERSION = 16
"""First version of QPY in which a table tells the place of each circuit."""

_FILE = struct.Struct("!6sBBBBQc")
_PLACE = struct.Struct("!Q")
_KIND = b"q"
_START = _FILE.size + len(_KIND)


def split_circuits(text: str, count: int, place: str) -> list[str]:
    """Return the circuits of a file as files of one circuit each, as base64 of zlib.

    Args:
        text: The file, as base64 of zlib.
        count: The number of circuits that it must have.
        place: The name of the text in messages.

    Raises:
        InvalidRequest: the text is not QPY of so many circuits, or too large.
    """
    data = _decompress(text, place)
    if not data.startswith(b"QISKIT") or len(data) < _START:
        raise InvalidRequest(f"{place}: is not QPY: it must begin with QISKIT")
    magic, version, *writer, circuits, encoding = _FILE.unpack_from(data)
    if circuits != count:
        raise InvalidRequest(f"{place}: must have {count:,} circuits; got {circuits:,}")
    if count == 1:
        return [text]
    if version < TABLE_VERSION:
        raise InvalidRequest(
            f"{place}: several circuits must be QPY of version {TABLE_VERSION} or later; got "
            f"{version}"
        )
    head = _FILE.pack(magic, version, *writer, 1, encoding) + _KIND
    head += _PLACE.pack(len(head) + _PLACE.size)
    return [_compress(head + data[start:end]) for start, end in _places(data, count, place)]


def _places(data: bytes, count: int, place: str) -> list[tuple[int, int]]:
    """Return the beginning and the end of each circuit."""
    table = _START + count * _PLACE.size
    if data[_FILE.size : _START] != _KIND or len(data) < table:
        raise InvalidRequest(f"{place}: the QPY has no table of its circuits")
    starts = [_PLACE.unpack_from(data, _START + k * _PLACE.size)[0] for k in range(count)]
    ends = [*starts[1:], len(data)]
    if starts[0] != table or any(a >= b for a, b in zip(starts, ends, strict=True)):
        raise InvalidRequest(f"{place}: the table of the circuits in this QPY is damaged")
    return list(zip(starts, ends, strict=True))


def join_circuits(texts: Sequence[str]) -> str:
    """Return files of one circuit each, made by `split_circuits`, as one file."""
    if len(texts) == 1:
        return texts[0]
    files = [_decompress(text, "circuit") for text in texts]
    magic, version, *writer, _, encoding = _FILE.unpack_from(files[0])
    circuits = [file[_START + _PLACE.size :] for file in files]
    head = _FILE.pack(magic, version, *writer, len(files), encoding) + _KIND
    start, table = len(head) + _PLACE.size * len(files), b""
    for circuit in circuits:
        table += _PLACE.pack(start)
        start += len(circuit)
    return _compress(b"".join([head, table, *circuits]))


def _decompress(text: str, place: str) -> bytes:
    try:
        return decode_qpy(text)
    except QpyFormatError as error:
        raise InvalidRequest(f"{place}: {error}") from None


def _compress(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()
