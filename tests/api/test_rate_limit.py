"""Requests of a principal above its limit get 429, and limits hold soon after they were set."""

import shlex
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantumtask.api.service.rate_limiter import TokenBucket
from quantumtask.shared.limit_store import LimitStore
from quantumtask.shared.limits import EACH_USER, WHOLE_PROJECT
from tests.support.command_line import quantumtask
from tests.support.pages import page_commands
from tests.support.services import Service, until


@given(
    st.floats(0.1, 100),
    st.lists(st.floats(0, 2), min_size=1, max_size=200),
)
def test_no_window_has_more_requests_than_its_rate_and_one_bucket(
    rate: float, gaps_s: list[float]
) -> None:
    now = 1_000.0
    bucket = TokenBucket(rate, now)
    passed: list[float] = []
    for gap_s in gaps_s:
        now += gap_s
        wait_s = bucket.take(now)
        if not wait_s:
            passed.append(now)
        else:
            now += wait_s + 1e-6  # as Retry-After says
            assert bucket.take(now) == 0.0
            passed.append(now)
    for first, begin in enumerate(passed):
        for last in range(first, len(passed)):
            count, window_s = last - first + 1, passed[last] - begin
            assert count <= bucket.capacity + rate * window_s + 1e-3


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a worker, whose limits the tests of this file change."""
    service = Service(tmp_path_factory.mktemp("rates"))
    service.start_api()
    until(lambda: service.try_get("/health") == 200, 60, service.logs)
    yield service
    service.stop()


@pytest.mark.parametrize(("owner", "policy"), [(EACH_USER, "user"), (WHOLE_PROJECT, "project")])
def test_a_client_above_its_rate_gets_429_with_the_fields_of_the_draft(
    alone: Service, owner: str, policy: str
) -> None:
    store = LimitStore(alone.settings)
    store.set_limit("default", owner, "max_requests", 0.4)
    until(lambda: alone.try_get("/tasks") == 429, 30, alone.logs)
    refused = alone.http.get("/tasks")
    body, headers = refused.json(), refused.headers
    assert (refused.status_code, body["code"]) == (429, "rate_exceeded")
    assert f"at most 0.4 in a second for this {policy}" in body["detail"]
    assert headers["ratelimit-policy"] == f'"{policy}";q=2;w=5'
    wait_s = int(headers["retry-after"])
    assert headers["ratelimit"] == f'"{policy}";r=0;t={wait_s}'
    assert 1 <= wait_s <= 3
    assert alone.try_get("/health") == 200
    store.set_limit("default", owner, "max_requests", None)
    store.close()
    until(lambda: [alone.try_get("/tasks") for _ in range(4)] == [200] * 4, 30, alone.logs)


def test_an_operator_sets_shows_and_removes_limits_in_the_terminal(alone: Service) -> None:
    def run(*arguments: str) -> str:
        done = quantumtask("project", *arguments, QUANTUMTASK_DATA_DIR=str(alone.settings.data_dir))
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("set", "optics", "--max-slots", "8")
    run("set", "optics", "--each-user", "--max-running", "4")
    run("set", "optics", "--user", "ada", "--max-running", "16")
    table = {line.split()[0]: line.split()[1:] for line in run("show", "optics").splitlines()}
    assert table["limit"] == ["project", "each", "user", "ada"]
    assert table["max_running"] == ["-", "4", "16"]
    assert table["max_slots"] == ["8", "-", "-"]
    assert "optics: max_slots 8" in run("list")
    described = "optics: max_slots 8; each user: max_running 4; ada: max_running 16"
    assert described in run("list").splitlines()
    run("set", "optics", "--user", "ada", "--max-running", "default")
    assert "ada" not in run("show", "optics")


def test_limits_of_a_project_that_nothing_names_are_set_with_a_warning(alone: Service) -> None:
    """Without the warning, limits of a misspelt name would silently apply to no project."""

    def warning(*arguments: str) -> str:
        done = quantumtask("project", *arguments, QUANTUMTASK_DATA_DIR=str(alone.settings.data_dir))
        assert done.returncode == 0, done.stderr
        return done.stderr

    words = "names the project 'physik' so far. Projects: "
    assert words in warning("show", "physik")
    assert words in warning("set", "physik", "--max-slots", "8")
    assert warning("set", "physik", "--max-slots", "9") == warning("show", "default") == ""


def test_every_command_of_the_page_about_sharing_works(alone: Service) -> None:
    commands = page_commands("docs/how-to/sharing.md", "console")
    assert len(commands) >= 6
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "quantumtask"
        done = quantumtask(
            *words[1:],
            QUANTUMTASK_DATA_DIR=str(alone.settings.data_dir),
            QUANTUMTASK_URL=alone.url,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["physics"], "no limit is given"),
        (["physics", "--max-running", "many"], "max_running: must be a number or `default`"),
        (["physics", "--max-running", "1.5"], "max_running: must be a whole number"),
        (["a b", "--max-running", "1"], "project: must be 1 to 50 letters"),
        (["x", "--user", "a", "--each-user", "--max-running", "1"], "exclude each other"),
    ],
)
def test_a_wrong_limit_in_the_terminal_is_refused(
    alone: Service, arguments: list[str], message: str
) -> None:
    done = quantumtask(
        "project", "set", *arguments, QUANTUMTASK_DATA_DIR=str(alone.settings.data_dir)
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
