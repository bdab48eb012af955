"""A release can be made: one version, complete metadata, the workflows of a developer."""

import re
import tomllib
from email import message_from_string
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml

from quantumtask.version import __version__

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read_yaml(path: str | Path) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def commands(workflow: Path) -> str:
    jobs = read_yaml(workflow)["jobs"].values()
    return "\n".join(step.get("run", "") for job in jobs for step in job.get("steps", ()))


def test_the_version_stands_in_one_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "src/quantumtask/version.py"
    assert distribution("quantumtask").version == __version__
    assert read_yaml("CITATION.cff")["version"] == __version__


def test_the_package_says_where_its_source_and_its_documentation_are() -> None:
    metadata = message_from_string(str(distribution("quantumtask").metadata))
    links = {text.partition(",")[0] for text in metadata.get_all("Project-URL", [])}
    assert links == {"Homepage", "Documentation", "Source", "Issues", "Changelog"}
    versions = [c for c in metadata.get_all("Classifier", []) if ":: 3." in c]
    assert [text.rpartition(" ")[2] for text in versions] == ["3.11", "3.12", "3.13", "3.14"]


def test_ci_runs_the_command_of_developers_on_every_platform_and_python() -> None:
    ci = read_yaml(".github/workflows/ci.yml")
    matrix = ci["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert {"ubuntu-24.04", "ubuntu-24.04-arm", "macos-15"} == set(matrix["machine"])
    assert "make test" in commands(ROOT / ".github/workflows/ci.yml")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_targets_that_the_makefile_has(workflow: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^make ([\w-]+)", commands(workflow), re.MULTILINE)
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_only_the_permissions_that_it_names(workflow: Path) -> None:
    assert "permissions" in read_yaml(workflow)


def test_a_release_publishes_without_a_stored_password() -> None:
    publish = read_yaml(".github/workflows/release.yml")["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert "password" not in str(publish)


def test_templates_are_valid() -> None:
    forms = list((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    assert {path.name for path in forms} == {"bug.yml", "feature.yml", "config.yml"}
    for path in forms:
        if path.name != "config.yml":
            assert {"name", "description", "body"} <= read_yaml(path).keys()
