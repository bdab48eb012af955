"""The page at /: the files of `quantumtask.web`."""

from importlib.resources import files

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from quantumtask.api.http.static_files import StaticFiles
from quantumtask.api.http.swagger import DOCS_PATH

PAGE_PATH = "/"
FILES_PATH = "/ui/"
INDEX = "index.html"
ICON_PATH = "/favicon.ico"
ICON = "favicon.svg"


def mount_page(app: FastAPI) -> None:
    """Add the page at / and its files."""
    static = StaticFiles([files("quantumtask.web") / "static"])

    @app.get(PAGE_PATH, include_in_schema=False)
    async def page(request: Request) -> Response:
        """Return the page to a browser; lead other clients to the documentation of the API."""
        if "text/html" not in request.headers.get("accept", ""):
            return RedirectResponse(DOCS_PATH, headers={"Vary": "Accept"})
        return await static.respond(request, INDEX)

    @app.get(ICON_PATH, include_in_schema=False)
    async def icon(request: Request) -> Response:
        """Return the icon where a browser looks for it if an answer names none, such as JSON."""
        return await static.respond(request, ICON)

    @app.get(FILES_PATH + "{name}", include_in_schema=False)
    async def page_file(request: Request, name: str) -> Response:
        return await static.respond(request, name)
