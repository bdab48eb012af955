"""Checks of the doctor, one by one, in this process: settings, the machine, ports."""

import socket
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from quantumtask.cli.doctor import authentication, machine, ray, services, settings
from quantumtask.cli.doctor.check_result import CheckResult, Level, ok, problem, warning
from quantumtask.cli.supervisor.addresses import listen_error, url_host
from quantumtask.shared.data_folder import DATA_FOLDER, data_folder
from quantumtask.shared.machine import (
    core_count,
    core_quota,
    machine_memory_bytes,
    memory_limit_bytes,
)
from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.token_store import TokenStore
from tests.support.fake_service import Reply, fake_service, json_reply
from tests.support.openid_issuer import CLIENT_ID, running_issuer

GIB = 1024**3


def levels(results: Iterable[CheckResult]) -> list[tuple[str, str]]:
    return [(result.check, result.level.value) for result in results]


def test_a_result_is_an_object_with_all_its_texts() -> None:
    assert ok("a", "b").as_json() == {"check": "a", "level": "ok", "saw": "b", "advice": ""}
    assert warning("a", "b", "c").as_json()["level"] == "warning"
    assert problem("a", "b", "c").as_json() == {
        "check": "a", "level": "problem", "saw": "b", "advice": "c",
    }  # fmt: skip


# Settings.


def test_every_wrong_setting_has_a_result_and_the_others_are_used() -> None:
    usable, results = settings.read(
        {"QUANTUMTASK_PORT": "many", "QUANTUMTASK_SLOTS": "3", "QUANTUMTASK_LEASE_S": "x", "A": ""}
    )
    assert usable.slots == 3
    assert usable.port == Settings().port
    assert levels(results) == [("settings", "problem")] * 2 + [("settings", "ok")]
    assert {result.advice for result in results[:2]} == {
        f"Correct or unset QUANTUMTASK_{name}: no service starts." for name in ("PORT", "LEASE_S")
    }
    assert results[2].finding == "set: QUANTUMTASK_SLOTS"


def test_without_settings_all_have_their_defaults() -> None:
    environment = {"HOME": "/"}
    usable, [result] = settings.read(environment)
    assert usable == Settings(data_folder(DATA_FOLDER, environment))
    assert result.finding == "none: all settings have their defaults"


@pytest.mark.parametrize(
    ("values", "level", "words"),
    [
        ({}, None, ""),
        ({"lease_s": 10, "renew_s": 5}, None, ""),
        ({"lease_s": 10, "renew_s": 5.1}, Level.WARNING, "one late renewal"),
        ({"lease_s": 10, "renew_s": 10}, Level.PROBLEM, "lose their lease while they run"),
        ({"worker_url": "https://w:8001"}, Level.PROBLEM, "is not an http:// address"),
        ({"worker_url": "worker"}, Level.PROBLEM, "is not an http:// address"),
        ({"port": 7, "worker_port": 7}, Level.PROBLEM, "have the same port, 7"),
        ({"max_circuit_bytes": 9, "max_body_bytes": 8}, Level.WARNING, "only 8"),
        ({"max_circuit_bytes": 8, "max_body_bytes": 8}, None, ""),
    ],
)
def test_settings_that_contradict_each_other_are_reported(
    values: dict[str, Any], level: Level | None, words: str
) -> None:
    results = list(settings.check(replace(Settings(), **values)))
    assert [result.level for result in results] == ([level] if level else [])
    assert all(words in result.finding and result.advice for result in results)


# The machine.


def machine_results(settings: Settings, check: str) -> list[CheckResult]:
    return [result for result in machine.check(settings) if result.check == check]


def test_slots_need_memory_and_cores(tmp_path: Path) -> None:
    base = Settings(data_dir=tmp_path, slots=1, slot_memory_mb=512)
    memory_mb = machine_memory_bytes() // MIB
    cases = {
        (1, 512): (Level.OK, "1 of 512 MiB each"),
        (1, 511): (Level.WARNING, "1 of 511 MiB each"),
        (2, memory_mb): (Level.WARNING, "more memory than the machine has"),
    }
    if (core_count() + 1) * 512 <= memory_mb:
        cases[core_count() + 1, 512] = (Level.WARNING, f"{core_count()} cores")
    for (slots, memory), (level, words) in cases.items():
        [result] = machine_results(replace(base, slots=slots, slot_memory_mb=memory), "slots")
        assert (result.level, words in result.finding) == (level, True), result
        assert bool(result.advice) == (level is Level.WARNING)


