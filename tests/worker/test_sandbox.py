"""The walls around the processes that read circuits."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantumtask.cli.doctor import sandbox as doctor
from quantumtask.cli.doctor.check_result import Level
from quantumtask.engines.selection.methods import engine_version
from quantumtask.shared.data_folder import data_folder
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import ENGINES
from quantumtask.worker.sandbox import landlock
from quantumtask.worker.sandbox.environment import VARIABLES
from quantumtask.worker.sandbox.seccomp import filter_program
from quantumtask.worker.sandbox.system_calls import ABSENT, ALLOWED, argument_checks
from tests.support import attacks
from tests.support.attacks import ATTEMPTS, NEED_RIGHTS, SECRET
from tests.support.services import Service, children, is_forked, until

Report = dict[str, list[str] | str]
PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose worker has a secret in its environment, as a deployed one does."""
    running = Service(tmp_path_factory.mktemp("sandbox"), slots=1)
    running.environment["AWS_SECRET_ACCESS_KEY"] = SECRET
    running.start_api()
    running.start_worker(within=["env"])  # a new interpreter: a launched worker has other memory
    running.wait_ready()
    running.http.post("/validate", json={"circuit": "qubit q;"})  # starts the child for analysis
    yield running
    running.stop()


def forked(service: Service) -> list[int]:
    """Return the fork server and its children."""
    pids = [pid for pid in children(service.worker.pid) if is_forked(pid)]
    assert len(pids) == 3
    return pids


