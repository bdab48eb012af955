"""Names of doors, and the setting that selects some of them."""

AUTO, ALL, NONE = "auto", "all", "none"

DOOR_NAMES = ("ionq", "qbraid", "braket", "ibm")
"""The doors of this version."""


def parse_doors(text: str) -> tuple[str, ...] | None:
    """Return the names that the setting `doors` lists; None for `auto`.

    Raises:
        ValueError: no door has such a name.
    """
    words = [word.strip() for word in text.split(",")]
    if words in ([AUTO], [""]):
        return None
    if words in ([ALL], [NONE]):
        return DOOR_NAMES if words == [ALL] else ()
    if unknown := [word for word in words if word not in DOOR_NAMES]:
        names = ", ".join(DOOR_NAMES)
        raise ValueError(
            f"must be {AUTO}, {ALL}, {NONE}, or a list of these: {names}; got {unknown[0]!r}"
        )
    return tuple(name for name in DOOR_NAMES if name in words)
