"""Tags of the tasks and batches of jobs: some for the door's own lists, and those of the client."""

from collections.abc import Iterable, Sequence

from quantumtask.doors.ibm.job_record import TAG
from quantumtask.shared.errors import InvalidRequest

PROGRAM_TAG, BACKEND_TAG, SESSION_TAG = "ibm:program:", "ibm:backend:", "ibm:session:"
"""First letters of tags by which jobs are listed."""
CLOSED_TAG = "ibm:closed"
"""Tag of a job whose session accepts no jobs any more."""
READ_TAG = "ibm:read"
"""Tag of a private job whose results were read."""

MAX_TAGS, MAX_LENGTH = 16, 50


def is_own(tag: str) -> bool:
    """Return True for a tag of the door."""
    return tag == TAG or tag.startswith("ibm:")


def tags_of_client(tags: Iterable[str]) -> list[str]:
    """Return the tags that a client has set."""
    return [tag for tag in tags if not is_own(tag)]


def check_tags(tags: Sequence[str]) -> None:
    """Raise InvalidRequest unless a client may set these tags."""
    if len(tags) > MAX_TAGS:
        raise InvalidRequest(f"tags: must be at most {MAX_TAGS} tags; got {len(tags):,}")
    for tag in tags:
        if not 1 <= len(tag) <= MAX_LENGTH or not tag.isprintable():
            raise InvalidRequest(
                f"tags: each must be 1 to {MAX_LENGTH} printable characters; got {tag[:60]!r}"
            )
        if is_own(tag):
            raise InvalidRequest(
                f"tags: {tag!r} is a tag of this service's own; leave out `ibm` and `ibm:`"
            )
