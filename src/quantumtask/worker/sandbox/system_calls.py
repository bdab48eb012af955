"""The system calls that simulators make, and their numbers on each kind of processor."""

from collections.abc import Mapping
from typing import NamedTuple


class SystemCall(NamedTuple):
    """Numbers of a system call; None on a processor that does not have it."""

    x86_64: int | None
    aarch64: int | None


class ArgumentCheck(NamedTuple):
    """A condition of a call: the bits `mask` of argument `position` have one of `values`."""

    position: int
    mask: int
    values: tuple[int, ...]


NEWEST = 450
"""The newest call that this file knows. Those after it do not exist, as in Linux 6.0."""

_FILES = {
    "read": SystemCall(0, 63),
    "write": SystemCall(1, 64),
    "readv": SystemCall(19, 65),
    "writev": SystemCall(20, 66),
    "pread64": SystemCall(17, 67),
    "lseek": SystemCall(8, 62),
    "close": SystemCall(3, 57),
    "close_range": SystemCall(436, 436),
    "dup": SystemCall(32, 23),
    "dup2": SystemCall(33, None),
    "dup3": SystemCall(292, 24),
    "fcntl": SystemCall(72, 25),
    "ioctl": SystemCall(16, 29),
    "open": SystemCall(2, None),
    "openat": SystemCall(257, 56),
    "fstat": SystemCall(5, 80),
    "stat": SystemCall(4, None),
    "lstat": SystemCall(6, None),
    "newfstatat": SystemCall(262, 79),
    "statx": SystemCall(332, 291),
    "access": SystemCall(21, None),
    "faccessat": SystemCall(269, 48),
    "faccessat2": SystemCall(439, 439),
    "readlink": SystemCall(89, None),
    "readlinkat": SystemCall(267, 78),
    "getdents64": SystemCall(217, 61),
    "getcwd": SystemCall(79, 17),
    "fadvise64": SystemCall(221, 223),
    "poll": SystemCall(7, None),
    "ppoll": SystemCall(271, 73),
    "select": SystemCall(23, None),
    "pselect6": SystemCall(270, 72),
}
_MEMORY_AND_THREADS = {
    "mmap": SystemCall(9, 222),
    "munmap": SystemCall(11, 215),
    "mremap": SystemCall(25, 216),
    "mprotect": SystemCall(10, 226),
    "madvise": SystemCall(28, 233),
    "brk": SystemCall(12, 214),
    "get_mempolicy": SystemCall(239, 236),
    "clone": SystemCall(56, 220),
    "futex": SystemCall(202, 98),
    "set_robust_list": SystemCall(273, 99),
    "set_tid_address": SystemCall(218, 96),
    "rseq": SystemCall(334, 293),
    "membarrier": SystemCall(324, 283),
    "exit": SystemCall(60, 93),
    "exit_group": SystemCall(231, 94),
    "arch_prctl": SystemCall(158, None),
    "sched_yield": SystemCall(24, 124),
    "sched_getaffinity": SystemCall(204, 123),
    "sched_setaffinity": SystemCall(203, 122),
    "sched_getscheduler": SystemCall(145, 120),
    "sched_getparam": SystemCall(143, 121),
    "sched_get_priority_max": SystemCall(146, 125),
    "sched_get_priority_min": SystemCall(147, 126),
    "getpriority": SystemCall(140, 141),
    "getcpu": SystemCall(309, 168),
}
_SIGNALS = {
    "rt_sigaction": SystemCall(13, 134),
    "rt_sigprocmask": SystemCall(14, 135),
    "rt_sigreturn": SystemCall(15, 139),
    "rt_sigpending": SystemCall(127, 136),
    "rt_sigtimedwait": SystemCall(128, 137),
    "sigaltstack": SystemCall(131, 132),
    "restart_syscall": SystemCall(219, 128),
    "kill": SystemCall(62, 129),
    "tgkill": SystemCall(234, 131),
    "setitimer": SystemCall(38, 103),
    "getitimer": SystemCall(36, 102),
}
_TIME = {
    "nanosleep": SystemCall(35, 101),
    "clock_nanosleep": SystemCall(230, 115),
    "clock_gettime": SystemCall(228, 113),
    "clock_getres": SystemCall(229, 114),
    "gettimeofday": SystemCall(96, 169),
    "time": SystemCall(201, None),
    "times": SystemCall(100, 153),
}
_OWN_PROCESS = {
    "getpid": SystemCall(39, 172),
    "gettid": SystemCall(186, 178),
    "getppid": SystemCall(110, 173),
    "getpgrp": SystemCall(111, None),
    "getpgid": SystemCall(121, 155),
    "getsid": SystemCall(124, 156),
    "getuid": SystemCall(102, 174),
    "geteuid": SystemCall(107, 175),
    "getgid": SystemCall(104, 176),
    "getegid": SystemCall(108, 177),
    "getgroups": SystemCall(115, 158),
    "getresuid": SystemCall(118, 148),
    "getresgid": SystemCall(120, 150),
    "capget": SystemCall(125, 90),
    "uname": SystemCall(63, 160),
    "sysinfo": SystemCall(99, 179),
    "getrusage": SystemCall(98, 165),
    "getrlimit": SystemCall(97, 163),
    "setrlimit": SystemCall(160, 164),
    "prlimit64": SystemCall(302, 261),
    "prctl": SystemCall(157, 167),
    "getrandom": SystemCall(318, 278),
}
ALLOWED: Mapping[str, SystemCall] = _FILES | _MEMORY_AND_THREADS | _SIGNALS | _TIME | _OWN_PROCESS
"""Calls that a process which reads circuits may make; all others fail with EPERM."""

