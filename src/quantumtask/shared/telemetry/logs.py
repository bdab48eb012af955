"""Logs as JSON lines on standard error: an object with `event` and its details on each line."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter


def start_logging(service: str) -> None:
    """Write all log records from INFO on to standard error, with the name of the service."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "{levelname}{name}{message}",
            style="{",
            rename_fields={"levelname": "level", "name": "logger", "message": "event"},
            static_fields={"service": service},
            timestamp="at",
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