@pytest.mark.parametrize(
    ("files", "cores", "memory"),
    [
        ({"cpu.max": "250000 100000", "memory.max": "1024\n"}, 2, 1024),
        ({"cpu.max": "50000 100000", "memory.max": "max\n"}, 1, None),
        ({"cpu.max": "max 100000"}, None, None),
        (
            {
                "cpu/cpu.cfs_quota_us": "300000\n",
                "cpu/cpu.cfs_period_us": "100000\n",
                "memory/memory.limit_in_bytes": "8589934592\n",
            },
            3,
            8 * GIB,
        ),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None, None),
        ({}, None, None),
    ],
    ids=["version 2", "half a core", "no limits", "version 1", "version 1, no limits", "none"],
)
def test_a_container_has_the_limits_of_its_control_group(
    tmp_path: Path, files: dict[str, str], cores: int | None, memory: int | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert (core_quota(tmp_path), memory_limit_bytes(tmp_path)) == (cores, memory)


class Usage(NamedTuple):
    free: int


@pytest.mark.parametrize(
    ("free", "level"),
    [(GIB, Level.OK), (GIB - 1, Level.WARNING), (64 * MIB, Level.WARNING),
     (64 * MIB - 1, Level.PROBLEM), (0, Level.PROBLEM)],
)  # fmt: skip
def test_a_disk_needs_free_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(free))
    result = machine_results(Settings(data_dir=tmp_path / "new" / "data"), "disk")[0]
    assert (result.level, f"free at {tmp_path}" in result.finding) == (level, True)
    assert ("submissions get 503" in result.advice) == (level is not Level.OK)


@pytest.mark.parametrize(
    ("kind", "level", "words"),
    [("ext4", Level.OK, "is on ext4"), ("nfs4", Level.PROBLEM, "damages SQLite files"),
     ("fuse.sshfs", Level.PROBLEM, "damages"), ("tmpfs", Level.WARNING, "which a restart empties"),
     ("overlay", Level.WARNING, "ends with the container"), ("", None, "")],
)  # fmt: skip
def test_sqlite_needs_a_disk_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, level: Level | None, words: str
) -> None:
    mounts = f"1 2 0:1 / / rw - {kind} source rw" if kind else ""
    monkeypatch.setattr(machine, "_mounts", lambda: mounts)
    results = machine_results(Settings(data_dir=tmp_path), "disk")[1:]
    assert [result.level for result in results] == ([level] if level else [])
    assert all(words in result.finding for result in results)
    on_a_server = Settings(data_dir=tmp_path, database="postgresql://localhost/x")
    assert len(machine_results(on_a_server, "disk")) == 1


def test_a_file_in_place_of_the_data_folder_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("")
    [result] = machine_results(Settings(data_dir=file), "disk")
    assert result.level is Level.PROBLEM
    assert result.finding == f"{file} is not a folder"


def test_a_line_of_mounts_that_cannot_be_read_is_skipped() -> None:
    mounts = "\n1 2 - ext4\n1 2 0:1 / /\n1 2 0:1 / / rw shared:1 - xfs /dev/sda rw\nx - y"
    assert machine.file_system(Path("/"), mounts) == "xfs"
    assert machine.file_system(Path("/"), "") == ""


# Ports.


@pytest.mark.parametrize(
    ("host", "written"),
    [("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"),
     ("10.0.0.5", "10.0.0.5"), ("api.local", "api.local")],
)  # fmt: skip
def test_a_url_has_an_address_of_this_machine(host: str, written: str) -> None:
    assert url_host(host) == written


