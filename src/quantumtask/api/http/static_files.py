"""Files of packages for a browser, with headers that allow nothing else."""

import asyncio
import gzip
import hashlib
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from typing import NamedTuple

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
}

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""Directives of Content-Security-Policy."""

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # the browser asks each time, by ETag: a new release shows at once
}


class StaticFile(NamedTuple):
    """A file for the browser.

    Attributes:
        content: Its bytes.
        compressed: The same bytes in gzip.
        etag: The same for both forms, and therefore weak.
        media_type: With the character set.
    """

    content: bytes
    compressed: bytes
    etag: str
    media_type: str


class StaticFiles:
    """The files of some folders, each of which is read once."""

    def __init__(self, folders: Sequence[Traversable], **changes: str) -> None:
        """Find the files.

        Args:
            folders: Folders without folders in them.
            changes: Directives of the policy, `style_src` and so on, that differ from POLICY.
        """
        self._paths = {
            each.name: each
            for folder in folders
            for each in folder.iterdir()
            if each.name.rpartition(".")[2] in MEDIA_TYPES
        }
        policy = POLICY | {name.replace("_", "-"): value for name, value in changes.items()}
        text = "; ".join(f"{name} {value}" for name, value in policy.items())
        self._headers = {"Content-Security-Policy": text, **HEADERS}
        self._files: dict[str, StaticFile] = {}

    async def respond(self, request: Request, name: str) -> Response:
        """Return a file, in gzip if the client accepts it; raise HTTPException if there is none."""
        if name not in self._paths:
            raise HTTPException(404)
        if name not in self._files:
            self._files[name] = await asyncio.to_thread(_read_file, self._paths[name])
        file = self._files[name]
        headers = {**self._headers, "ETag": file.etag, "Vary": "Accept, Accept-Encoding"}
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(file.content, 200, headers, file.media_type)
        headers["Content-Encoding"] = "gzip"
        return Response(file.compressed, 200, headers, file.media_type)


def _read_file(path: Traversable) -> StaticFile:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    media_type = MEDIA_TYPES[path.name.rpartition(".")[2]]
    return StaticFile(content, gzip.compress(content, mtime=0), f'W/"{digest}"', media_type)