ABSENT: Mapping[str, SystemCall] = {"clone3": SystemCall(435, 435)}
"""Calls that fail with ENOSYS: the C library then makes an older call that can be checked."""

_CLONE_THREAD = 0x10000
_READS_ONLY = ArgumentCheck(2, 0o1103, (0,))  # neither O_WRONLY, O_RDWR, O_CREAT nor O_TRUNC
_DUPLICATE, _DUPLICATE_CLOSED, _READ_AND_SET_FLAGS = 0, 1030, (1, 2, 3, 4)
_TERMINAL, _CLOSE_AT_EXEC, _WAITING_BYTES = (0x5401, 0x5413), (0x5450, 0x5451, 0x5421), 0x541B
_THREAD_NAME, _MEMORY_NAME, _DUMPABLE, _CAPABILITIES = (15, 16), 0x53564D41, 3, 23


def argument_checks(pid: int) -> dict[str, ArgumentCheck]:
    """Return the condition of each call that is allowed under a condition.

    Args:
        pid: The id of the process.
    """
    own = ArgumentCheck(0, 0xFFFFFFFF, (pid,))
    this = ArgumentCheck(0, 0xFFFFFFFF, (0,))

    def options(position: int, *values: int) -> ArgumentCheck:
        return ArgumentCheck(position, 0xFFFFFFFF, values)

    return {
        "clone": ArgumentCheck(0, _CLONE_THREAD, (_CLONE_THREAD,)),
        "kill": own,
        "tgkill": own,
        "prlimit64": this,
        "sched_setaffinity": this,
        "open": _READS_ONLY._replace(position=1),
        "openat": _READS_ONLY,
        # Memory that is shared (1) but of no file (0x20), and stacks that grow (0x100), would not
        # count for the limit of memory.
        "mmap": ArgumentCheck(3, 0x121, (0, 1, 0x20)),
        # No owner or signal of a file: the kernel would send that signal to another process.
        "fcntl": options(1, _DUPLICATE, _DUPLICATE_CLOSED, *_READ_AND_SET_FLAGS),
        "ioctl": options(1, *_TERMINAL, *_CLOSE_AT_EXEC, _WAITING_BYTES),
        # Not the signal at the death of the worker.
        "prctl": options(0, *_THREAD_NAME, _MEMORY_NAME, _DUMPABLE, _CAPABILITIES),
    }
