"""seccomp: a filter in the kernel that allows a process only the system calls of a list.

The kernel's documentation: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import os
import struct
from contextlib import suppress
from typing import NamedTuple

from quantumtask.worker.sandbox.kernel import call_kernel, kernel_calls, processor
from quantumtask.worker.sandbox.system_calls import (
    ABSENT,
    ALLOWED,
    NEWEST,
    ArgumentCheck,
    SystemCall,
    argument_checks,
)

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_CALLS = 0x40000000
"""First number of the calls of the second system call interface of x86-64."""

_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2
_ALL_THREADS, _NO_SPECULATION_LIMITS = 1, 4
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000

_NUMBER, _PROCESSOR, _ARGUMENTS = 0, 4, 16
"""Places in struct seccomp_data."""
_LOAD, _JUMP_EQUAL, _JUMP_NOT_LESS, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06


class FilterInstruction(NamedTuple):
    """struct sock_filter: an operation, the instructions to skip if true and if false, a value."""

    code: int
    if_true: int
    if_false: int
    value: int


def seccomp_available() -> bool:
    """Return True if this kernel has filters and this file knows the processor."""
    if not processor():
        return False
    with suppress(OSError):
        call_kernel(kernel_calls().seccomp, _GET_ACTION_AVAIL, 0, struct.pack("I", _ERROR))
        return True
    return False


def forbid_system_calls() -> None:
    """Forbid all threads of this process the calls that are not on the list."""
    program = filter_program(processor(), os.getpid())
    text = b"".join(struct.pack("HBBI", *each) for each in program)
    buffer = ctypes.create_string_buffer(text)
    block = struct.pack("HP", len(program), ctypes.addressof(buffer))  # struct sock_fprog
    # Without the second flag, kernels before 5.16 slow all computation down.
    flags = _ALL_THREADS | _NO_SPECULATION_LIMITS
    call_kernel(kernel_calls().seccomp, _SET_MODE_FILTER, flags, block)


def filter_program(machine: str, pid: int) -> list[FilterInstruction]:
    """Return the filter.

    Args:
        machine: The kind of the processor, "x86_64" or "aarch64".
        pid: The id of the process.
    """
    checks = argument_checks(pid)
    program = [
        _load(_PROCESSOR),
        *_unless_equal(_ARCHITECTURE[machine], _return(_KILL)),
        _load(_NUMBER),
        *_if(_JUMP_NOT_LESS, _X32_CALLS, _return(_KILL)),
        *_if(_JUMP_NOT_LESS, NEWEST + 1, _return(_ERROR | errno.ENOSYS)),
    ]
    for name, call in ALLOWED.items():
        if (number := _number(call, machine)) is not None:
            check = checks.get(name)
            body = _checked(check) if check else [_return(_ALLOW)]
            program += _if(_JUMP_EQUAL, number, *body)
    for call in ABSENT.values():
        if (number := _number(call, machine)) is not None:
            program += _if(_JUMP_EQUAL, number, _return(_ERROR | errno.ENOSYS))
    return [*program, _return(_ERROR | errno.EPERM)]


def _number(call: SystemCall, machine: str) -> int | None:
    return call.x86_64 if machine == "x86_64" else call.aarch64


def _checked(check: ArgumentCheck) -> list[FilterInstruction]:
    """Return the instructions that allow a call if an argument has one of the values.

    The lower half of the argument is enough: the kernel ignores the upper one in each of them.
    """
    body = [_load(_ARGUMENTS + 8 * check.position), FilterInstruction(_AND, 0, 0, check.mask)]
    for value in check.values:
        body += _if(_JUMP_EQUAL, value, _return(_ALLOW))
    return [*body, _return(_ERROR | errno.EPERM)]


def _load(place: int) -> FilterInstruction:
    return FilterInstruction(_LOAD, 0, 0, place)


def _return(action: int) -> FilterInstruction:
    return FilterInstruction(_RETURN, 0, 0, action)


def _if(jump: int, value: int, *body: FilterInstruction) -> list[FilterInstruction]:
    return [FilterInstruction(jump, 0, len(body), value), *body]


def _unless_equal(value: int, *body: FilterInstruction) -> list[FilterInstruction]:
    return [FilterInstruction(_JUMP_EQUAL, len(body), 0, value), *body]
