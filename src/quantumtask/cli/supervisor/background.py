"""`quantumtask up --detach`: a supervisor that goes on after its terminal has closed."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from quantumtask.cli.supervisor.folder_lock import FolderLock
from quantumtask.cli.supervisor.log_files import LogReader, log_file, rotate
from quantumtask.cli.supervisor.preparation import check_start, prepare_folder
from quantumtask.shared.settings import Settings

CHECK_S = 0.05


def start_detached(
    settings: Settings, environment: Mapping[str, str], say: Callable[[str], None]
) -> int:
    """Start the service in the background, and return when it is ready or has failed.

    Args:
        settings: The settings; the data folder is absolute.
        environment: The environment of the new process, with all settings.
        say: Function that shows a line of its output.

    Returns:
        The exit status: 0 if the service is ready.

    Raises:
        StartError: The service cannot start here.
    """
    check_start(settings)
    prepare_folder(settings)
    log = log_file(settings.data_dir, "up")
    rotate(log)
    command = [sys.executable, "-P", "-m", "quantumtask", "up", "--in-background"]
    with log.open("ab") as output:
        reader = LogReader(log)
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        status = _wait(process, FolderLock(settings.data_dir))
    except KeyboardInterrupt:
        process.terminate()
        status = process.wait() or 1
    for line in reader.lines():
        say(line)
    return status


def _wait(process: "subprocess.Popen[bytes]", lock: FolderLock) -> int:
    """Wait until the process has a ready service or ends; return the exit status."""
    while True:
        status = process.poll()
        if status is not None:
            return status or 1  # stopped before it was ready
        owner = lock.owner()
        if owner is not None and owner.ready and owner.pid == process.pid:
            process.returncode = 0  # it goes on: this process does not wait for it
            return 0
        time.sleep(CHECK_S)
