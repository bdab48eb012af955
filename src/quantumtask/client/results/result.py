"""Results of tasks, as users see them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from quantumtask.client.results import html
from quantumtask.client.results.result_data import Counts, ResultData
from quantumtask.shared.quantity import quantity

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes


class Result(ResultData):
    """Result of one task or of a whole sweep; `result[i]` and iteration return elements.

    Bit order: in a bit string the LAST character is the first bit; a blank separates registers,
    and the last declared register stands first. In arrays, the first qubit or bit is the lowest
    bit of the index. An output that was not requested is None (counts: {}).
    """

    def __repr__(self) -> str:
        return f"Result({', '.join(self._facts())})"

    def _repr_html_(self) -> str:
        return html.html(self)

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the result with matplotlib: bars, or curves over the parameter of a sweep.

        Args:
            axes: Axes to draw into; None: those of a new figure.

        Returns:
            The axes.

        Raises:
            ImportError: matplotlib is not installed.
            ValueError: The result has nothing to draw.
        """
        try:
            from quantumtask.client.results import plot
        except ImportError:
            raise ImportError("plot needs matplotlib: pip install matplotlib") from None
        axes = plot.new_axes() if axes is None else axes
        plot.draw_into(axes, self)
        return axes

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return a data frame with a row for each bit string or expectation value.

        Raises:
            ImportError: pandas is not installed.
        """
        from quantumtask.client.results.table import rows

        try:
            import pandas
        except ImportError:
            raise ImportError("to_dataframe needs pandas: pip install pandas") from None
        return pandas.DataFrame(rows(self))

    def _facts(self) -> Iterator[str]:
        """Yield short texts: few values in full, arrays by their shape."""
        if self.shape:
            yield f"a sweep of shape {self.shape}"
        elif self.counts:
            yield "counts=" + _short(self.counts)
        if self.bits is not None or self._memory is not None:
            yield f"memory of {quantity(self.shots, 'shot')}"
        for name in ("expectation_values", *_ARRAYS):
            if (array := getattr(self, name)) is not None:
                values = repr(array.tolist()) if array.size <= _FEW else f"<{array.shape}>"
                yield f"{name}={values}"
        ran = " ".join(str(each) for each in (self.engine, self.method) if each)
        if html.has_shots(self):
            yield quantity(self.shots, "shot")
        if ran:
            yield ran
        yield from (f"warning: {each}" for each in self.warnings)


_ARRAYS = (
    "error_bounds", "total_variation_bounds", "fidelity_estimates", "probabilities", "statevector",
    "unitary", "gradients",
)  # fmt: skip
_FEW = 8


def _short(counts: Counts) -> str:
    """Return the most frequent counts, such as `{'00': 511, '11': 513, ... 14 more}`."""
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    shown = sorted(rows[:_FEW]) if len(rows) <= _FEW else rows[:_FEW]
    texts = [f"{bits!r}: {count}" for bits, count in shown]
    if len(rows) > _FEW:
        texts.append(f"… {len(rows) - _FEW} more")
    return "{" + ", ".join(texts) + "}"
