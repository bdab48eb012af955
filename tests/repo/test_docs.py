"""The documentation says what the code does: it is generated from it, or executed."""

import ast
import json
import math
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from quantumtask.api.http.errors import STATUS_BY_ERROR
from quantumtask.shared import errors
from quantumtask.shared.settings import Settings, environment_variable
from quantumtask.shared.task import MOVES
from tests.support.cases import check_each
from tests.support.pages import ROOT, page_commands, read_page
from tests.support.services import Service
from tests.support.shell_command import command_folder
from tests.support.source_files import no_garbage_collection

PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))


def settings_table() -> str:
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for setting in fields(Settings):
        default = f"`{setting.default}`" if str(setting.default) else ""
        rows.append(
            f"| `{environment_variable(setting)}` | {default} | {setting.metadata['doc']} |"
        )
    return "\n".join(rows)


def test_the_page_of_settings_is_the_table_of_settings() -> None:
    assert settings_table() in read_page("docs/reference/settings.md"), settings_table()


def test_the_lifecycle_page_has_every_move() -> None:
    page = read_page("docs/explanation/lifecycle.md")
    for name, move in MOVES.items():
        sources = ", ".join(sorted((str(s) for s in move.sources), reverse=True))
        assert f"| {name} | {sources} | {move.target} |" in page


CONSTRUCTORS = re.compile(r"Diagnostic|Failure|Problem|Error$|NoResult|warn|refus|problem", re.I)
"""Calls that take the code of an error or a warning as their first or second argument."""

CODE = re.compile(r"[a-z]+(_[a-z]+)*")


def codes(tree: ast.AST) -> Iterator[str]:
    """Yield each code that a module gives to an error, a warning or a class of errors."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments):
                if CONSTRUCTORS.search(name):
                    yield from texts(arguments[:2])
            case ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield from texts([value])
            case ast.ClassDef(name=name, body=members) if name.endswith("Code"):
                yield from texts([each.value for each in members if isinstance(each, ast.Assign)])


def texts(expressions: list[ast.expr]) -> Iterator[str]:
    """Yield the values of those expressions that are literal strings."""
    for each in expressions:
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def test_the_page_of_errors_has_every_code() -> None:
    page = read_page("docs/reference/errors.md")
    rooms = ("api", "client", "engines", "openqasm", "shared", "worker")
    paths = (path for room in rooms for path in (ROOT / "src/quantumtask" / room).rglob("*.py"))
    with no_garbage_collection():
        words = {code for path in paths for code in codes(ast.parse(path.read_text()))}
    used = {code for code in words if CODE.fullmatch(code)}
    assert len(used) >= 80
    assert [code for code in sorted(used) if f"| `{code}` |" not in page] == []
    assert all(issubclass(kind, errors.QuantumTaskError) for kind in STATUS_BY_ERROR)


def test_the_page_of_errors_has_no_code_that_the_program_lacks() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", read_page("docs/reference/errors.md"), re.MULTILINE))
    texts = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    derived = {HTTPStatus(status).phrase.lower().replace(" ", "_") for status in (404, 405)}
    assert sorted(code for code in listed - derived if f'"{code}"' not in texts) == []


RUN_ELSEWHERE = {
    "source .venv/bin/activate": "the environment of this test",
    "make run": "test_up.py starts the same command",
    "make test": "the command that runs this test",
    "pip install ": "test_packaging.py",
    "quantumtask up": "test_up.py",
    "docker compose up --build": "test_containers.py",
}


COMMANDS = [
    "README.md",
    "docs/start.md",
    "docs/how-to/terminal.md",
    "docs/reference/cli.md",
    "docs/troubleshooting.md",
]
"""Pages whose commands all run in one shell, beside a service on port 8000."""

COMMANDS_ELSEWHERE = {
    "docs/how-to/backends.md": "test_every_command_of_the_page_of_backends_works",
    "docs/how-to/sweeps.md": "test_every_command_of_the_page_of_sweeps_works",
    "docs/how-to/backup.md": "test_backup.py",
    "docs/how-to/compose.md": "test_containers.py",
    "docs/security.md": "test_token.py",
    "docs/how-to/sharing.md": "test_rate_limit.py",
    "docs/reference/api.md": "test_request_messages.py",
}


def test_every_page_with_commands_is_run() -> None:
    pages = [page for page in ["README.md", *PAGES] if "```console" in read_page(page)]
    assert sorted(pages) == sorted([*COMMANDS, *COMMANDS_ELSEWHERE])


@pytest.mark.parametrize("page", COMMANDS)
@pytest.mark.slow_first
def test_every_command_of_a_page_works(page: str, service: Service, tmp_path: Path) -> None:
    """In order, in one shell, against a running service in place of port 8000."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    script = [
        command
        for command in page_commands(page, "console")
        if not any(command.startswith(start) for start in RUN_ELSEWHERE)
    ]
    assert len(script) >= 5
    printed = run(script, service, tmp_path)
    if page != "docs/troubleshooting.md":
        assert '"status": "completed"' in printed
        assert '"result"' in printed


