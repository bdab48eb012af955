"""Build the documentation site from docs/ into build/site, without the network.

    python -m docs_site.build

It copies docs/ to build/docs, converts the notebooks, fills in what is generated from the code (the
HTTP calls and the commands), and runs Zensical in strict mode. Last, it refuses a page that would
load anything from another host.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from docs_site import command_line, http_calls, notebook

ROOT = Path(__file__).parents[1]
PAGES, STAGE, SITE = ROOT / "docs", ROOT / "build" / "docs", ROOT / "build" / "site"
SHIM, SHIM_URL = ROOT / "docs_site" / "iframe-worker.js", "https://unpkg.com/iframe-worker/shim"
GENERATED: dict[str, Callable[[], str]] = {
    "HTTP calls": http_calls.calls,
    "HTTP models": http_calls.models,
    "commands": command_line.markdown,
}
"""The text for each marker `<!-- generated: NAME -->` of a page."""

EXTERNAL = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^>]*>"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preconnect|icon|preload))"""
    r"""[^>]*\bhref=["']?(?:https?:)?//[^>]*>"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^;]*;|url\(["']?(?:https?:)?//[^)]*\)"""
)
"""An element or a rule with which a browser loads something from another host."""


def main() -> None:
    """Build the site; exit with 1 if it has a warning or an external resource."""
    stage()
    command = [str(Path(sys.executable).parent / "zensical"), "build", "--clean", "--strict"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit("The site has warnings or errors: see above.")
    vendor_shim()
    if resources := list(external_resources(SITE)):
        sys.exit("\n".join(["These pages load something from another host:", *resources]))
    print(f"Open {SITE / 'index.html'}")


def stage() -> None:
    """Write all pages as Markdown to build/docs."""
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    for source in sorted(path for path in PAGES.rglob("*") if path.is_file()):
        target = STAGE / source.relative_to(PAGES)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".ipynb":
            notebook.write_markdown(notebook.read(source), target.with_suffix(".md"))
        elif source.suffix == ".md":
            target.write_text(fill_in(source.read_text()))
        else:
            shutil.copy(source, target)


def fill_in(page: str) -> str:
    """Replace the markers of a page, and links to notebooks by links to their pages."""
    for name, generate in GENERATED.items():
        marker = f"<!-- generated: {name} -->"
        if marker in page:
            page = page.replace(marker, generate())
    return re.sub(r"(\]\([^)\s]+)\.ipynb([)#])", r"\1.md\2", page)


def vendor_shim() -> None:
    """Let the pages load the shim of the search from the site and not from the network."""
    target = SITE / "assets" / "javascripts" / SHIM.name
    shutil.copy(SHIM, target)
    for page in SITE.rglob("*.html"):
        path = os.path.relpath(target, page.parent)
        page.write_text(page.read_text().replace(SHIM_URL, path))


def external_resources(site: Path) -> Iterator[str]:
    """Yield each element of the site that loads something from another host."""
    for path in sorted(site.rglob("*")):
        if path.suffix in (".html", ".css"):
            for match in EXTERNAL.finditer(path.read_text()):
                yield f"{path.relative_to(site)}: {match[0][:120]}"


if __name__ == "__main__":
    main()
