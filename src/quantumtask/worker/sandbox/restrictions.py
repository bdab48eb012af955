"""The restrictions of a sandbox, in the order in which a process takes them on."""

import os
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from quantumtask.shared.settings import PREFIX, Settings, SettingsError
from quantumtask.worker.sandbox import kernel, landlock, seccomp

_MAX_FILES = 1 << 16


@dataclass(frozen=True)
class Restriction:
    """Something that a process gives up for good.

    Attributes:
        name: The name in logs and in `quantumtask doctor`.
        prevents: What a process could do without the restriction.
        available: A function that returns True if this machine has the restriction.
        apply: A function that takes the restriction on, for this process.
    """

    name: str
    prevents: str
    available: Callable[[], bool]
    apply: Callable[[Settings], None]


def _is_linux() -> bool:
    return sys.platform == "linux"


def _start_session(_: Settings) -> None:
    if os.getsid(0) != os.getpid():
        os.setsid()


def _forbid_files(settings: Settings) -> None:
    results = () if "://" in settings.results_location else (Path(settings.results_location),)
    landlock.forbid_files([settings.data_dir, *results])


RESTRICTIONS: tuple[Restriction, ...] = (
    Restriction("session", "share the terminal of the worker", _is_linux, _start_session),
    Restriction(
        "capabilities",
        "use the rights of an administrator",
        lambda: bool(kernel.processor()),
        lambda _: kernel.drop_capabilities(),
    ),
    Restriction(
        "no_new_privs",
        "gain rights by a program that has them",
        _is_linux,
        lambda _: kernel.forbid_new_privileges(),
    ),
    Restriction(
        "Landlock",
        "read the files of the service",
        lambda: landlock.landlock_version() > 0,
        _forbid_files,
    ),
    Restriction(
        "seccomp",
        "start programs, use the network and write files",
        seccomp.seccomp_available,
        lambda _: seccomp.forbid_system_calls(),
    ),
)


def missing_restrictions() -> list[Restriction]:
    """Return the restrictions that this machine does not have."""
    return [each for each in RESTRICTIONS if not (_is_linux() and each.available())]


def check_sandbox(settings: Settings) -> list[Restriction]:
    """Return the missing restrictions, if the sandbox is switched on.

    Raises:
        SettingsError: A restriction is missing and the settings require all.
    """
    missing = missing_restrictions() if settings.sandbox != "off" else []
    if missing and settings.sandbox == "require":
        names = ", ".join(each.name for each in missing)
        raise SettingsError(
            f"{PREFIX}SANDBOX=require needs a machine that has {names}. "
            f"Use another kernel or container, or set {PREFIX}SANDBOX=on."
        )
    return missing


def enter_sandbox(settings: Settings, keep: Collection[int]) -> None:
    """Give up all that a process does not need for reading and running circuits.

    Only the thread that calls it and its later threads are in the sandbox: no other may exist.

    Args:
        settings: The settings.
        keep: Numbers of the files to keep open, apart from those of standard input and output.

    Raises:
        SettingsError: A restriction is missing and the settings require all.
        OSError: The kernel has a restriction and refuses it.
    """
    missing = check_sandbox(settings)
    _close_files({0, 1, 2, *keep})
    if settings.sandbox != "off":
        for restriction in RESTRICTIONS:
            if restriction not in missing:
                restriction.apply(settings)


def _close_files(keep: Collection[int]) -> None:
    """Close all other files: those of the fork server and of multiprocessing lead to the worker."""
    ends = [*sorted(keep), _MAX_FILES]
    for number, following in pairwise(ends):
        os.closerange(number + 1, following)
