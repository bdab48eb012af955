"""Large results outside the database: files in a folder, or objects in an S3-compatible store.

This is the only file that imports the library for S3.
"""

import gzip
import hashlib
import io
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
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from quantumtask.shared.errors import ResultDamaged, ResultStoreUnavailable
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import BLOB_PLACEHOLDER, Blob, Result

LARGE_BYTES = 256 * 1024
"""Size in characters of JSON above which a result is stored outside the database."""

PIECE_BYTES = 32 * 1024
"""Size of the pieces in which the text of a large result is handled: a millisecond or so each."""

FIELDS = ("counts", "memory", "outputs", "data")
NONE_TEXT = b"null"
"""Fields of a result in the order of the lines of an object, and the line of a field that is None.
"""

_PAGE_SIZE = 1000


def is_large(result: Result) -> bool:
    """Return True if the texts of a result are too large for the database."""
    return result.json_size > LARGE_BYTES


def pack_result(result: Result) -> bytes:
    """Return counts, memory, outputs and, if set, data as lines of JSON, compressed by gzip."""
    texts = result.texts if result.data is not None else result.texts[:-1]
    # A line break in JSON can only be white space between values.
    lines = [NONE_TEXT.decode() if text is None else text.replace("\n", " ") for text in texts]
    return gzip.compress("\n".join(lines).encode(), compresslevel=1, mtime=0)


def describe_blob(name: str, data: bytes) -> Blob:
    """Return the reference to an object with these bytes."""
    return Blob(name, len(data), hashlib.sha256(data).hexdigest())


def strip_result(result: Result, blob: Blob) -> Result:
    """Return the result as the database stores it, with a reference to the large part."""
    size = result.json_size
    return replace(
        result, counts=BLOB_PLACEHOLDER, memory=None, outputs=None, data=None, blob=blob, size=size
    )


def check_blob(blob: Blob, data: bytes) -> None:
    """Raise ResultDamaged if the bytes of an object differ from those that were stored."""
    if describe_blob(blob.name, data) != blob:
        raise ResultDamaged(f"{blob.name} differs from the stored object: {len(data):,} bytes")


