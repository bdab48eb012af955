"""Pictures by matplotlib: counts as a histogram, a state as bars, a sweep as curves."""

import cmath
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from quantumtask.client.results.result_data import ResultData

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from quantumtask.client.results.array_codec import Array

SUFFIXES = (".png", ".svg", ".pdf")
MAX_BARS = 32
MAX_CURVES = 10
WIDTH, HEIGHT = 6.4, 4.0
DPI = 160
BLUE = "#4c78a8"
GREY = "#b8b8b8"
NOTHING_TO_DRAW = (
    "there are no counts, probabilities, amplitudes or expectation values to draw; "
    "measure a qubit, or name an observable."
)


class NoPicture(ValueError):
    """A result cannot be drawn; the message has the reason."""


def draw(result: ResultData, file: Path) -> None:
    """Draw a result into a file.

    Args:
        result: ResultData of a circuit, or of a sweep in one dimension.
        file: Picture to write; its suffix is one of `SUFFIXES`.

    Raises:
        NoPicture: The result has nothing to draw.
        OSError: The file cannot be written.
    """
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, layout="constrained")
    draw_into(figure.add_subplot(), result)
    figure.savefig(file)


def new_axes() -> "Axes":
    """Return the axes of a new figure, which a notebook shows at the end of the cell."""
    from matplotlib import pyplot

    axes: Axes = pyplot.subplots(figsize=(WIDTH, HEIGHT), layout="constrained")[1]
    return axes


def draw_into(axes: "Axes", result: ResultData) -> None:
    """Draw a result; raise NoPicture with the reason if it has nothing to draw."""
    if result.shape:
        _sweep(axes, result)
    elif result.expectation_values is not None:
        _values(axes, result)
    elif result.counts or result.probabilities is not None:
        _histogram(axes, result)
    elif result.statevector is not None:
        _amplitudes(axes, result.statevector)
    else:
        raise NoPicture(NOTHING_TO_DRAW)
    axes.spines[["top", "right"]].set_visible(False)
    if result.name:
        axes.set_title(result.name, parse_math=False)


def _histogram(axes: "Axes", result: ResultData) -> None:
    """Draw a bar for each outcome, in the order of the bits; only the most frequent of many."""
    rows, quantity = _outcomes(result)
    if not rows:
        raise NoPicture("the circuit declares no bits to measure into.")
    frequent = sorted(rows, key=lambda row: (-row[1], row[0]))
    shown, hidden = sorted(frequent[:MAX_BARS]), frequent[MAX_BARS:]
    names, values = [bits for bits, _ in shown], [value for _, value in shown]
    width = 0.8 if len(values) > 2 else 0.5
    bars = axes.bar(range(len(values)), values, color=BLUE, width=width)
    if len(values) <= 8:
        axes.bar_label(bars, fmt="{:,.4g}" if quantity == "probability" else "{:,.0f}", padding=2)
    upright = len(names) * max(map(len, names)) > 60
    axes.set_xticks(range(len(names)), names, rotation=90 if upright else 0, family="monospace")
    axes.set_xlim(-1, len(values))
    axes.set_xlabel("outcome" + _hidden_share(hidden, sum(value for _, value in rows)))
    axes.set_ylabel(quantity)


def _amplitudes(axes: "Axes", state: "Array") -> None:
    """Draw the probability of each basis state, in a colour for the phase of its amplitude."""
    width = max(1, (len(state) - 1).bit_length())
    probabilities = abs(state) ** 2
    largest = sorted(range(len(state)), key=lambda k: (-probabilities[k], k))
    frequent = [k for k in largest if probabilities[k] > 1e-12]
    indices, hidden = sorted(frequent[:MAX_BARS]), frequent[MAX_BARS:]
    phases = Normalize(-180, 180)
    colours = colormaps["twilight_shifted"]
    degrees = [math.degrees(cmath.phase(state[k])) for k in indices]
    axes.bar(
        range(len(indices)),
        [probabilities[k] for k in indices],
        color=[colours(phases(angle)) for angle in degrees],
        edgecolor=GREY,
    )
    names = [f"{k:0{width}b}" for k in indices]
    upright = len(names) * width > 60
    axes.set_xticks(range(len(names)), names, rotation=90 if upright else 0, family="monospace")
    rows = [("", float(probabilities[k])) for k in hidden]
    axes.set_xlabel("basis state, first qubit last" + _hidden_share(rows, 1.0))
    axes.set_ylabel("probability")
    scale = axes.figure.colorbar(ScalarMappable(phases, colours), ax=axes, ticks=[-180, 0, 180])
    scale.set_label("phase in degrees")


