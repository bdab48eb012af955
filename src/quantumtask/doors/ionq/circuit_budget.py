"""The budget of a job: the text and the work that its circuits may take, all together."""

from quantumtask.shared.errors import CircuitTooLarge, InvalidRequest

MAX_TERM_PAIRS = 1_000_000
"""Most pairs of terms of `pauliexp` that are tested for commuting: some tenths of a second."""


class CircuitBudget:
    """Counts the OpenQASM text and the pairs of terms of all circuits of a job.

    A few bytes of `pauliexp` become hundreds of bytes of OpenQASM. Therefore text is counted while
    it is written, and not at the end.
    """

    def __init__(self, max_bytes: int) -> None:
        """Make a budget of which nothing is used.

        Args:
            max_bytes: The bound of the text of all circuits.
        """
        self._max_bytes = max_bytes
        self._bytes = self._pairs = 0

    def add_text(self, text: str, place: str) -> None:
        """Count ASCII text; raise CircuitTooLarge, which names the place, above the bound."""
        self._bytes += len(text)
        if self._bytes > self._max_bytes:
            raise CircuitTooLarge(
                f"{place}: the circuits of a job must be at most {self._max_bytes:,} bytes as "
                "OpenQASM; send several jobs"
            )

    def add_pairs(self, pairs: int, place: str) -> None:
        """Count pairs of terms; raise InvalidRequest, which names the place, above the bound."""
        self._pairs += pairs
        if self._pairs > MAX_TERM_PAIRS:
            raise InvalidRequest(
                f"{place}.terms: the circuits of a job must have at most {MAX_TERM_PAIRS:,} pairs "
                "of terms; send several jobs"
            )
