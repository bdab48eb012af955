"""Swagger UI at /docs, served from this process: it works on a machine without a network."""

import asyncio
import json
from importlib.resources import files

from fastapi import FastAPI, Request
from starlette.responses import Response

from quantumtask.api.http.query import RawJsonResponse
from quantumtask.api.http.static_files import StaticFiles

DOCUMENT_PATH = "/openapi.json"
DOCS_PATH = "/docs"
FILES_PATH = "/docs/files/"
INDEX = "index.html"


def mount_swagger(app: FastAPI) -> None:
    """Add the page, its files and its document."""
    document: list[bytes] = []
    rendering = asyncio.Lock()
    folders = [files("fastapi_swagger") / "resources", files("quantumtask.web") / "docs"]
    static = StaticFiles(folders)

    @app.get(DOCUMENT_PATH, include_in_schema=False)
    async def openapi() -> Response:
        async with rendering:
            if not document:
                document.append(await asyncio.to_thread(_render, app))
        return RawJsonResponse(document[0])

    @app.get(DOCS_PATH, include_in_schema=False)
    async def docs(request: Request) -> Response:
        return await static.respond(request, INDEX)

    @app.get(FILES_PATH + "{name}", include_in_schema=False)
    async def docs_file(request: Request, name: str) -> Response:
        return await static.respond(request, name)


def _render(app: FastAPI) -> bytes:
    """Return the OpenAPI document; in the event loop, its generation would delay all clients."""
    return json.dumps(app.openapi()).encode()
