"""Installed packages: the locks, the API without Qiskit, the commands that CI runs."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.services import BELL, Service

# They share installed environments.
pytestmark = [pytest.mark.xdist_group("packaging"), pytest.mark.slow_first]

ROOT = Path(__file__).parents[2]
PIP = r"(\S+ -m )?pip install"
LOCKS = ("api", "run", "dev", "build", "qsim", "portable")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, str]:
    """Name and version of every package in a lock file."""
    text = (ROOT / f"requirements/{lock}.lock").read_text()
    pairs = re.findall(r"^([A-Za-z0-9._-]+)==([^ \n]+)", text, re.MULTILINE)
    assert len({name for name, _ in pairs}) == len(pairs), "one version for every Python"
    return {canonicalize_name(name): version for name, version in pairs}


def extra(project: dict[str, Any], name: str) -> list[str]:
    """Return the requirements of an extra, and those of the extras that it includes."""
    requirements = []
    for text in project["project"]["optional-dependencies"][name]:
        one = Requirement(text)
        inner = one.extras if one.name == "quantumtask" else ()
        requirements += [each for one in inner for each in extra(project, one)] if inner else [text]
    return requirements


def everything(project: dict[str, Any]) -> list[str]:
    """Return the requirements of API and Worker."""
    return [*project["project"]["dependencies"], *extra(project, "server")]


def development(project: dict[str, Any]) -> list[str]:
    groups = project["dependency-groups"]
    return [*groups["build"], *(each for each in groups["dev"] if isinstance(each, str))]


def unmet(requirements: list[str], lock: str) -> list[str]:
    pinned = pins(lock)
    needs = [Requirement(text) for text in requirements]
    return [
        str(one)
        for one in needs
        if not one.specifier.contains(pinned.get(canonicalize_name(one.name), "0"))
    ]


def test_the_locks_hold_what_the_project_asks_for(project: dict[str, Any]) -> None:
    assert unmet(everything(project), "run") == []
    assert unmet([*everything(project), *extra(project, "qiskit")], "dev") == []
    assert unmet(development(project), "dev") == []
    assert unmet(project["build-system"]["requires"], "build") == []


def test_a_package_has_the_same_version_in_every_lock() -> None:
    assert pins("run").items() <= pins("dev").items()
    assert pins("build").items() <= pins("dev").items()
    assert pins("portable").items() <= pins("dev").items()
    assert pins("api").items() <= pins("dev").items()
    assert pins("devices").items() <= pins("dev").items()
    assert {*pins("devices")} == {"qiskit-ibm-runtime"}


def test_qsim_is_pinned_without_cirq_in_the_range_that_its_documentation_has() -> None:
    lines = (ROOT / "requirements/qsim.in").read_text().splitlines()
    [requirement] = [line.partition(";")[0] for line in lines if not line.startswith("#")]
    assert {*pins("qsim")} == {"qsimcirq"}
    assert Requirement(requirement).specifier.contains(pins("qsim")["qsimcirq"])
    assert f"pip install --no-deps '{requirement}'" in (ROOT / "docs/dependencies.md").read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_its_hashes_and_no_registry_is_named(lock: str) -> None:
    text = (ROOT / f"requirements/{lock}.lock").read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=[a-z])", text):
        assert "==" not in entry or "--hash=sha256:" in entry, entry


def test_the_api_image_holds_no_simulator() -> None:
    heavy = {"numpy", "scipy", "matplotlib", "qdk", "qiskit", "qiskit-aer", "qiskit-qasm3-import"}
    assert heavy.isdisjoint(pins("api"))


def test_the_api_needs_nothing_that_its_lock_does_not_hold() -> None:
    script = (
        "import json, sys; from importlib.metadata import packages_distributions as whose; "
        # FastAPI does without it where it is missing; the extra `backends` brings it.
        "sys.modules['orjson'] = None; "
        "import quantumtask.api.main; owners = whose(); "
        "tops = {name.partition('.')[0] for name in sys.modules}; "
        # Nobody's alone: FastAPI looks into `opentelemetry` where it happens to be installed.
        "tops = {top for top in tops if getattr(sys.modules.get(top), '__file__', None)}; "
        "print(json.dumps([owner for top in tops for owner in owners.get(top, [])]))"
    )
    command = [sys.executable, "-P", "-c", script]
    # Without the variable that has coverage import itself into each process.
    variables = {k: v for k, v in os.environ.items() if k != "COVERAGE_PROCESS_CONFIG"}
    process = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )
    needed = {canonicalize_name(name) for name in json.loads(process.stdout)}
    # What the project does not name itself is something optional that happens to be installed.
    assert (needed & set(pins("dev"))) - set(pins("api")) == set()


def test_the_documentation_says_why_for_every_dependency(project: dict[str, Any]) -> None:
    page = canonicalize_name((ROOT / "docs/dependencies.md").read_text())
    extras = project["project"]["optional-dependencies"]
    optional = [each for name in extras for each in extra(project, name)]
    for text in [*project["project"]["dependencies"], *optional, *development(project)]:
        assert canonicalize_name(Requirement(text).name) in page, text


def closure(names: Iterable[str]) -> dict[str, Distribution]:
    """These packages and all that they need, of those that are installed here."""
    packages: dict[str, Distribution] = {}
    todo = list(names)
    while todo:
        name = canonicalize_name(todo.pop())
        if name not in packages:
            packages[name] = distribution(name)
            direct = map(Requirement, packages[name].requires or ())
            todo += [w.name for w in direct if not w.marker or w.marker.evaluate({"extra": ""})]
    return packages


def environment(folder: Path, requirements: list[str]) -> Path:
    """The Python of an environment that holds the package and these, and what they need."""
    venv.create(folder, with_pip=False)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "quantumtask").symlink_to(ROOT / "src/quantumtask")
    for each in closure(Requirement(text).name for text in requirements).values():
        for top in {file.parts[0] for file in each.files or ()} - {"..", "__pycache__"}:
            (packages / top).symlink_to(Path(str(each.locate_file(top))))
    return folder / "bin/python"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, project: dict[str, Any]) -> Path:
    """An environment as `pip install quantumtask` makes it."""
    return environment(tmp_path_factory.mktemp("alone"), project["project"]["dependencies"])


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory, project: dict[str, Any]) -> Path:
    """An environment as `pip install 'quantumtask[cli]'` makes it."""
    requirements = [*project["project"]["dependencies"], *extra(project, "cli")]
    return environment(tmp_path_factory.mktemp("terminal"), requirements)


def in_it(
    python: Path, *arguments: str, stdin: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), "-P", *arguments],
        env={"PATH": "/usr/bin:/bin", **more},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_client_needs_urllib3_and_numpy_and_nothing_else(
    project: dict[str, Any], alone: Path, service: Service
) -> None:
    names = {Requirement(text).name for text in project["project"]["dependencies"]}
    assert names == {"certifi", "idna", "numpy", "urllib3"}
    script = (
        "import sys; from quantumtask import Client; task = Client().submit(sys.argv[1], shots=9); "
        "print(sum(task.result().counts.values()))"
    )
    done = in_it(alone, "-c", script, BELL, QUANTUMTASK_URL=service.url)
    assert (done.returncode, done.stdout) == (0, "9\n"), done.stderr


@pytest.mark.parametrize(
    ("command", "extra"),
    [("submit", "cli"), ("up", "server"), ("token", "server"), ("worker", "server")],
)
def test_the_command_without_its_packages_says_what_to_install(
    alone: Path, command: str, extra: str
) -> None:
    done = in_it(alone, "-m", "quantumtask", command)
    [line] = done.stderr.splitlines()
    assert done.returncode == 1
    assert re.fullmatch(rf"quantumtask: \w+ is not installed: {PIP} 'quantumtask\[{extra}\]'", line)


def test_the_command_without_its_packages_has_a_version_and_lists_the_extras(alone: Path) -> None:
    version = in_it(alone, "-m", "quantumtask", "--version").stdout
    assert re.fullmatch(r"quantumtask \d+\.\d+\.\d+\n", version)
    for arguments in ((), ("--help",)):
        text = in_it(alone, "-m", "quantumtask", *arguments).stdout
        assert text.startswith(version)
        assert re.search(rf"send circuits: {PIP} 'quantumtask\[cli\]'", text)
        assert re.search(rf"up, .*: {PIP} 'quantumtask\[server\]'", text)


def test_the_folder_or_the_wheel_that_was_installed_has_the_extras(
    alone: Path, tmp_path: Path
) -> None:
    """Each environment of `make` is installed from the folder of the project."""
    script = "from quantumtask.shared.installation import install_command as f; print(f('cli'))"
    wheel = tmp_path / "a wheel.whl"
    wheel.touch()
    [packages] = alone.parents[1].glob("lib/python*/site-packages")
    metadata = packages / "quantumtask-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: quantumtask\nVersion: 0\n")
    (metadata / "direct_url.json").write_text(json.dumps({"url": wheel.as_uri()}))
    done = in_it(alone, "-c", script)
    wheel.unlink()
    after = in_it(alone, "-c", script)
    shutil.rmtree(metadata)
    assert done.stdout.endswith(f"pip install '{wheel}[cli]'\n")
    assert after.stdout.endswith("pip install 'quantumtask[cli]'\n")


def test_the_terminal_needs_nothing_of_the_server(
    terminal: Path, service: Service, tmp_path: Path
) -> None:
    def ask(*arguments: str) -> str:
        at = {"QUANTUMTASK_URL": service.url}
        done = in_it(terminal, "-m", "quantumtask", *arguments, stdin=BELL, **at)
        assert done.returncode == 0, done.stderr
        return done.stdout

    picture = tmp_path / "bell.png"
    assert ask("submit", "-", "--shots", "9", "--plot", str(picture)).startswith("completed")
    assert picture.stat().st_size > 1000
    assert ask("validate", "-").startswith("<stdin>: valid: 2 qubits")
    assert "aer" in ask("engines")


def test_a_machine_with_the_terminal_alone_runs_no_service_and_is_told_so(
    terminal: Path, tmp_path: Path
) -> None:
    for command in ("up", "api"):
        done = in_it(terminal, "-m", "quantumtask", command)
        assert done.returncode == 1
        assert re.search(rf"fastapi is not installed: {PIP} .*\[server\]'", done.stderr)
    done = in_it(terminal, "-m", "quantumtask", "doctor", QUANTUMTASK_DATA_DIR=str(tmp_path))
    assert "this machine can only send circuits" in done.stdout
    assert "can run an API" not in done.stdout


def test_counts_need_no_numpy(service: Service) -> None:
    """The API's image has the command and no NumPy."""
    script = (
        "import sys; sys.modules['numpy'] = None; sys.argv = ['quantumtask', *sys.argv[1:]]; "
        "from quantumtask.cli.app import main; main()"
    )
    command = [sys.executable, "-c", script, "submit", "-", "--wait", "--param", "x=[0.1, 2]"]
    done = subprocess.run(
        command,
        env={**os.environ, "QUANTUMTASK_URL": service.url},
        input=BELL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("completed")


def test_importing_the_package_loads_nothing_of_the_client() -> None:
    names = {"urllib3", "numpy", "quantumtask.client"}
    script = f"import quantumtask, sys; print({names} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_make_test_runs_every_check_and_ci_runs_make_test() -> None:
    plan = subprocess.run(
        ["make", "--dry-run", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for check in ("lint-imports", "ruff check", "ruff format --check", "mypy", "pytest"):
        assert check in plan
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "make test"


def test_make_names_every_python_it_tried_when_none_is_new_enough(tmp_path: Path) -> None:
    """In a folder of its own: the checkout has its environment already."""
    for name in ("Makefile", "pyproject.toml", "requirements"):
        (tmp_path / name).symlink_to(ROOT / name)
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    pythons = ["PYTHONS=python3 python3.99"]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    process = subprocess.run(
        ["make", "run", *pythons], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert process.returncode != 0
    assert "needs Python 3.11 or newer; none of these is: python3 python3.99" in process.stderr
    assert not (tmp_path / ".venv").exists()