def unpack_result(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the texts of a result from its object, in pieces, each with the name of its field.

    Fields come in the order of FIELDS; those that are None are left out.

    Raises:
        ResultDamaged: The bytes cannot be unpacked.
    """
    try:
        for number, pieces in groupby(_split_lines(_decompress(data)), itemgetter(0)):
            yield from _name_pieces(FIELDS[number], (piece for _, piece in pieces))
    except (OSError, EOFError, LookupError, zlib.error) as error:
        raise ResultDamaged("the object cannot be unpacked") from error


def _decompress(data: bytes) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _split_lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield pieces of lines, each with the number of its line."""
    number = 0
    for piece in pieces:
        first, *others = piece.split(b"\n")
        yield number, first
        for other in others:
            number += 1
            yield number, other


def _name_pieces(field: str, pieces: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the pieces with the name of their field; nothing if the text is that of None."""
    iterator, head = iter(pieces), b""
    while len(head) <= len(NONE_TEXT) and (piece := next(iterator, None)) is not None:
        head += piece
    if head != NONE_TEXT or field == FIELDS[0]:
        yield field, head
        yield from ((field, piece) for piece in iterator)


def new_blob_name(database: str, task_id: str, attempt: int) -> str:
    """Return a new, unique name for the object of an attempt: objects are never overwritten.

    The name begins with the identity of the database, so that two databases may share a folder.
    """
    return f"{database}/{task_id}-{attempt}-{secrets.token_hex(4)}.gz"


def parse_blob_name(name: str) -> tuple[str, int] | None:
    """Return the (task id, attempt) of an object; None if the name is not that of a result."""
    parts = _NAME.fullmatch(name)
    return (parts["task"], int(parts["attempt"])) if parts else None


_NAME = re.compile(r"\w+/(?P<task>.+)-(?P<attempt>[0-9]{1,18})-[0-9a-f]{8}\.gz(\.part)?")


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """An existing object and its age in seconds."""

    name: str
    age_s: float


class BlobStore(ABC):
    """A store of large results, for any number of threads.

    Every method raises ResultStoreUnavailable if the store cannot be read or written now.
    """

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Store an object; it survives a power cut after the call has returned."""

    @abstractmethod
    def get(self, name: str) -> bytes:
        """Return the bytes of an object. Raises ResultDamaged if it does not exist."""

    @abstractmethod
    def delete(self, names: Sequence[str]) -> None:
        """Delete objects; names that do not exist are ignored."""

    @abstractmethod
    def list_blobs(self, database: str) -> Iterator[list[BlobInfo]]:
        """Yield all objects of a database, in lists of at most a thousand."""


def open_blob_store(settings: Settings) -> BlobStore:
    """Return the store that the settings name, without connecting to it or creating it."""
    location = settings.results_location
    if location.startswith("s3://"):
        return BucketStore(location)
    return FolderStore(Path(location))


class FolderStore(BlobStore):
    """Files in a folder that every machine with an API or a worker must be able to reach."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, data: bytes) -> None:
        """Write a file and rename it, each synchronised with the disk."""
        path = self._root / name
        part = path.with_name(path.name + ".part")
        with self._reachable():
            _create_folder(path.parent)
            try:
                _write(part, data)
                part.replace(path)
            except OSError:  # free the space on a full disk
                part.unlink(missing_ok=True)
                raise
            _sync(path.parent)

    def get(self, name: str) -> bytes:
        """Read a file."""
        try:
            with self._reachable():
                return (self._root / name).read_bytes()
        except FileNotFoundError:
            raise ResultDamaged(f"{name} does not exist") from None

    def delete(self, names: Sequence[str]) -> None:
        """Delete files."""
        with self._reachable():
            for name in names:
                (self._root / name).unlink(missing_ok=True)

    def list_blobs(self, database: str) -> Iterator[list[BlobInfo]]:
        """Yield the files of the folder of a database."""
        with self._reachable():
            if (self._root / database).is_dir():  # created with the first object
                yield from _pages(self._files(database))

    def _files(self, database: str) -> Iterator[BlobInfo]:
        with os.scandir(self._root / database) as files:
            for file in files:
                with suppress(FileNotFoundError):  # deleted in the meantime
                    age_s = time.time() - file.stat().st_mtime
                    yield BlobInfo(f"{database}/{file.name}", age_s)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        """Raise ResultStoreUnavailable, unless a file is missing in a folder that exists."""
        try:
            yield
        except FileNotFoundError:
            if self._root.is_dir():
                raise
            raise ResultStoreUnavailable(
                f"the results folder {self._root} does not exist"
            ) from None
        except OSError as error:
            raise ResultStoreUnavailable(
                f"the results folder cannot be used: {error.strerror}"
            ) from error


def _create_folder(folder: Path) -> None:
    """Create a folder with its parents, all of which survive a power cut."""
    if not folder.is_dir():
        _create_folder(folder.parent)
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
    """Objects below `s3://BUCKET/PREFIX` in the S3-compatible store of the AWS_ variables.

    Timeouts are short and retries few, because the callers retry and know for how long.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _store(self) -> Any:
        from obstore.store import S3Store  # imported here: few processes need it

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
        """Upload an object."""
        with self._reachable():
            self._store.put(name, data, use_multipart=False)

    def get(self, name: str) -> bytes:
        """Download an object."""
        try:
            with self._reachable():
                return bytes(self._store.get(name).bytes())
        except FileNotFoundError:
            raise ResultDamaged(f"{name} does not exist") from None

    def delete(self, names: Sequence[str]) -> None:
        """Delete objects."""
        with suppress(FileNotFoundError), self._reachable():
            self._store.delete(list(names))

    def list_blobs(self, database: str) -> Iterator[list[BlobInfo]]:
        """Yield the objects with the prefix of a database."""
        with self._reachable():
            for metas in self._store.list(database, chunk_size=_PAGE_SIZE):
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
            raise ResultStoreUnavailable("the bucket does not exist") from error
        except (BaseError, OSError, ValueError) as error:
            raise ResultStoreUnavailable(
                f"the bucket cannot be used: {str(error).splitlines()[0]}"
            ) from error


def _endpoint() -> str:
    """Return the URL of the S3 server; empty for Amazon's."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    return next((value for name in names if (value := os.environ.get(name))), "")


def _pages(blobs: Iterable[BlobInfo]) -> Iterator[list[BlobInfo]]:
    iterator = iter(blobs)
    while page := list(islice(iterator, _PAGE_SIZE)):
        yield page
