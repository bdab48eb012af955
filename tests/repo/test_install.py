"""`make run` makes an environment: complete or none, with packages for each platform."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.sizes import FULL

ROOT = Path(__file__).parents[2]
INSTALLER = ROOT / "requirements/install.py"


def script(file: Path, text: str) -> Path:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def run(*command: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **more}, capture_output=True, text=True, check=False
    )


def test_a_python_without_ensurepip_is_named_with_the_package_that_has_it(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    python = script(tmp_path / "python", f'PYTHONPATH={tmp_path} exec {sys.executable} "$@"')
    (tmp_path / ".venv").mkdir()  # left by a failure of an earlier version
    process = run("make", "run", "UV=", f"PYTHON={python}", cwd=tmp_path)
    assert process.returncode == 2
    assert "Removing .venv, which is not complete." in process.stdout
    assert "has no module ensurepip.\nInstall it" in process.stderr
    assert ", or install uv, and run make again." in process.stderr
    assert not (tmp_path / ".venv").exists()


def test_uv_installs_all_locked_packages_and_what_it_leaves_half_made_is_removed(
    tmp_path: Path,
) -> None:
    """Run a program in the place of uv, which writes its arguments down."""
    lock = tmp_path / "some.lock"
    lock.write_text("one==1 \\\n    --hash=sha256:00\n    # via two\ntwo==2 ; x \\\n    --hash\n")
    program = 'echo "$@" >> uv.log; test "$1" = pip || { mkdir -p .venv; exit $STATUS; }'
    uv = script(tmp_path / "uv", program)
    command = [sys.executable, str(INSTALLER), ".venv", str(lock), "--uv", str(uv), "--compile"]
    failed = run(*command, cwd=tmp_path, STATUS="3")
    assert failed.returncode == 1
    assert "The environment .venv cannot be made" in failed.stderr
    assert not (tmp_path / ".venv").exists()
    process = run(*command, cwd=tmp_path, STATUS="0")
    assert (process.returncode, process.stderr) == (0, "")
    assert "Installing 2 packages with uv: about 0 s" in process.stdout
    packages, project = (tmp_path / "uv.log").read_text().splitlines()[2:]
    assert packages.endswith(f"--compile-bytecode --no-deps --require-hashes -r {lock}")
    assert project.endswith(f"--no-deps --no-build-isolation -e {ROOT}")


def test_each_platform_has_its_packages_or_a_sentence_that_says_why_not() -> None:
    namespace: dict[str, Any] = runpy.run_path(str(INSTALLER))
    support = namespace["platform_support"]
    for plain in (
        ("linux", "x86_64", "glibc 2.35"),
        ("linux", "aarch64", "glibc 2.41"),
        ("darwin", "arm64", ""),
    ):
        assert support(*plain) == ("", "", False)
    error, notice, portable = support("linux", "x86_64", "glibc 2.31")
    assert (error, portable) == ("", True)
    assert "glibc 2.31 is older than 2.35: qdk has no package" in notice
    assert "needs 2.28 or newer" in support("linux", "x86_64", "glibc 2.17").error
    assert "Alpine has musl" in support("linux", "x86_64", "").error
    assert "docker compose up" in support("linux", "x86_64", "").error
    assert "Intel processors" in support("darwin", "x86_64", "").notice
    assert not support("darwin", "x86_64", "").error


def test_the_portable_lock_replaces_the_parser_and_nothing_else() -> None:
    namespace: dict[str, Any] = runpy.run_path(str(INSTALLER))
    run_lock = namespace["entries"]([ROOT / "requirements/run.lock"])
    portable = namespace["entries"]([ROOT / "requirements/portable.lock"])
    assert namespace["PARSER"] in run_lock
    assert {*portable} == {"openqasm3", "antlr4-python3-runtime"}


def test_the_package_that_has_venv_is_that_of_the_distribution() -> None:
    command = runpy.run_path(str(INSTALLER))["venv_command"]
    debian, ubuntu = 'ID=debian\nVERSION_ID="12"', 'ID=pop\nID_LIKE="ubuntu debian"'
    assert command(debian, "/usr/bin/python3") == ": sudo apt install python3-venv"
    assert command(ubuntu, "/usr/bin/python3") == ": sudo apt install python3-venv"
    own = f": sudo apt install python3.{sys.version_info.minor}-venv"
    assert command(debian, "/opt/python") == own
    assert "often named python3-venv" in command("ID=fedora", "/usr/bin/python3")


@pytest.mark.skipif(not FULL, reason="installs from the network: make test-full")
def test_a_clone_and_a_wheel_install_and_name_what_is_missing(tmp_path: Path) -> None:
    """The normal size has the parts: the installer above, and the messages in test_packaging."""
    clone, dist = tmp_path / "clone", tmp_path / "dist"
    run("git", "clone", "--quiet", str(ROOT), str(clone), cwd=tmp_path)
    process = run("make", ".venv/run.stamp", cwd=clone)
    assert (process.returncode, "Installed in " in process.stdout) == (0, True), process.stderr
    command = str(clone / ".venv/bin/quantumtask")
    assert run(command, "validate", "examples/bell.qasm", cwd=clone).returncode == 0
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    assert run(*build, cwd=ROOT).returncode == 0
    [wheel] = dist.iterdir()
    run(sys.executable, "-m", "venv", "alone", cwd=tmp_path)
    assert run("alone/bin/pip", "install", "--quiet", str(wheel), cwd=tmp_path).returncode == 0
    assert run("alone/bin/quantumtask", "--version", cwd=tmp_path).returncode == 0
    refusal = run("alone/bin/quantumtask", "up", cwd=tmp_path)
    assert refusal.returncode == 1
    assert f"alone/bin/pip install './dist/{wheel.name}[server]'" in refusal.stderr
