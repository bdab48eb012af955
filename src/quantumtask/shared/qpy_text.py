"""Circuits in QPY, the binary format of Qiskit, as base64 text: decoding and the fixed header.

Nothing here reads a circuit: only a slot does.
"""

import base64
import binascii
import struct
import zlib
from typing import NamedTuple

MIN_QPY_VERSION = 13
"""Oldest version that is read: older ones hold expressions that the reader would have to run."""

MAX_QPY_BYTES = 64 * 1024 * 1024
"""Largest size of QPY after decompression."""

MAGIC = b"QISKIT"
_FILE = struct.Struct("!6sBBBBQc")
_KIND = struct.Struct("!c")
_OFFSET = struct.Struct("!Q")
_CIRCUIT = struct.Struct("!HcHIIQIQI")
_OFFSETS_VERSION = 16
"""First version in which the place of each circuit follows the header."""

_HEAD_CHARACTERS = 4096
_HEAD_BYTES = 256
_COMPRESSED = (b"\x78", b"\x1f\x8b")
"""First bytes of zlib and of gzip."""

_ANY_COMPRESSION = zlib.MAX_WBITS | 32


class QpyFormatError(Exception):
    """A text that is no circuit in QPY, or in a version that is not read."""


class QpyHead(NamedTuple):
    """The fixed header of a file and of its circuit.

    Attributes:
        version: The version of the format.
        qubits: The number of qubits of the circuit; like the others, as the header says.
        bits: The number of classical bits.
        operations: The number of instructions, those inside of others left out.
    """

    version: int
    qubits: int
    bits: int
    operations: int


def encode_qpy(data: bytes) -> str:
    """Return QPY, compressed or not, as the text of a task."""
    return base64.b64encode(data).decode()


def is_qpy(data: bytes) -> bool:
    """Return True if the bytes of a file begin as QPY does, compressed or not."""
    try:
        return _decompress(data, len(MAGIC), whole=False) == MAGIC
    except QpyFormatError:
        return False


def read_qpy_head(text: str) -> QpyHead:
    """Return the header of a text, of which no more is decoded.

    Raises:
        QpyFormatError: the text is not base64 of QPY, or of more than one circuit, or its version
            is too old.
    """
    data = _from_base64(text[:_HEAD_CHARACTERS])
    return read_head(_decompress(data, _HEAD_BYTES, whole=False))


def decode_qpy(text: str) -> bytes:
    """Return the bytes of the file.

    Raises:
        QpyFormatError: the text is not base64, or has more than MAX_QPY_BYTES decompressed.
    """
    return _decompress(_from_base64(text), MAX_QPY_BYTES, whole=True)


def read_head(data: bytes) -> QpyHead:
    """Return the header at the beginning of a file; raise QpyFormatError as `read_qpy_head`."""
    if not data.startswith(MAGIC):
        raise QpyFormatError("is not QPY: encode the bytes that `qiskit.qpy.dump` writes in base64")
    if len(data) < _FILE.size + _KIND.size:
        raise QpyFormatError("the QPY ends within its header")
    _, version, _, _, _, circuits, _ = _FILE.unpack_from(data)
    if version < MIN_QPY_VERSION:
        raise QpyFormatError(
            f"QPY version must be {MIN_QPY_VERSION} or later; got {version}: write it with Qiskit "
            "1.3 or later"
        )
    if circuits != 1:
        raise QpyFormatError(f"QPY must have exactly one circuit; got {circuits:,}")
    start = _FILE.size + _KIND.size
    if data[_FILE.size : start] != b"q":
        raise QpyFormatError("QPY must have a circuit; it has a program of another kind")
    if version >= _OFFSETS_VERSION and len(data) >= start + _OFFSET.size:
        (start,) = _OFFSET.unpack_from(data, start)
    if len(data) < start + _CIRCUIT.size:
        raise QpyFormatError("the QPY ends within the header of its circuit")
    _, _, _, qubits, bits, _, _, operations, _ = _CIRCUIT.unpack_from(data, start)
    return QpyHead(version, qubits, bits, operations)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise QpyFormatError("is not base64 of QPY") from None


def _decompress(data: bytes, max_bytes: int, *, whole: bool) -> bytes:
    """Return data, decompressed if they are zlib or gzip.

    Args:
        max_bytes: Most bytes to return.
        whole: Raise QpyFormatError unless all data are returned.
    """
    if not data.startswith(_COMPRESSED):
        if len(data) > max_bytes and whole:
            raise _too_large(max_bytes)
        return data[:max_bytes]
    stream = zlib.decompressobj(_ANY_COMPRESSION)
    try:
        plain = stream.decompress(data, max_bytes)
    except zlib.error:
        raise QpyFormatError("is not QPY: its compression is damaged") from None
    if whole and not stream.eof:
        raise (
            _too_large(max_bytes)
            if len(plain) == max_bytes
            else QpyFormatError("is not QPY: its compression ends too early")
        )
    if whole and stream.unused_data:
        raise QpyFormatError("is not QPY: there are bytes after its end")
    return plain


def _too_large(max_bytes: int) -> QpyFormatError:
    return QpyFormatError(f"QPY must have at most {max_bytes:,} bytes decompressed")