def test_a_port_in_use_an_unknown_host_and_a_free_port_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert isinstance(listen_error("127.0.0.1", port), OSError)
    assert listen_error("127.0.0.1", port) is None
    assert isinstance(listen_error("192.0.2.1", port), OSError)


def service_settings(port: int, **more: Any) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    return Settings(host="127.0.0.1", port=port, worker_port=free, **more)


def test_a_service_that_answers_is_healthy_and_another_program_is_a_problem() -> None:
    healthy, other = json_reply({"status": "ok"}), json_reply([])
    wrong: Reply = (200, {}, b"<html>")
    with fake_service(healthy, other, wrong, (503, {}, b"{}")) as (client, _):
        configured = service_settings(int(client.url.rpartition(":")[2]))
        first, *others = [list(services.check(configured)) for _ in range(4)]
    assert levels(first) == [("api", "ok"), ("worker", "ok")]
    assert first[0].finding == f"answers on port {configured.port} of 127.0.0.1"
    assert first[1].finding.startswith("not running here; port")
    for results in others:
        assert levels(results) == [("api", "problem"), ("worker", "ok")]
        assert results[0].finding == f"another program uses port {configured.port} of 127.0.0.1"
        assert "QUANTUMTASK_PORT" in results[0].advice


def test_the_address_of_a_worker_is_asked_if_it_is_set() -> None:
    with fake_service(json_reply({"status": "ok"}), None) as (client, _):
        configured = service_settings(0, worker_url=client.url)
        answers, silent = [list(services.check(configured))[2] for _ in range(2)]
    assert (answers.level, answers.finding) == (Level.OK, f"a Worker answers at {client.url}")
    assert (silent.level, silent.check) == (Level.WARNING, "doorbell")
    assert "QUANTUMTASK_WORKER_URL" in silent.advice


# Ray.


def test_local_slots_need_no_check_of_ray() -> None:
    assert list(ray.check(Settings())) == []


def test_a_token_that_is_missing_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "missing"))
    [result] = ray.check(Settings(executor="ray"))
    assert (result.level, result.finding) == (
        Level.PROBLEM,
        "RAY_AUTH_MODE is token, but no token is set",
    )


# Authentication.


@pytest.mark.parametrize(
    ("values", "level", "words"),
    [
        ({}, Level.OK, "off on loopback, until the first token"),
        ({"host": ""}, Level.PROBLEM, "none exists"),
        ({"auth": "required"}, Level.PROBLEM, "none exists"),
        ({"auth": "off"}, Level.OK, "off, for every program of this machine"),
        ({"auth": "off", "host": "0.0.0.0"}, Level.WARNING, "everyone who reaches 0.0.0.0"),
    ],
)
def test_authentication_without_tokens(
    values: dict[str, Any], level: Level, words: str, tmp_path: Path
) -> None:
    [result] = authentication.check(Settings(data_dir=tmp_path, **values))
    assert (result.level, words in result.finding) == (level, True), result.finding
    assert list(tmp_path.iterdir()) == []


def test_authentication_with_tokens(tmp_path: Path) -> None:
    configured = Settings(data_dir=tmp_path)
    store = TokenStore(configured)
    store.create_token(Principal("ada", "physics", Role.USER))
    store.close()
    [result] = authentication.check(configured)
    assert result == ok("authentication", "requests need a token; 1 created so far")


def test_the_keys_of_the_provider_are_fetched(tmp_path: Path) -> None:
    with running_issuer() as issuer:
        configured = Settings(
            data_dir=tmp_path,
            oidc_issuer=issuer.url,
            oidc_client_id=CLIENT_ID,
            oidc_groups="staff=physics:user",
        )
        provider, tokens = authentication.check(configured)
        assert provider == ok("OpenID Connect", f"{issuer.url} returns its keys: 1")
        assert tokens.level is Level.OK
        [wrong, _] = authentication.check(replace(configured, oidc_groups=""))
        assert (wrong.level, "must be set, too" in wrong.finding) == (Level.PROBLEM, True)
    gone, _ = authentication.check(configured)
    assert (gone.level, "does not return its keys" in gone.finding) == (Level.PROBLEM, True)