def _hidden_share(hidden: Sequence[tuple[str, float]], total: float) -> str:
    if not hidden:
        return ""
    share = sum(value for _, value in hidden) / total
    return f" (not shown: {len(hidden):,} less frequent ones, {share:.1%} together)"


def _outcomes(result: ResultData) -> tuple[list[tuple[str, float]], str]:
    if result.counts:
        return list(result.counts.items()), "shots"
    assert result.probabilities is not None
    width = max(1, (len(result.probabilities) - 1).bit_length())
    values = enumerate(result.probabilities.tolist())
    return [(f"{k:0{width}b}", p) for k, p in values if p > 1e-12], "probability"


def _values(axes: "Axes", result: ResultData) -> None:
    """Draw a point with its error for each observable."""
    import numpy as np

    values = np.atleast_1d(np.asarray(result.expectation_values)).ravel()
    positions = range(len(values))
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.errorbar(positions, values, _errors(result, values.shape), fmt="o", color=BLUE, capsize=3)
    axes.set_xticks(positions, _names(result, len(values)))
    axes.set_xlim(-0.5, len(values) - 0.5)
    axes.set_xlabel("observable")
    axes.set_ylabel("expectation value")


def _sweep(axes: "Axes", result: ResultData) -> None:
    """Draw a curve for each observable, or the share of each frequent outcome."""
    if len(result.shape) != 1:
        raise NoPicture(f"a sweep of {len(result.shape)} dimensions is not a curve; use --json.")
    name, positions = _axis(result)
    marker = "o" if len(positions) <= 60 else ""
    if result.expectation_values is not None:
        _curves(axes, result, positions, marker)
    else:
        _shares(axes, result, positions, marker)
    axes.set_xlabel(name, parse_math=False)
    if all(isinstance(position, int) for position in positions):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _curves(axes: "Axes", result: ResultData, positions: Sequence[float], marker: str) -> None:
    import numpy as np

    values = np.asarray(result.expectation_values).reshape(-1, len(positions))
    errors = _errors(result, values.shape)
    names = _names(result, len(values))
    for k, curve in enumerate(values[:MAX_CURVES]):
        error = None if errors is None else errors[k]
        axes.errorbar(
            positions, curve, error, label=names[k], marker=marker, markersize=4, capsize=2
        )
    axes.set_ylabel("expectation value")
    if len(values) == 1:
        axes.set_ylabel(" of ".join(["expectation value", *result.observables]), parse_math=False)
    else:
        axes.legend(frameon=False)


def _shares(axes: "Axes", result: ResultData, positions: Sequence[float], marker: str) -> None:
    """Draw the share of each outcome that is frequent in an element of the sweep."""
    rows = [_share(element) for element in result]
    largest: dict[str, float] = {}
    for row in rows:
        for bits, share in row.items():
            largest[bits] = max(share, largest.get(bits, 0.0))
    if not largest:
        raise NoPicture(NOTHING_TO_DRAW)
    frequent = sorted(largest, key=lambda bits: (-largest[bits], bits))[:MAX_CURVES]
    for bits in sorted(frequent):
        curve = [row.get(bits, 0.0) for row in rows]
        axes.plot(positions, curve, label=bits, marker=marker, markersize=4)
    axes.set_ylabel("share of shots" if result.counts else "probability")
    axes.set_ylim(-0.03, 1.03)
    legend = axes.legend(frameon=False, title="outcome", loc="center left", bbox_to_anchor=(1, 0.5))
    for text in legend.get_texts():
        text.set_fontfamily("monospace")


def _share(element: ResultData) -> Mapping[str, float]:
    if not element.counts and element.probabilities is None:
        return {}
    rows, _ = _outcomes(element)
    total = sum(value for _, value in rows)
    return {bits: value / total for bits, value in rows}


def _axis(result: ResultData) -> tuple[str, Sequence[float]]:
    """Return the name and the values of the swept parameter, or the index of the element."""
    [length] = result.shape
    arrays = {
        name: values
        for name, values in (result.parameters or {}).items()
        if _are_numbers(values, length)
    }
    if len(arrays) == 1:
        return next(iter(arrays.items()))
    return "element of the sweep", range(length)


def _are_numbers(values: Any, length: int) -> bool:
    if isinstance(values, str) or not hasattr(values, "__len__") or len(values) != length:
        return False
    return all(isinstance(value, int | float) for value in values)


def _errors(result: ResultData, shape: tuple[int, ...]) -> Any:
    """Return the standard errors in this shape; None if all values are exact."""
    if result.standard_errors is None or not result.standard_errors.any():
        return None
    return result.standard_errors.reshape(shape)


def _names(result: ResultData, number: int) -> list[str]:
    names = result.observables
    return list(names) if len(names) == number else [f"[{k}]" for k in range(number)]
