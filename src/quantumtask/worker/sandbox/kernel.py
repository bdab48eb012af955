"""Calls of the Linux kernel that Python has no function for."""

import ctypes
import os
import platform
import struct
import sys
from functools import cache
from typing import NamedTuple

PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION = 0x20080522


class KernelCalls(NamedTuple):
    """Numbers of the calls that build the sandbox, on one kind of processor."""

    seccomp: int
    capset: int


_CALLS = {"x86_64": KernelCalls(317, 126), "aarch64": KernelCalls(277, 91)}


@cache
def processor() -> str:
    """Return the kind of the processor, "x86_64" or "aarch64"; empty if the sandbox lacks it."""
    is_known = sys.platform == "linux" and sys.maxsize > 2**32
    machine = platform.machine()
    return machine if is_known and machine in _CALLS else ""


def kernel_calls() -> KernelCalls:
    """Return the numbers for this processor."""
    return _CALLS[processor()]


def call_kernel(number: int, *arguments: int | bytes) -> int:
    """Make a system call and return its result; the kernel gets the address of bytes.

    Raises:
        OSError: The kernel has refused the call.
    """
    words = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = _libc().syscall(ctypes.c_long(number), *words)
    if result < 0:
        _raise_error()
    return result


def forbid_new_privileges() -> None:
    """Forbid this process to gain privileges: the kernel demands this before a filter."""
    if _libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        _raise_error()


def drop_capabilities() -> None:
    """Give up the privileges of an administrator, if the services run as one."""
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    nothing = struct.pack("6I", *[0] * 6)  # effective, permitted and inheritable, 64 bits each
    call_kernel(kernel_calls().capset, header, nothing)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _raise_error() -> None:
    code = ctypes.get_errno()
    raise OSError(code, os.strerror(code))
