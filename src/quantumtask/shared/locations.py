"""Locations of the database and of large results: their forms, and the faults of other texts."""

import re

_POSTGRESQL = re.compile(r"postgresql://([^@/?#]*@)?(?P<location>[^@/?#]*(/[^@/?#]*)?)(\?[^@#]*)?")
_BUCKET = re.compile(r"s3://[^/?#@:]+(/[^?#]*)?")


def url_without_user(url: str) -> str:
    """Return the URL of a PostgreSQL database without user and password; "" for another text."""
    match = _POSTGRESQL.fullmatch(url)
    return f"postgresql://{match['location']}" if match else ""


def database_fault(url: str) -> str:
    """Return the fault of a URL, without the URL, which may hold a password; "" without one."""
    if not url or _POSTGRESQL.fullmatch(url):
        return ""
    return (
        "must be postgresql://USER:PASSWORD@HOST:PORT/NAME, or empty for SQLite. In user and "
        "password write %40 for @, %2F for /, %3F for ? and %23 for #."
    )


def results_fault(location: str) -> str:
    """Return the fault of a location of large results; "" without one."""
    if "://" not in location or _BUCKET.fullmatch(location):
        return ""
    return (
        f"must be a folder, or s3://BUCKET/PREFIX; got {location!r}. Set the server and the keys "
        "in AWS_ENDPOINT_URL and the other AWS_ variables."
    )


LOCATION_CHECKS = {"database": database_fault, "results": results_fault}
"""For each setting that is a location the function that returns its fault."""
