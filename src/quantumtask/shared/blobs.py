"""Large results, outside the database: files of a folder, or objects of an S3-compatible store.

Only here is the library that speaks S3 imported.
"""

import gzip
import hashlib
import os
import re
import secrets
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from quantumtask.shared.errors import ResultDamaged, ResultStoreUnavailable
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import BLOB_PLACEHOLDER, Blob, Result

LARGE_BYTES = 256 * 1024
"""A larger result, as JSON text, leaves the database."""

_CHUNK = 1000


def is_large(result: Result) -> bool:
    return result.json_size > LARGE_BYTES


def pack_result(result: Result) -> bytes:
    """Counts, memory, outputs and data as lines of JSON, in gzip; without data, three lines."""
    texts = result.texts if result.data is not None else result.texts[:-1]
    # In JSON a line break is only ever a blank between values.
    lines = ["null" if text is None else text.replace("\n", " ") for text in texts]
    return gzip.compress("\n".join(lines).encode(), compresslevel=1, mtime=0)


def describe_blob(name: str, data: bytes) -> Blob:
    """What the database says of an object."""
    return Blob(name, len(data), hashlib.sha256(data).hexdigest())


def strip_result(result: Result, blob: Blob) -> Result:
    """A result as the database holds it when its large part is elsewhere."""
    size = result.json_size
    return replace(
        result, counts=BLOB_PLACEHOLDER, memory=None, outputs=None, data=None, blob=blob, size=size
    )


def restore_result(result: Result, blob: Blob, data: bytes) -> Result:
    """The result again, from its object. Raises ResultDamaged if that is not what was stored."""
    if describe_blob(blob.name, data) != blob:
        raise ResultDamaged(f"{blob.name} is not what was stored: {len(data):,} bytes")
    try:
        counts, *rest = gzip.decompress(data).decode().split("\n")
        memory, outputs, *more = (None if text == "null" else text for text in rest)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise ResultDamaged(f"{blob.name} cannot be unpacked") from error
    (values,) = more or (None,)
    return replace(
        result, counts=counts, memory=memory, outputs=outputs, data=values, blob=None, size=None
    )


def new_blob_name(database: str, task_id: str, attempt: int) -> str:
    """A name for the object of an attempt, never given before: an object is written only once.

    It begins with the name of its database, so that two may have one place.
    """
    return f"{database}/{task_id}-{attempt}-{secrets.token_hex(4)}.gz"


def parse_blob_name(name: str) -> tuple[str, int] | None:
    """The (task id, attempt) that an object was written for; None: it is none of ours."""
    parts = _NAME.fullmatch(name)
    return (parts["task"], int(parts["attempt"])) if parts else None


_NAME = re.compile(r"\w+/(?P<task>.+)-(?P<attempt>[0-9]{1,18})-[0-9a-f]{8}\.gz(\.part)?")


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """An object that is there, and how long, in seconds."""

    name: str
    age_s: float


class BlobStore(ABC):
    """Where large results are. For any number of threads.

    Every method raises ResultStoreUnavailable where the place cannot be read or written now.
    """

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Stores an object. Once this returns it survives a power cut."""

    @abstractmethod
    def get(self, name: str) -> bytes:
        """An object. Raises ResultDamaged if there is none of that name."""

    @abstractmethod
    def delete(self, names: Sequence[str]) -> None:
        """Removes objects; those that are gone already are no error."""

    @abstractmethod
    def list_blobs(self, database: str) -> Iterator[list[BlobInfo]]:
        """All objects of a database, in lists of a thousand at most."""


def open_blob_store(settings: Settings) -> BlobStore:
    """The place that the settings name. Nothing is connected or made yet."""
    place = settings.results_location
    return BucketStore(place) if place.startswith("s3://") else FolderStore(Path(place))


class FolderStore(BlobStore):
    """Files of a folder, which every machine with an API or a Worker must see."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes) -> None:
        path = self._root / name
        part = path.with_name(path.name + ".part")
        with self._reachable():
            _make(path.parent)
            try:
                _write(part, data)
                part.replace(path)
            except OSError:  # a full disk gets its room back
                part.unlink(missing_ok=True)
                raise
            _sync(path.parent)

    def get(self, name: str) -> bytes:
        try:
            with self._reachable():
                return (self._root / name).read_bytes()
        except FileNotFoundError:
            raise ResultDamaged(f"{name} is gone") from None

    def delete(self, names: Sequence[str]) -> None:
        with self._reachable():
            for name in names:
                (self._root / name).unlink(missing_ok=True)

    def list_blobs(self, database: str) -> Iterator[list[BlobInfo]]:
        with self._reachable():
            if (self._root / database).is_dir():  # made with the first object
                yield from _lists(self._files(database))

    def _files(self, database: str) -> Iterator[BlobInfo]:
        with os.scandir(self._root / database) as files:
            for file in files:
                with suppress(FileNotFoundError):  # somebody else was faster
                    age_s = time.time() - file.stat().st_mtime
                    yield BlobInfo(f"{database}/{file.name}", age_s)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        """What is missing inside is missing only if the folder itself is there."""
        try:
            yield
        except FileNotFoundError:
            if self._root.is_dir():
                raise
            raise ResultStoreUnavailable(f"there is no folder {self._root}") from None
        except OSError as error:
            raise ResultStoreUnavailable(f"the results' folder: {error.strerror}") from error


def _make(folder: Path) -> None:
    """Makes a folder whose name survives a power cut, as its parents' do."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class BucketStore(BlobStore):
    """Objects of an S3-compatible store below `s3://BUCKET/PREFIX`; the AWS_ variables say which.

    Connections and tries are few and short: whoever asks tries again, and knows how long.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _store(self) -> Any:
        from obstore.store import S3Store  # not above: who has no large results never loads it

        return S3Store.from_url(
            self._url,
            client_options={
                "allow_http": _endpoint().startswith("http://"),
                "connect_timeout": timedelta(seconds=3),
                "timeout": timedelta(seconds=30),
            },
            retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=5)},
        )

    def put(self, name: str, data: bytes) -> None:
        with self._reachable():
            self._store.put(name, data, use_multipart=False)

    def get(self, name: str) -> bytes:
        try:
            with self._reachable():
                return bytes(self._store.get(name).bytes())
        except FileNotFoundError:
            raise ResultDamaged(f"{name} is gone") from None

    def delete(self, names: Sequence[str]) -> None:
        with suppress(FileNotFoundError), self._reachable():
            self._store.delete(list(names))

    def list_blobs(self, database: str) -> Iterator[list[BlobInfo]]:
        with self._reachable():
            for metas in self._store.list(database, chunk_size=_CHUNK):
                now = datetime.now(UTC)
                yield [
                    BlobInfo(meta["path"], (now - meta["last_modified"]).total_seconds())
                    for meta in metas
                ]

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" not in str(error):
                raise
            raise ResultStoreUnavailable("there is no such bucket") from error
        except (BaseError, OSError, ValueError) as error:
            raise ResultStoreUnavailable(f"the bucket: {str(error).splitlines()[0]}") from error


def _endpoint() -> str:
    """The server that was named for S3; empty: Amazon's."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    return next((value for name in names if (value := os.environ.get(name))), "")


def _lists(all_of_them: Iterable[BlobInfo]) -> Iterator[list[BlobInfo]]:
    them = iter(all_of_them)
    while some := list(islice(them, _CHUNK)):
        yield some
