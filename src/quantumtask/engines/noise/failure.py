"""The failure of a task whose noise is not valid."""

from quantumtask.shared.errors import ResourceError
from quantumtask.shared.task import FailureCode


def invalid_noise(message: str) -> ResourceError:
    """Return the error of a task with invalid noise; the message names the wrong part."""
    return ResourceError(FailureCode.BAD_NOISE, message)
