"""Plugin of pytest: leaves out the tests that need no server, of projects that skip the others."""

import pytest

VARIABLE = "PYTKET_RUN_REMOTE_TESTS"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    local = [item for item in items if not _is_remote(item)]
    items[:] = [item for item in items if _is_remote(item)]
    config.hook.pytest_deselected(items=local)


def _is_remote(item: pytest.Item) -> bool:
    marks = item.iter_markers("skipif")
    return any(VARIABLE in mark.kwargs.get("reason", "") for mark in marks)
