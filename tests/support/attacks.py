"""A hostile payload for slots: attempts to leave the sandbox, each of which must fail.

A fork server that finds this file as its `sitecustomize` module runs the payload in the place of
circuits that begin with PAYLOAD. The product has no such hook.
"""

import ctypes
import fcntl
import json
import mmap
import os
import platform
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

PAYLOAD = "// payload "
"""Start of a circuit; a JSON object with the fields of Target follows."""

SECRET = "correct-horse-battery-staple"
ARM = platform.machine() == "aarch64"

NEED_RIGHTS = frozenset(
    {"mount a file system", "read a file of another user", "load a program into the kernel"}
    | {"count events of the processor", "handle faults of memory", "enter a new namespace"}
    | {"trace the worker", "copy memory of the worker", "use the rings of the kernel"}
    | {"read the memory of the worker", "read the memory of the fork server", "raise a limit"}
)
"""Attempts that many machines refuse without the sandbox, to users who are no administrators."""

Attempt = Callable[["Target"], object]
ATTEMPTS: dict[str, Attempt] = {}
"""Each attempt returns something true if it succeeds; it returns nothing or raises if it fails."""


class Target:
    """The worker and its files, as the payload knows them."""

    def __init__(self, worker: int, folder: str, port: int) -> None:
        self.worker, self.folder, self.port = worker, Path(folder), port
        self.parent = os.getppid()


def attempt(function: Attempt) -> Attempt:
    ATTEMPTS[function.__name__.replace("_", " ")] = function
    return function


