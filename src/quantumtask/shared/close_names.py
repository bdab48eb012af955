"""Suggestion of a name in the place of one that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_LENGTH, MAX_NAMES = 40, 1000
"""Limits on a name and on the number of names: the time grows with both."""


def close_name(name: str, names: Iterable[str]) -> str | None:
    """Return the name that is most like `name`; None if none is like it.

    A name of which `name` is a whole word, such as `fake_manila` for `manila`, is like it.
    """
    candidates = sorted(set(names))
    if not name or len(name) > MAX_LENGTH or len(candidates) > MAX_NAMES:
        return None
    with_word = [each for each in candidates if name.lower() in each.lower().split("_")]
    close = with_word or get_close_matches(name, candidates, n=1)
    return close[0] if close else None


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return a text such as ``; did you mean `shots`?``; empty without a close name."""
    close = close_name(name, names)
    return f"; did you mean `{close}`?" if close else ""
