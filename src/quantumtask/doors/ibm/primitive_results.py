"""Results of IBM's sampler and estimator, as the clients decode them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quantumtask.api.serialization.result_readers import DATA
from quantumtask.api.serialization.task_json import ResultTexts
from quantumtask.doors.ibm.npy import encode_npy


def read_data(texts: ResultTexts) -> dict[str, Any]:
    """Return the encoded arrays of a result by name."""
    text = b"".join(piece for name, piece in texts if name == DATA)
    arrays: dict[str, Any] = json.loads(text) if text else {}
    return arrays


def pub_result(
    kind: str,
    fields: Mapping[str, Iterator[bytes]],
    shape: Sequence[int],
    metadata: Mapping[str, Any],
) -> Iterator[bytes]:
    """Yield the result of a PUB.

    Args:
        kind: The class of the result at the client.
        fields: The values of the data by name, in pieces of JSON.
        shape: The shape of the PUB.
        metadata: The metadata of the result.
    """
    yield _begin(kind) + b'{"data": ' + _begin("DataBin") + b'{"field_names": '
    yield json.dumps(list(fields)).encode() + b', "shape": ' + json.dumps(list(shape)).encode()
    yield b', "fields": {'
    for number, (name, value) in enumerate(fields.items()):
        yield (b", " if number else b"") + json.dumps(name).encode() + b": "
        yield from value
    yield b'}}}, "metadata": ' + json.dumps(metadata).encode() + b"}}"


def bit_array(encoded: dict[str, Any], bits: int) -> Iterator[bytes]:
    """Yield the bits of a register.

    Args:
        encoded: uint8 [*shape, shots, bytes].
        bits: The size of the register.
    """
    yield _begin("BitArray") + b'{"array": '
    yield from encode_npy(encoded)
    yield f', "num_bits": {bits}}}}}'.encode()


PRIMITIVE_HEAD = b'{"__type__": "PrimitiveResult", "__value__": {"pub_results": ['


def primitive_tail(metadata: Mapping[str, Any]) -> bytes:
    """Return the end of a result, after the results of its PUBs."""
    return b'], "metadata": ' + json.dumps(metadata).encode() + b"}}"


def _begin(kind: str) -> bytes:
    return f'{{"__type__": "{kind}", "__value__": '.encode()
