"""Logs as JSON lines on standard error: one object a line, with `event` and what belongs to it."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter


def start_logging(service: str) -> None:
    """Sends everything from INFO up to standard error, marked with the service's name."""
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
    for noisy in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