def call(x86_64: int, aarch64: int, *arguments: Any) -> int:
    """Make a system call; raise OSError if it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(aarch64 if ARM else x86_64, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def reaches_kernel(x86_64: int, aarch64: int, *arguments: Any) -> bool:
    """Make a call with wrong arguments; return True if the kernel has looked at them."""
    try:
        call(x86_64, aarch64, *arguments)
    except OSError as error:
        return error.errno not in (1, 13, 38)  # EPERM, EACCES, ENOSYS
    return True


# Secrets


@attempt
def read_a_password_in_the_own_environment(_: Target) -> object:
    return SECRET in Path("/proc/self/environ").read_text() or SECRET in str(os.environ)


@attempt
def read_the_environment_of_the_worker(target: Target) -> object:
    return Path(f"/proc/{target.worker}/environ").read_text()


@attempt
def read_the_memory_of_the_worker(target: Target) -> object:
    return Path(f"/proc/{target.worker}/mem").open("rb")


@attempt
def read_the_memory_of_the_fork_server(target: Target) -> object:
    return Path(f"/proc/{target.parent}/mem").open("rb")


@attempt
def copy_memory_of_the_worker(target: Target) -> object:
    return reaches_kernel(310, 270, target.worker, 0, 0, 0, 0, 0)


@attempt
def trace_the_worker(target: Target) -> object:
    call(101, 117, 0x4206, target.worker, 0, 0)  # PTRACE_SEIZE
    return True


@attempt
def use_a_file_of_the_fork_server(_: Target) -> object:
    own = ("/dev/null", f"/proc/{os.getpid()}")
    others = []
    for number in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of the list itself
            others.append(str(number.readlink()))
    return len([name for name in others if not name.startswith(own)]) > 1  # one connection


@attempt
def write_into_the_log(_: Target) -> object:
    return os.path.realpath("/proc/self/fd/2") != "/dev/null"


# Files


@attempt
def read_the_database(target: Target) -> object:
    return (target.folder / "quantumtask.db").read_bytes()


@attempt
def list_the_data_folder(target: Target) -> object:
    return [*target.folder.iterdir()]


@attempt
def read_the_list_of_users(_: Target) -> object:
    return Path("/etc/passwd").read_text()


@attempt
def read_a_file_by_the_root_of_the_process(_: Target) -> object:
    return Path("/proc/self/root/etc/passwd").read_text()


@attempt
def read_a_file_of_another_user(_: Target) -> object:
    return Path(__file__).with_name("private").read_text()


@attempt
def create_a_file(_: Target) -> object:
    return os.open("/tmp/left-by-a-circuit", os.O_CREAT | os.O_RDWR)


@attempt
def change_a_module(_: Target) -> object:
    return os.open(os.__file__, os.O_WRONLY)


@attempt
def delete_a_file(target: Target) -> object:
    (target.folder / "bait").unlink()
    return True


@attempt
def change_the_mode_of_a_file(target: Target) -> object:
    (target.folder / "quantumtask.db").chmod(0o600)
    return True


# Programs and processes


@attempt
def start_a_program(_: Target) -> object:
    return subprocess.run(["/bin/true"], check=True)


@attempt
def leave_a_process_behind(_: Target) -> object:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return pid


@attempt
def signal_the_fork_server(target: Target) -> object:
    os.kill(target.parent, 0)
    return True


@attempt
def signal_every_process(_: Target) -> object:
    with suppress(ProcessLookupError):
        os.kill(-0x7FFFFFF0, 0)  # of a group that does not exist
    return True


@attempt
def have_the_kernel_signal_the_worker(target: Target) -> object:
    reader, _ = os.pipe() if not ARM else (0, 0)
    return fcntl.fcntl(reader, fcntl.F_SETOWN, target.worker) == 0


@attempt
def open_a_handle_of_the_worker(target: Target) -> object:
    return os.pidfd_open(target.worker)


@attempt
def limit_the_worker(target: Target) -> object:
    return resource.prlimit(target.worker, resource.RLIMIT_NOFILE)


@attempt
def slow_the_worker_down(target: Target) -> object:
    os.setpriority(os.PRIO_PROCESS, target.worker, os.getpriority(os.PRIO_PROCESS, target.worker))
    return True


@attempt
def outlive_the_worker(_: Target) -> object:
    return call(157, 167, 1, 0, 0, 0, 0) == 0  # PR_SET_PDEATHSIG


@attempt
def stay_in_the_session_of_the_worker(_: Target) -> object:
    return os.getsid(0) != os.getpid()


# Network and kernel


@attempt
def connect_to_the_service(target: Target) -> object:
    return socket.create_connection(("127.0.0.1", target.port), 5)


@attempt
def open_a_socket_to_another_process(_: Target) -> object:
    return socket.socket(socket.AF_UNIX)


@attempt
def enter_a_new_namespace(_: Target) -> object:
    return call(272, 97, 0x10000000) == 0  # CLONE_NEWUSER


@attempt
def mount_a_file_system(_: Target) -> object:
    return reaches_kernel(165, 40, b"none", b"/nowhere", b"tmpfs", 0, 0)


@attempt
def load_a_program_into_the_kernel(_: Target) -> object:
    return reaches_kernel(321, 280, 99, 0, 0)


@attempt
def use_the_rings_of_the_kernel(_: Target) -> object:
    return reaches_kernel(425, 425, 0, 0)


@attempt
def handle_faults_of_memory(_: Target) -> object:
    return reaches_kernel(323, 282, 0xFFFF)


@attempt
def read_keys_of_the_kernel(_: Target) -> object:
    return reaches_kernel(250, 219, 0, -3, 0, 0, 0)


@attempt
def count_events_of_the_processor(_: Target) -> object:
    return reaches_kernel(298, 241, 0, 0, -1, -1, 0)


# Limits


@attempt
def take_more_memory_than_the_slot_has(_: Target) -> object:
    return mmap.mmap(-1, 1 << 32, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


@attempt
def take_memory_that_no_limit_counts(_: Target) -> object:
    return mmap.mmap(-1, 1 << 31, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)


@attempt
def make_a_file_in_memory(_: Target) -> object:
    return os.memfd_create("x")


@attempt
def raise_a_limit(_: Target) -> object:
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
    return True


def successes(target: Target) -> list[str]:
    """Make all attempts; return the names of those that succeed."""
    names = []
    for name, function in ATTEMPTS.items():
        try:
            if function(target):
                names.append(name)
        except (OSError, ValueError, MemoryError, subprocess.SubprocessError):
            pass
    return names


# The hook


def install() -> None:
    """Have this process, a fork server, run the payload in its children."""
    from quantumtask.shared.errors import ResourceError
    from quantumtask.worker.sandbox import restrictions as product
    from quantumtask.worker.slots import execute as child

    execute: Any = child
    restrictions: Any = product

    run_circuit, enter = execute._run, execute.enter_sandbox

    def run(spec: Any, *arguments: Any, **options: Any) -> Any:
        if not spec.circuit.startswith(PAYLOAD):
            return run_circuit(spec, *arguments, **options)
        target = Target(**json.loads(spec.circuit.removeprefix(PAYLOAD)))
        if spec.name == "x32":
            call(0x40000000 + 39, 0)  # getpid of the second interface
        raise ResourceError("payload", json.dumps(successes(target)))

    def enter_without(settings: Any, keep: Any) -> None:
        """Enter the sandbox without the restriction that the settings name: a mutant."""
        without = settings.worker_url
        if without == "none of them":
            settings = replace(settings, sandbox="off")
        restrictions.RESTRICTIONS = tuple(
            each for each in restrictions.RESTRICTIONS if each.name != without
        )
        if without in ("files", "none of them"):
            restrictions._close_files = lambda _: None
        if without in ("limits", "none of them"):
            execute._set_limits = lambda _: None
        if without in ("output", "none of them"):
            execute._discard_output = lambda _: None
        enter(settings, keep)

    execute._run = run
    execute.enter_sandbox = enter_without


if __name__ == "sitecustomize" and "multiprocessing.forkserver" in sys.orig_argv[-1]:
    install()