def test_every_command_of_the_page_of_backends_works(service: Service, tmp_path: Path) -> None:
    script = page_commands("docs/how-to/backends.md", "console")
    assert len(script) == 6
    output = run(script, service, tmp_path)
    assert output.count('"status": "completed"') == 4
    assert output.count('"compiled": {"as_written": false,') == 1
    assert output.count('"compiled": {"as_written": true,') == 1


def run(script: list[str], service: Service, folder: Path) -> str:
    """Return what commands print, in one shell, against this service in place of port 8000."""
    with TemporaryDirectory() as short, command_folder(Path(short)) as front:
        path = f"{front}:{Path(sys.executable).parent}"
        lines = [
            "set -euo pipefail",
            f"export QUANTUMTASK_URL={service.url} PATH={path}:$PATH",
            *[command.replace("http://127.0.0.1:8000", service.url) for command in script],
        ]
        done = subprocess.run(
            ["bash", "-c", "\n".join(lines)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_command_of_the_page_of_sweeps_works(service: Service) -> None:
    commands = [
        command.replace("http://127.0.0.1:8000", service.url)
        for command in page_commands("docs/how-to/sweeps.md", "console")
    ]
    answers = [
        json.loads(subprocess.check_output(shlex.split(one), timeout=60)) for one in commands
    ]
    assert [answer["status"] for answer in answers] == ["completed"] * 2
    ends, middle, full = answers[0]["result"]
    assert (ends, full) == ({"0": 1000}, {"1": 1000})
    assert 400 < middle["0"] < 600
    first, second = answers[1]["data"]["expectation_values"]
    assert first == pytest.approx([1.0] * 3)
    assert second == pytest.approx([0.5 * math.cos(t) + 0.25 * math.sin(t) for t in range(3)])


PYTHON = {
    "README.md": ("'11': ", "[1. 1.]", "'00': "),
    "docs/start.md": ("'11': ", "[1. 1.]", "'00': "),
    "docs/how-to/python.md": (
        "[1. 1.]", "(200,) (200,)", "unknown_gate 2 1", "'failed': 1", "completed 20",
    ),
    "docs/how-to/sweeps.md": ("completed ['measurement_flips.c', 'memory.c']",),
    "docs/reference/circuits.md": ("{'1': 1024}",),
    "docs/how-to/pennylane.md": ("1.040980", "-1.118", "(3,)", "['00', '11'] 1.0"),
}  # fmt: skip
"""Texts that the Python code of a page prints."""


def test_every_page_with_python_is_run() -> None:
    pages = {page for page in ["README.md", *PAGES] if "```python" in read_page(page)}
    elsewhere = {"docs/how-to/qiskit.md", "docs/how-to/clients.md"}
    # test_pages.py of the doors:
    elsewhere |= {"docs/how-to/ionq.md", "docs/how-to/qbraid.md", "docs/how-to/braket.md"}
    elsewhere |= {"docs/how-to/ibm.md"}
    assert pages == {*PYTHON, *elsewhere}  # test_qiskit_examples.py, test_generated_clients.py


@pytest.mark.slow_first
@pytest.mark.parametrize("page", PYTHON)
def test_the_python_of_a_page_runs_from_top_to_bottom(page: str, service: Service) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", read_page(page), re.MULTILINE | re.DOTALL)
    assert blocks
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=ROOT,
        env={**os.environ, "QUANTUMTASK_URL": service.url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for words in PYTHON[page]:
        assert words in done.stdout, done.stdout


LINK = re.compile(r"\]\((?!http)([^)#]*)(?:#([^)]+))?\)")


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as Markdown's table of contents makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    words = (re.sub(r"[^\w\s-]", "", title).strip().lower() for title in titles)
    return {re.sub(r"[-\s]+", "-", each) for each in words}


def test_links_between_pages_lead_somewhere() -> None:
    check_each({page: page for page in PAGES}, check_links)


def check_links(page: str) -> None:
    path = ROOT / page
    for link, anchor in LINK.findall(path.read_text()):
        target = path.parent / link if link else path
        assert target.exists(), link
        assert (ROOT / "docs") in target.resolve().parents, f"{link} is not part of the site"
        assert not anchor or anchor in anchors(target), f"{link}#{anchor}"


TEXT = {".md", ".py", ".sql", ".toml", ".yaml", ".yml"}

SOURCE_FILE = re.compile(r"`((?:[\w-]+/)+[\w-]+\.(?:py|sql|sh|qasm))`")
"""A file of the repository, from its root or from src/quantumtask."""


def test_the_files_that_a_page_names_exist() -> None:
    check_each({page: page for page in PAGES}, check_file_names)


def check_file_names(page: str) -> None:
    roots = (
        ROOT,
        ROOT / "src" / "quantumtask",
        ROOT / "src" / "quantumtask" / "shared" / "database",
    )
    for name in SOURCE_FILE.findall(read_page(page)):
        assert any((root / name).exists() for root in roots), name


def test_the_log_lines_that_the_page_of_metrics_names_exist() -> None:
    logs = read_page("docs/how-to/metrics.md").split("## Logs")[1].split("## Traces")[0]
    cells = re.findall(r"^\| (`.*?) \|", logs, re.MULTILINE)
    events = [event for cell in cells for event in re.findall(r"`([^`]+)`", cell)]
    assert len(events) >= 8
    text = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    assert [event for event in events if f'"{event}"' not in text] == []


UNCLEAR = re.compile(r"\b(likewise|(no|some|every)body|(who|what)ever|of (our|their)s)\b", re.I)
"""Words that leave open what they stand for, as in test_prose.py."""


def test_a_page_names_what_it_speaks_of() -> None:
    pages = ["README.md", "CONTRIBUTING.md", *PAGES]
    lines = [(page, line) for page in pages for line in read_page(page).splitlines()]
    assert [(page, line) for page, line in lines if UNCLEAR.search(line)] == []


def test_the_pages_that_the_program_names_exist() -> None:
    roots = ("src", "deploy", "benchmarks", "tests", "docs_site")
    paths = [path for root in roots for path in (ROOT / root).rglob("*") if path.suffix in TEXT]
    paths += [path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT]
    named = {name for path in paths for name in re.findall(r"docs/[\w/-]+\.md", path.read_text())}
    assert len(named) > 10
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_every_page_is_in_the_contents_of_the_site() -> None:
    contents = read_page("mkdocs.yml")
    sources = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]
    pages = [path.relative_to(ROOT / "docs").with_suffix(".md") for path in sources]
    assert [page for page in pages if f" {page}\n" not in contents] == []


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", read_page("README.md"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_curl_example_runs(service: Service) -> None:
    done = subprocess.run(
        shlex.split("bash examples/submit_with_curl.sh"),
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "QUANTUMTASK_URL": service.url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("completed")
    assert '"11"' in done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.qasm")), ids=lambda p: p.name)
def test_every_example_circuit_completes(service: Service, path: Path) -> None:
    values = {"parameters": {"theta": 0.5}} if "input float theta" in path.read_text() else {}
    body = service.run(path.read_text(), shots=200, **values)
    assert body["status"] == "completed", body
    assert sum(body["result"].values()) == 200