def memory(pid: int) -> Iterator[bytes]:
    """Yield the writable memory that a process uses: each run of pages."""
    process = Path(f"/proc/{pid}")
    with (
        (process / "mem").open("rb", buffering=0) as file,
        (process / "pagemap").open("rb", buffering=0) as pages,
    ):
        for line in (process / "maps").read_text().splitlines():
            start, end = (int(number, 16) // PAGE for number in re.split("[- ]", line)[:2])
            if " rw" in line and "[v" not in line:
                pages.seek(8 * start)
                entries = np.frombuffer(pages.read(8 * (end - start)), np.uint64)
                used = np.flatnonzero(entries >> np.uint64(62))  # in memory, or swapped out
                for run in np.split(used, np.flatnonzero(np.diff(used) > 1) + 1):
                    if run.size:
                        file.seek((start + int(run[0])) * PAGE)
                        yield file.read(run.size * PAGE)


def test_only_listed_variables_reach_a_process_that_reads_circuits(service: Service) -> None:
    assert SECRET in Path(f"/proc/{service.worker.pid}/environ").read_text()
    for pid in forked(service):
        texts = Path(f"/proc/{pid}/environ").read_text().split("\0")[:-1]
        assert {text.partition("=")[0] for text in texts} <= set(VARIABLES)


def test_a_secret_of_the_worker_is_not_in_the_memory_of_its_children(service: Service) -> None:
    def holds_secret(pid: int) -> bool:
        return any(SECRET.encode() in region for region in memory(pid))

    assert holds_secret(service.worker.pid)
    assert [pid for pid in forked(service) if holds_secret(pid)] == []


def test_processes_that_read_circuits_are_restricted_and_the_worker_is_not(
    service: Service,
) -> None:
    def modes(pid: int) -> tuple[str, ...]:
        status = Path(f"/proc/{pid}/status").read_text()
        return tuple(re.findall(r"^(?:CapEff|NoNewPrivs|Seccomp):\t(\w+)$", status, re.MULTILINE))

    fork_server, *below = sorted(forked(service))
    assert [modes(pid) for pid in below] == [("0" * 16, "1", "2")] * 2
    assert modes(fork_server)[1:] == modes(service.worker.pid)[1:] == ("0", "0")
    assert all(os.getsid(pid) == pid for pid in below)


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_runs_in_the_sandbox(service: Service, engine: str) -> None:
    if engine_version(engine) is None:
        pytest.skip(f"{engine} is not installed")
    circuit = 'include "stdgates.inc"; qubit[4] q; h q[0]; cx q[0], q[1];'
    options: dict[str, Any] = {}
    if engine == "pauli_prop":
        options = {"observables": "IIZZ", "max_terms": 1000, "method": "pauli_propagation"}
    else:
        circuit = f"bit[4] c; {circuit} c = measure q;"
    task = service.run(circuit, engine=engine, **options)
    assert (task["status"], task.get("engine")) == ("completed", engine), task


def test_a_snapshot_of_a_device_can_be_read_in_the_sandbox(service: Service) -> None:
    circuit = "qubit[2] q; bit[2] c; U(1, 2, 3) q[0]; c = measure q;"
    task = service.run(circuit, backend="fake_manila", shots=10)
    assert task["status"] == "completed", task


# The filter


@pytest.mark.parametrize(
    ("machine", "file"),
    [
        ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        ("aarch64", "/usr/include/asm-generic/unistd.h"),
    ],
)
def test_the_numbers_of_system_calls_are_those_of_the_kernel(machine: str, file: str) -> None:
    if not Path(file).exists():
        pytest.skip("no headers of the kernel")
    lines = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", Path(file).read_text())
    numbers = {name: int(number) for name, number in lines}
    numbers.setdefault("newfstatat", numbers.get("fstatat", -1))
    for name, call in {**ALLOWED, **ABSENT}.items():
        assert getattr(call, machine) == numbers.get(name), name


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_filter_refuses_what_it_does_not_name(machine: str) -> None:
    program = filter_program(machine, 4711)
    assert len(program) < 4096
    assert program[-1].value == 0x00050001  # EPERM
    assert all(0 <= each.if_true < 256 and 0 <= each.if_false < 256 for each in program)
    allowed = {call for name, call in ALLOWED.items() if name not in argument_checks(4711)}
    numbers = [getattr(call, machine) for call in allowed if getattr(call, machine) is not None]
    compared = [each.value for each in program if each.code == 0x15]
    assert set(numbers) <= set(compared)


# Settings


WITHOUT_LANDLOCK = [sys.executable, "-m", "tests.support.without_landlock"]


def test_a_worker_on_a_kernel_without_landlock_says_so(tmp_path: Path) -> None:
    service = Service(tmp_path, slots=1)
    worker = service.start_worker(within=WITHOUT_LANDLOCK)
    until(lambda: "ready to run tasks" in worker.log.read_text(), 60, service.logs)
    lines = [json.loads(line) for line in worker.log.read_text().splitlines()]
    missing = [line["missing"] for line in lines if line["event"] == "sandbox incomplete"]
    assert missing == ["Landlock"]
    service.stop()


def test_a_worker_that_requires_landlock_does_not_start_without(tmp_path: Path) -> None:
    service = Service(tmp_path, slots=1, sandbox="require")
    worker = service.start_worker(within=WITHOUT_LANDLOCK)
    assert worker.popen.wait(60) == 2
    assert "QUANTUMTASK_SANDBOX=require needs a machine that has Landlock" in service.logs()


@pytest.mark.parametrize(
    ("mode", "level"), [("on", Level.WARNING), ("require", Level.PROBLEM), ("off", Level.WARNING)]
)
def test_the_doctor_reports_a_missing_restriction(
    monkeypatch: pytest.MonkeyPatch, mode: str, level: Level
) -> None:
    monkeypatch.setattr(landlock, "landlock_version", lambda: 0)
    [result] = doctor.check(Settings(sandbox=mode))
    assert result.level is level
    assert ("no Landlock" in result.finding) is (mode != "off")


def test_the_doctor_names_the_restrictions_of_this_machine() -> None:
    [result] = doctor.check(Settings())
    assert result.level is Level.OK
    assert "Landlock, seccomp" in result.finding


# The payload


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of modules with which a fork server runs the payload."""
    folder = tmp_path_factory.mktemp("hook")
    shutil.copy(attacks.__file__, folder / "sitecustomize.py")
    private = folder / "private"
    private.write_text("secret")
    private.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(private, 65534, 65534)
    return folder


def attack(hook: Path, data: Path, *mutants: str) -> Report:
    """Run the payload in slots of a new worker; return the successes for each mutant."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.red_team", str(data), *mutants],
        env={**os.environ, "AWS_SECRET_ACCESS_KEY": SECRET, "PYTHONPATH": str(hook)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: Report = json.loads(done.stdout)
    return report


@pytest.fixture(scope="module")
def report(hook: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    mutants = (
        "none",
        "session",
        "capabilities",
        "Landlock",
        "seccomp",
        "limits",
        "files",
        "output",
    )
    return attack(hook, tmp_path_factory.mktemp("data"), *mutants, "x32")


def test_no_attempt_to_leave_the_sandbox_succeeds(report: Report) -> None:
    assert len(ATTEMPTS) >= 25
    assert report["none"] == []


def test_calls_of_another_interface_end_the_slot(report: Report) -> None:
    if os.uname().machine == "x86_64":
        assert "SIGSYS" in report["x32"]


@pytest.mark.parametrize(
    ("mutant", "attempt"),
    [
        ("session", "stay in the session of the worker"),
        ("Landlock", "read the database"),
        ("seccomp", "leave a process behind"),
        ("limits", "take more memory than the slot has"),
        ("files", "use a file of the fork server"),
        ("output", "write into the log"),
    ],
)
def test_without_a_restriction_an_attempt_succeeds(
    report: Report, mutant: str, attempt: str
) -> None:
    assert attempt in report[mutant]


def test_an_administrator_has_no_rights_in_the_sandbox(report: Report) -> None:
    if os.geteuid() == 0:
        assert report["capabilities"] == ["read a file of another user"]


def test_each_attempt_succeeds_without_the_sandbox(hook: Path, tmp_path: Path) -> None:
    report = attack(hook, tmp_path, "environment", "none of them")
    assert report["environment"] == ["read a password in the own environment"]
    refused = set(ATTEMPTS) - set(report["none of them"])
    assert refused <= NEED_RIGHTS
    if os.geteuid() == 0:
        assert refused == set()


def test_a_user_without_a_home_reads_the_libraries_and_no_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd (DynamicUser) and containers run services as users that no list of users has."""

    def raise_unknown(user: int) -> None:
        raise KeyError(user)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", raise_unknown)
    monkeypatch.syspath_prepend(str(tmp_path))
    folders = list(landlock.library_folders([tmp_path / "data"]))
    assert Path(np.__file__).parents[1] in folders
    assert tmp_path not in folders
    assert data_folder(Path("~/tasks"), {}) == Path("/tasks")
