"""Run the notebooks of docs/tutorials, and convert them to Markdown.

    QUANTUMTASK_URL=http://127.0.0.1:8000 python -m docs_site.notebook docs/tutorials/*.ipynb

runs each notebook against that service and stores what its cells print and draw. Jupyter is not
needed: a cell is plain Python, and its open Matplotlib figures are its pictures.
"""

import ast
import base64
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def read(path: Path) -> Json:
    """Return the notebook of a file."""
    notebook: Json = json.loads(path.read_text())
    return notebook


def write(notebook: Json, path: Path) -> None:
    """Write a notebook to a file."""
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def source(cell: Json) -> str:
    """Return the text of a cell; the format allows a string or a list of lines."""
    return "".join(cell["source"])


def code_cells(notebook: Json) -> list[Json]:
    """Return the cells that are run."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run(notebook: Json) -> dict[str, Any]:
    """Run all code cells, store their outputs in the notebook, and return the variables."""
    import matplotlib as mpl

    mpl.use("Agg")
    variables: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(code_cells(notebook), 1):
        cell["execution_count"] = number
        cell["outputs"] = run_cell(source(cell), f"cell {number}", variables)
    return variables


def run_cell(text: str, name: str, variables: dict[str, Any]) -> list[Json]:
    """Run one cell, and return what it printed and drew as outputs of the notebook format."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(ast.parse(text, name), name, "exec"), variables)
    outputs: list[Json] = []
    if printed.getvalue():
        lines = printed.getvalue().splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": lines})
    return outputs + [picture(image) for image in open_figures()]


def picture(image: bytes) -> Json:
    """Return a PNG image as an output of the notebook format."""
    data = {"image/png": base64.b64encode(image).decode(), "text/plain": ["<Figure>"]}
    return {"data": data, "metadata": {}, "output_type": "display_data"}


def open_figures() -> list[bytes]:
    """Return the open figures as PNG, and close them."""
    from matplotlib import pyplot

    images = []
    for number in pyplot.get_fignums():
        target = io.BytesIO()
        pyplot.figure(number).savefig(
            target, dpi=110, bbox_inches="tight", metadata={"Software": ""}
        )
        images.append(target.getvalue())
    pyplot.close("all")
    return images


def write_markdown(notebook: Json, target: Path) -> None:
    """Write a page with the cells and their outputs, and its pictures beside it."""
    parts = []
    images = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            parts.append(source(cell).replace(".ipynb)", ".md)"))
            continue
        parts.append(f"```python\n{source(cell)}\n```")
        for output in cell["outputs"]:
            if output["output_type"] == "stream":
                text = "".join(output["text"]).rstrip()
                parts.append(f"``` {{.text .output}}\n{text}\n```")
            else:
                images += 1
                image = target.with_name(f"{target.stem}-{images}.png")
                image.write_bytes(base64.b64decode(output["data"]["image/png"]))
                parts.append(f"![What the cell above draws]({image.name})")
    target.write_text("\n\n".join(parts) + "\n")


def main(paths: list[str]) -> None:
    """Run each notebook of these paths, and store its outputs."""
    for path in map(Path, paths):
        notebook = read(path)
        run(notebook)
        write(notebook, path)
        print(f"{path}: {len(code_cells(notebook))} cells")


if __name__ == "__main__":
    main(sys.argv[1:])
