"""Stores of large results: a folder and a bucket behave alike."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from quantumtask.shared.blobs import (
    PIECE_BYTES,
    BlobStore,
    check_blob,
    describe_blob,
    is_large,
    new_blob_name,
    open_blob_store,
    pack_result,
    parse_blob_name,
    strip_result,
    unpack_result,
)
from quantumtask.shared.errors import ResultDamaged, ResultStoreUnavailable
from quantumtask.shared.settings import Settings, SettingsError, load_settings
from quantumtask.shared.task import Result
from tests.support import s3
from tests.support.services import free_port

# They share a server.
pytestmark = [pytest.mark.xdist_group("s3"), pytest.mark.slow_first]

RESULT = Result('{"0": 2,\n "π": 1}', '["0", "0", "1"]', 7, "aer", "1", "statevector", 1.5)
TASK = "0192f0c1-2345-7000-8000-0123456789ab"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Server]:
    running = s3.Server(tmp_path_factory.mktemp("s3")).start()
    yield running
    running.stop()


@pytest.fixture(params=["folder", "bucket"])
def blobs(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> BlobStore:
    if request.param == "folder":
        return open_blob_store(Settings(data_dir=tmp_path))
    running: s3.Server = request.getfixturevalue("server")
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    return open_blob_store(Settings(results=f"s3://{s3.BUCKET}/{tmp_path.name}"))


@pytest.fixture(params=["folder", "file", "bucket", "server"])
def nowhere(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> BlobStore:
    """Return a store that does not exist."""
    if request.param in ("folder", "file"):
        if request.param == "file":
            (tmp_path / "results").write_text("")
        return open_blob_store(Settings(data_dir=tmp_path))
    running: s3.Server = request.getfixturevalue("server")
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    if request.param == "server":
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    return open_blob_store(Settings(results="s3://no-such-bucket/any"))


def names(blobs: BlobStore, database: str) -> set[str]:
    return {each.name for some in blobs.list_blobs(database) for each in some}


def test_objects_come_back_until_they_are_deleted(blobs: BlobStore) -> None:
    blobs.put("a/one", b"1" * 300_000)
    blobs.put("a/two", b"")
    assert (blobs.get("a/one"), blobs.get("a/two")) == (b"1" * 300_000, b"")
    for _ in range(2):
        blobs.delete(["a/one", "a/unknown"])
    with pytest.raises(ResultDamaged, match="a/one does not exist"):
        blobs.get("a/one")
    assert blobs.get("a/two") == b""


def test_the_objects_of_a_database_are_listed_and_no_others(blobs: BlobStore) -> None:
    assert names(blobs, "a") == set()
    mine = {f"a/{n}" for n in range(30)}
    for name in (*mine, "ab/other", "b/other"):
        blobs.put(name, b"x")
    assert names(blobs, "a") == mine
    assert all(abs(each.age_s) < 60 for some in blobs.list_blobs("a") for each in some)


def test_an_unreachable_store_is_not_a_missing_object(nowhere: BlobStore) -> None:
    with pytest.raises(ResultStoreUnavailable):
        nowhere.get("a/one")


@pytest.mark.parametrize("nowhere", ["file", "bucket", "server"], indirect=True)
def test_a_failed_write_is_an_error(nowhere: BlobStore) -> None:
    with pytest.raises(ResultStoreUnavailable):
        nowhere.put("a/one", b"1")


def test_a_result_is_restored_from_its_object_unchanged() -> None:
    data = pack_result(RESULT)
    blob = describe_blob("name", data)
    here = strip_result(RESULT, blob)
    assert (here.counts, here.memory, here.outputs, here.seed) == ("null", None, None, 7)
    # A line break between values is a blank to every reader of JSON.
    counts = RESULT.counts.replace("\n", " ")
    check_blob(blob, data)
    assert unpacked(data) == {"counts": counts, "memory": RESULT.memory}


@pytest.mark.parametrize("memory", [None, "", "nul", "null ", "[]", "x" * 100_000])
@pytest.mark.parametrize("data", [None, "{}", "y" * 70_000])
def test_each_text_of_a_result_comes_back_in_pieces(memory: str | None, data: str | None) -> None:
    result = replace(RESULT, counts="{}", memory=memory, outputs=None, data=data)
    texts = {"counts": "{}", "memory": memory, "data": data}
    expected = {name: text for name, text in texts.items() if text is not None}
    assert unpacked(pack_result(result)) == expected
    assert max(len(piece) for _, piece in unpack_result(pack_result(result))) <= 2 * PIECE_BYTES


def unpacked(data: bytes) -> dict[str, str]:
    groups = groupby(unpack_result(data), lambda piece: piece[0])
    return {name: b"".join(piece for _, piece in pieces).decode() for name, pieces in groups}


def test_every_changed_byte_is_noticed() -> None:
    data = pack_result(RESULT)
    blob = describe_blob("name", data)
    for n in range(len(data)):
        changed = data[:n] + bytes([data[n] ^ 1]) + data[n + 1 :]
        with pytest.raises(ResultDamaged):
            check_blob(blob, changed)
    with pytest.raises(ResultDamaged):
        check_blob(blob, data[:-1])
    for damaged in (b"other", data[:-1]):
        with pytest.raises(ResultDamaged, match="unpacked"):
            unpacked(damaged)


def test_all_texts_of_a_result_count_for_its_size() -> None:
    part = "x" * (90 * 1024)
    assert not is_large(Result(part, part, 1, "", "", "", 0))
    assert is_large(Result(part, part, 1, "", "", "", 0, outputs=part))


def test_a_name_has_its_task_and_attempt_and_is_unique() -> None:
    name = new_blob_name("database", TASK, 12)
    assert parse_blob_name(name) == parse_blob_name(f"{name}.part") == (TASK, 12)
    assert new_blob_name("database", TASK, 12) != name
    assert parse_blob_name("database/notes.txt") is None
    assert parse_blob_name("notes") is None


def test_a_service_with_a_results_folder_never_loads_the_library_for_s3(tmp_path: Path) -> None:
    """A service with a bucket loads the library with the first large result."""
    script = (
        "import sys; from quantumtask.shared.blobs import open_blob_store; "
        "from quantumtask.shared.settings import load_settings; "
        "places = '', 's3://bucket/prefix'; "
        "[open_blob_store(load_settings({'QUANTUMTASK_RESULTS': each})) for each in places]; "
        "import quantumtask.api.main, quantumtask.worker.worker; "
        "assert 'obstore' not in sys.modules"
    )
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": os.environ["PATH"]}
    subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, check=True, timeout=60
    )


@pytest.mark.parametrize("place", ["s3://", "gs://bucket", "s3://key:secret@bucket", "http://x/y"])
def test_a_wrong_location_is_refused_at_the_start(place: str) -> None:
    with pytest.raises(SettingsError, match="QUANTUMTASK_RESULTS"):
        load_settings({"QUANTUMTASK_RESULTS": place})
