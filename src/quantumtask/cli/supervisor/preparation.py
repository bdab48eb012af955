"""Checks before `quantumtask up` starts a process: the data folder, its disk, and the ports."""

import errno
import os
import shutil
import socket
from pathlib import Path
from typing import NamedTuple

from quantumtask.cli.supervisor.addresses import listen_error
from quantumtask.cli.supervisor.folder_lock import FolderLock
from quantumtask.cli.supervisor.log_files import log_folder
from quantumtask.shared.data_folder import data_folder
from quantumtask.shared.installation import short_path
from quantumtask.shared.settings import MIB, Settings

MIN_FREE_BYTES = 16 * MIB
"""Space for the files that both services write at their start."""
OTHER_FOLDER = "Choose another folder: quantumtask up --data-dir FOLDER"


class StartError(Exception):
    """The service cannot start; the message has the reason and the remedy."""


def check_start(settings: Settings) -> None:
    """Raise StartError for a folder that another process has, or a port that is not free."""
    check_owner(settings)
    _check_addresses(
        _Address("--port", settings.host, settings.port),
        _Address("--worker-port", settings.worker_host, settings.worker_port),
    )
    if settings.port == settings.worker_port:
        raise StartError(
            "--port: the API and the Worker need two different ports; choose another one."
        )


def check_owner(settings: Settings) -> None:
    """Raise StartError if another `quantumtask up` has the data folder."""
    owner = FolderLock(settings.data_dir).owner()
    if owner is not None:
        stop = "quantumtask stop" + data_option(settings)
        raise StartError(
            f"Process {owner.pid} has the data folder {settings.data_dir} and serves {owner.url}. "
            f"Stop it: {stop}. Or choose another folder: quantumtask up --data-dir FOLDER"
        )


def prepare_folder(settings: Settings) -> None:
    """Make the data folder; raise StartError if it cannot be used."""
    folder, logs = settings.data_dir, log_folder(settings.data_dir)
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"{_reason(logs, error)} {OTHER_FOLDER}") from None
    for each in (folder, logs):
        if not os.access(each, os.R_OK | os.W_OK | os.X_OK):
            raise StartError(f"{each} cannot be read and written by this user. {OTHER_FOLDER}")
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise StartError(
            f"The disk of {folder} is full: {free / MIB:.1f} MiB are free, and "
            f"{MIN_FREE_BYTES // MIB} MiB are needed. Free some space. {OTHER_FOLDER}"
        )


def _reason(folder: Path, error: OSError) -> str:
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"{folder} cannot be created: {error.filename} is a file, or below a file."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{folder} cannot be created: the disk is full. Free some space."
    return f"{folder} cannot be created: {error.strerror}."


def data_option(settings: Settings) -> str:
    """Return the option that other commands need for this data folder; empty for the default."""
    default = data_folder(Settings.data_dir, os.environ).absolute()
    if default == settings.data_dir.absolute():
        return ""
    return f" --data-dir {short_path(settings.data_dir.absolute())}"


class _Address(NamedTuple):
    """An address to listen on, and the option that changes its port."""

    option: str
    host: str
    port: int


def _check_addresses(*addresses: _Address) -> None:
    """Raise StartError with one remedy for all ports on which a service cannot listen."""
    sentences, options = [], []
    for address in addresses:
        if (error := listen_error(address.host, address.port)) is None:
            continue
        sentences.append(_port_sentence(address, error))
        other = address.port + 10 if address.port >= 1024 else 8000
        options.append(f"{address.option} {other}")
    if sentences:
        noun = "another port" if len(sentences) == 1 else "other ports"
        remedy = f"Choose {noun}: quantumtask up {' '.join(options)}"
        raise StartError(" ".join([*sentences, remedy]))


def _port_sentence(address: _Address, error: OSError) -> str:
    """Return the reason why a port cannot be used. Raise StartError if no other port helps."""
    _, host, port = address
    if isinstance(error, socket.gaierror):
        raise StartError(f"{host!r} is not an address of this machine.")
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port} of {host}."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use, perhaps by another QuantumTask."
    raise StartError(f"Cannot listen on {host}:{port}: {error.strerror}.")
