"""Tests of a client, from its own project, that run through a door."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.support.source_releases import DownloadError, Release

ROOT = Path(__file__).parents[3]
FOLDER = Path(__file__).parent
PLUGINS = FOLDER / "plugins"
"""Modules for the environments of clients, plugins of pytest and tests; copied to each run."""


class MissingSourcesError(Exception):
    """The tests of a suite are not on this machine; the message names the remedy."""


class Sources(Protocol):
    """Place of the tests of a suite."""

    def folder(self) -> Path:
        """Return the folder that holds the tests; raise MissingSourcesError if there is none."""


class IndexSources(NamedTuple):
    """Tests in a source release of the package index."""

    release: Release

    def folder(self) -> Path:
        try:
            return self.release.fetch()
        except DownloadError as error:
            raise MissingSourcesError(f"download failed: {error}") from error


class ArchiveSources(NamedTuple):
    """Tests in a source archive, which the package index does not have.

    Attributes:
        variable: Environment variable that names the folder of the unpacked archive.
        archive: Name of the archive, for the message.
        part: Folder that the archive has.
    """

    variable: str
    archive: str
    part: str

    def folder(self) -> Path:
        name = os.environ.get(self.variable, "")
        if not name:
            raise MissingSourcesError(f"unpack {self.archive}, and set {self.variable} to it")
        if not (Path(name) / self.part).is_dir():
            raise MissingSourcesError(f"{self.variable}: {name} has no folder {self.part}")
        return Path(name).resolve()


class Change(NamedTuple):
    """Text of a file of the tests that is replaced in the copy that runs, with the reason."""

    file: str
    old: str
    new: str
    reason: str


@dataclass(frozen=True)
class Suite:
    """One run of a client's tests.

    Attributes:
        client: Name and version of the client, for the report.
        packages: Requirements of the environment of the client, beside pytest.
        folders: Parts of the sources that the run needs; they are copied.
        arguments: Arguments of pytest.
        command: Program of the environment that runs pytest.
        files: Files that the client reads in its home folder, by name.
        variables: Environment variables, beside those that lead the client to the door.
    """

    name: str
    client: str
    door: str
    packages: tuple[str, ...]
    arguments: tuple[str, ...]
    sources: Sources | None = None
    folders: tuple[str, ...] = ("test",)
    changes: tuple[Change, ...] = ()
    command: str = "pytest"
    files: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
