"""What a service asks of its own process: to end with its parent, to let its threads take turns."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
TURN_S = 0.0002


def die_with_parent(death: signal.Signals, parent: int | None = None) -> None:
    """Has the kernel send this process `death` when the thread that started it ends; Linux only.

    `parent` is the process id that the parent had when it started us. If that one is gone already,
    the signal comes now, because the kernel only watches from here on.
    """
    if sys.platform != "linux":
        return
    expected = os.getppid() if parent is None else parent
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    if os.getppid() != expected:
        os.kill(os.getpid(), death)


def take_turns() -> None:
    """Has a thread that wants the interpreter get it within a fraction of a millisecond.

    A database thread wants it back after every statement; by default, one that computes may keep it
    for 5 ms each time. Measured: a sixth more tasks a second.
    """
    sys.setswitchinterval(TURN_S)
