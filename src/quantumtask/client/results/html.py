"""HTML of a result for notebooks."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from quantumtask.client.html import bars, block, note, table
from quantumtask.client.results.table import elements, labels, rows, scalars
from quantumtask.shared.quantity import quantity

if TYPE_CHECKING:
    from quantumtask.client.results.array_codec import Array
    from quantumtask.client.results.result_data import ResultData

MAX_BARS = 24
MAX_TABLE_ROWS = 12
MAX_STATES = 16
MAX_OBSERVABLES = 6
MAX_MATRIX = 8
_ROUNDING = 1e-12
"""Largest rounding error of a simulation; smaller values count as zero."""


def html(result: "ResultData") -> str:
    """Return the values of a result with captions, and how they were made."""
    return block(_title(result), itertools.chain(_parts(result), _notes(result)))


def has_shots(result: "ResultData") -> bool:
    """Return True if the result has values of each shot; expectation values have none."""
    if result.bits is not None or result._memory is not None or result.outputs:
        return True
    return any(element.counts for element in itertools.islice(elements(result), 1))


def _title(result: "ResultData") -> str:
    ran = " ".join(filter(None, [result.engine, result.method and f"({result.method})"]))
    shots = quantity(result.shots, "shot") if has_shots(result) else _accuracy(result)
    sweep = f"sweep of shape {result.shape}" if result.shape else ""
    return " · ".join(filter(None, [result.name or "", sweep, shots, ran])) or "result"


def _accuracy(result: "ResultData") -> str:
    """Return the kind of values that are not of single shots; "" without values."""
    if result.standard_errors is not None and result.standard_errors.any():
        return "sampled values"
    arrays = (result.expectation_values, result.probabilities, result.statevector, result.unitary)
    return "exact values" if any(array is not None for array in arrays) else ""


def _parts(result: "ResultData") -> Iterator[str]:
    if result.shape:
        yield _sweep(result)
        yield from _shapes(result)
        return
    if result.expectation_values is not None:
        yield _values(result)
    if result.counts:
        yield bars(f"counts{_registers(result)}", *_largest(list(result.counts.items())))
    if result.probabilities is not None:
        yield bars(f"probabilities{_registers(result)}", *_largest(_named(result.probabilities)))
    if result.statevector is not None:
        yield _state(result.statevector)
    if result.unitary is not None:
        yield _matrix(result.unitary)


def _notes(result: "ResultData") -> Iterator[str]:
    if result.total_variation_bounds is not None and not result.shape:
        bound = result.total_variation_bounds.item()
        yield note(f"approximate: total variation distance at most {bound:.2g}")
    yield from (note(f"⚠ {each}") for each in result.warnings)


def _registers(result: "ResultData") -> str:
    """Return the registers of a bit string, such as ` of a c`: the last declared one is first."""
    names = " ".join(name for name, size in reversed(result.registers) if size)
    return f" of {names}" if names else ""


def _named(values: "Array") -> list[tuple[str, float]]:
    """Return the values that are not zero, each with the bits of its index."""
    width = max(1, (len(values) - 1).bit_length())
    return [(f"{k:0{width}b}", v) for k, v in enumerate(values.tolist()) if abs(v) > _ROUNDING]


def _largest(
    pairs: list[tuple[str, float]], limit: int = MAX_BARS
) -> tuple[list[tuple[str, float]], int]:
    """Return the largest values in the order of their bits, and the number of hidden ones."""
    pairs.sort(key=lambda pair: (-pair[1], pair[0]))
    return sorted(pairs[:limit]), max(0, len(pairs) - limit)


def _state(amplitudes: "Array") -> str:
    """Return the probabilities of a state as bars, and its largest amplitudes as a table."""
    shown, hidden = _largest(_named(abs(amplitudes) ** 2), MAX_STATES)
    values = {bits: complex(amplitudes[int(bits, 2)]) for bits, _ in shown}
    lines = [
        (bits, _complex(value), f"{abs(value) ** 2:.6g}", f"{math.degrees(_phase(value)):.4g}°")
        for bits, value in values.items()
    ]
    picture = bars("state vector: probabilities of basis states (first qubit last)", shown, hidden)
    return picture + table(["state", "amplitude", "probability", "phase"], lines)


def _matrix(unitary: "Array") -> str:
    if len(unitary) > MAX_MATRIX:
        return table(["", "shape"], [("unitary", str(unitary.shape))])
    width = max(1, (len(unitary) - 1).bit_length())
    heads = [f"{k:0{width}b}" for k in range(len(unitary))]
    lines = [[head, *map(_complex, row)] for head, row in zip(heads, unitary.tolist(), strict=True)]
    return table(["unitary", *heads], lines)


def _phase(value: complex) -> float:
    return math.atan2(_rounded(value.imag), _rounded(value.real))


def _complex(value: complex) -> str:
    real, imaginary = _rounded(value.real), _rounded(value.imag)
    if not imaginary:
        return f"{real:.4g}"
    sign = "-" if imaginary < 0 else "+"
    return f"{real:.4g} {sign} {abs(imaginary):.4g}i" if real else f"{imaginary:.4g}i"


def _rounded(value: float) -> float:
    return 0.0 if abs(value) < _ROUNDING else value


def _shapes(result: "ResultData") -> Iterator[str]:
    """Yield the names and shapes of the arrays of a sweep."""
    named = {"state vector": result.statevector, "unitary": result.unitary}
    arrays = {name: array for name, array in named.items() if array is not None}
    if arrays:
        yield table(["", "shape"], [(name, str(array.shape)) for name, array in arrays.items()])


def _sweep(result: "ResultData") -> str:
    """Return a table with a row for each element, and a column for each of few observables."""
    first = next(elements(result), result)
    names, observables = list(scalars(first)), labels(first)
    if len(observables) > MAX_OBSERVABLES:
        observables = []
    lines: list[Sequence[str]] = []
    for element in itertools.islice(elements(result), MAX_TABLE_ROWS):
        values = [_number(value) for value in scalars(element).values()]
        results = list(_with_errors(element)) if observables else [_short(element)]
        lines.append([", ".join(map(str, element.index)), *values, *results])
    hidden = math.prod(result.shape) - MAX_TABLE_ROWS
    more = note(f"… and {hidden:,} more elements") if hidden > 0 else ""
    return table(["element", *names, *(observables or ["result"])], lines) + more


def _short(element: "ResultData") -> str:
    if element.expectation_values is not None:
        values = list(_with_errors(element))
        return ", ".join(values[:4]) + (", …" if len(values) > 4 else "")
    pairs, hidden = _largest(list((element.counts or {}).items()))
    if not pairs and element.probabilities is not None:
        pairs, hidden = _largest(_named(element.probabilities))
    shown = sorted(pairs, key=lambda pair: -pair[1])[:4]
    more = ", …" if len(pairs) > 4 or hidden else ""
    return ", ".join(f"{bits}: {_number(value)}" for bits, value in shown) + more


def _values(result: "ResultData") -> str:
    names = labels(result)
    pairs = itertools.islice(zip(names, _with_errors(result), strict=True), MAX_TABLE_ROWS)
    hidden = len(names) - MAX_TABLE_ROWS
    more = note(f"… and {hidden:,} more") if hidden > 0 else ""
    return table(["observable", "expectation value"], pairs) + more


def _with_errors(result: "ResultData") -> Iterator[str]:
    """Yield values such as `0.7071`, `0.71 ± 0.02` or `0.7 (error at most 0.01)`."""
    for row in rows(result):
        text = _number(row["expectation_value"])
        if error := row["standard_error"]:
            text += f" ± {error:.2g}"
        if "error_bound" in row:
            text += f" (error at most {row['error_bound']:.2g})"
        yield text


def _number(value: object) -> str:
    tolist = getattr(value, "tolist", None)
    value = value if tolist is None else tolist()
    return f"{_rounded(value):.6g}" if isinstance(value, float) else str(value)
