"""The services that tests share."""

import gc
import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest

from quantumtask.shared.settings import Settings
from tests.support import databases
from tests.support.ray_cluster import Cluster
from tests.support.response_models import check_responses
from tests.support.secured_service import SecuredService
from tests.support.services import MEASURED, NO_LIMITS, Service
from tests.support.sizes import FULL

ROOT = Path(__file__).parents[1]

hypothesis.settings.register_profile("tests", derandomize=not FULL, deadline=None)
hypothesis.settings.load_profile("tests")
"""`make test` tries the same examples each time; `make test-full` tries others."""


class RunningElsewhere(Service):
    """The service that QUANTUMTASK_URL names: containers, say. Its processes are not ours."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.worker_url, self._has_worker_port = None, False
        self.http = httpx.Client(base_url=self.url, timeout=60, limits=NO_LIMITS)
        self.processes = []

    def logs(self) -> str:
        return f"see the logs of {self.url}"


def pytest_sessionfinish() -> None:
    """Save the coverage of this process, which pytest-xdist kills ten seconds after its end."""
    if MEASURED:
        coverage = importlib.import_module("coverage")
        if (current := coverage.Coverage.current()) is not None:
            current.save()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import a part of the test modules of this run, in each process another one.

    In a new clone, pytest rewrites the assertions of each module, and caches the result. Processes
    that import all modules in the same order do all of that at the same time.

    No garbage is collected meanwhile: it took a fifth of the time, and there is hardly any.
    """
    gc.disable()
    process: dict[str, Any] = getattr(session.config, "workerinput", {})
    if process:
        folders = [Path(name.partition("::")[0]) for name in session.config.args]
        paths = sorted(path for each in folders for path in each.rglob("test_*.py"))
        number = int(process["workerid"].removeprefix("gw"))
        for path in paths[number :: process["workercount"]]:
            with suppress(Exception):  # of any module: pytest imports it again and reports it
                importlib.import_module(module_name(path))


def module_name(path: Path) -> str:
    return ".".join(path.resolve().relative_to(ROOT).with_suffix("").parts)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Put the tests that share a fixture of their module, often a service, into one process."""
    fixtures = getattr(item, "_fixtureinfo", None)
    definitions = fixtures.name2fixturedefs.values() if fixtures else ()
    if any(each[-1].scope == "module" for each in definitions if each) and not group(item):
        item.add_marker(pytest.mark.xdist_group(item.location[0]))


def group(item: pytest.Item) -> pytest.Mark | None:
    return item.get_closest_marker("xdist_group")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the marked tests to the front, then groups, so that a run does not end with one."""

    def place(item: pytest.Item) -> tuple[bool, ...]:
        slow, last = map(item.get_closest_marker, ("slow_first", "last"))
        return slow is None, not group(item), last is not None

    items.sort(key=place)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail if pytest-xdist has not put a group of tests into one process.

    pytest-xdist appends the group to the id of a test. It did so without effect under pytest 9.2.

    The modules and tests are kept out of later collections of garbage, which would visit each of
    their millions of objects again.
    """
    gc.freeze()
    gc.enable()
    if session.config.getoption("loadgroup", default=False):
        for item in session.items:
            if group(item) and "@" not in item.nodeid:
                raise pytest.UsageError(f"{item.nodeid}: pytest-xdist ignores its group")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with default limits and two slots, shared by all tests that do not harm it."""
    if url := os.environ.get("QUANTUMTASK_URL"):
        running: Service = RunningElsewhere(url)
        running.wait_ready()
    else:
        running = Service(tmp_path_factory.mktemp("service"), slots=2).start()
    check_responses(running.http)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredService]:
    """A service that requires tokens, with a slot, shared by all tests that do not harm it."""
    running = SecuredService(tmp_path_factory.mktemp("secured"), slots=1, auth="required")
    running.start()
    check_responses(running.http)
    yield running
    running.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts a service of the test's own, with settings of its own."""
    running: list[Service] = []

    def start_one(**settings: Any) -> Service:
        folder = tmp_path / f"service{len(running)}"
        folder.mkdir()
        running.append(Service(folder, **settings))
        check_responses(running[-1].http)
        return running[-1].start()

    yield start_one
    for each in running:
        each.stop()


@pytest.fixture(params=databases.KINDS)
def configured(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings for stores of the test's own: once on each database."""
    with databases.empty(request.param, tmp_path) as settings:
        yield replace(settings, busy_timeout_s=0.2)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Ray cluster that all tests share which do not harm it: this process is known to it."""
    running = Cluster().start()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {**running.access, "RAY_ADDRESS": running.address}.items():
            environment.setenv(name, value)
        yield running
    running.stop()


NO_PACKAGE = "import sys\nsys.modules['qiskit_ibm_runtime'] = None\n"


@pytest.fixture(scope="session")
def without_snapshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service in whose processes the package with the device snapshots is missing.

    Its processes are new interpreters, so that its tests are in the group `without_snapshots`.
    """
    folder = tmp_path_factory.mktemp("without_snapshots")
    (folder / "sitecustomize.py").write_text(NO_PACKAGE)
    service = Service(folder, slots=1)
    inherited = os.environ.get("PYTHONPATH", "")
    service.environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), inherited]))
    yield service.start()
    service.stop()
