"""Secret settings in files: `QUANTUMTASK_DATABASE_FILE` names the file of one of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

FILE_SUFFIX = "_FILE"
"""End of the name of a variable that holds the file of a secret setting, not its value."""


def read_secret_files(texts: Mapping[str, str], variables: Iterable[str]) -> dict[str, str]:
    """Return the texts of all variables; files are replaced by the secrets in them.

    Args:
        texts: The environment variables.
        variables: The variables of the secret settings.

    Raises:
        ValueError: A file cannot be read, or there is a value beside it.
    """
    values = dict(texts)
    for variable in variables:
        name = variable + FILE_SUFFIX
        file = values.pop(name, None)
        if file is None:
            continue
        if variable in values:
            raise ValueError(f"{name} and {variable} are both set: unset one.")
        try:
            values[variable] = Path(file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text"
            raise ValueError(
                f"{name} must be a file that this user can read; {file!r}: {reason}."
            ) from None
    return values
