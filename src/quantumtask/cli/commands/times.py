"""Times and durations in the text of commands."""

import re
from datetime import UTC, datetime, timedelta

from quantumtask.cli.commands.terminal import exit_with

_DURATION = re.compile(r"(\d{1,6})([hd])")
_UNIT_S = {"h": 3600, "d": 86_400}


def parse_duration(option: str, text: str) -> float:
    """Return the seconds of `90d` or `12h`; end the command if an option has another text."""
    match = _DURATION.fullmatch(text)
    if not match or not int(match[1]):
        exit_with(
            f"{option}: must be a number of days or hours, as in 90d or 12h; got {text!r}.", 2
        )
    return int(match[1]) * _UNIT_S[match[2]]


def parse_time(option: str, text: str) -> datetime:
    """Return the time `2d` or `1h` ago, or a time in ISO 8601; without a zone, it is local time.

    The command ends if an option has another text.
    """
    if _DURATION.fullmatch(text):
        return datetime.now(UTC) - timedelta(seconds=parse_duration(option, text))
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        exit_with(
            f"{option}: must be days or hours, as in 2d or 1h, or a time, as in 2027-01-31 or "
            f"2027-01-31T09:30; got {text!r}.",
            2,
        )


def format_utc(seconds: float, unit: str = "minutes") -> str:
    """Return the time in UTC, such as `2026-12-01 09:30`.

    Args:
        seconds: Seconds since 1970.
        unit: The last part of the text: `minutes` or `seconds`.
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", unit)[: -len("+00:00")]
