"""The files of the page come from their sources."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.browser import WEB

pytestmark = pytest.mark.xdist_group("web")

BUILT = Path(__file__).parents[2] / "src/quantumtask/web/static"


@pytest.fixture
def node() -> str:
    path = shutil.which("node")
    if path is None:
        pytest.skip("no Node.js, so the page is not built: apt-get install nodejs npm")
    if not (WEB / "node_modules").exists():
        pytest.skip("the packages of the page are not installed: make web")
    return path


def test_the_files_of_the_page_come_from_their_sources(node: str, tmp_path: Path) -> None:
    subprocess.run([node, WEB / "build.mjs", tmp_path], check=True)
    new, committed = (
        {each.name: each.read_bytes() for each in at.iterdir()} for at in (tmp_path, BUILT)
    )
    assert new.keys() == committed.keys()
    changed = [name for name in new if new[name] != committed[name]]
    assert changed == [], "the sources have changed: make web"


def test_the_types_of_the_page_are_right(node: str) -> None:
    compiler = WEB / "node_modules/typescript/bin/tsc"
    checked = subprocess.run(
        [node, compiler, "--noEmit", "-p", WEB], capture_output=True, text=True, check=False
    )
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_no_registry_is_named() -> None:
    assert "http" not in (WEB / "package-lock.json").read_text().replace(
        "https://opencollective", ""
    )


def test_the_licences_of_the_bundled_packages_are_in_the_package() -> None:
    text = (BUILT / "LICENSES.txt").read_text()
    for package in ("preact", "@codemirror/view", "uplot"):
        assert f"{package} " in text
    assert "Permission is hereby granted" in text
