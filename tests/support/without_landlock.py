"""Run a program as on a kernel without Landlock: `python -m tests.support.without_landlock ...`.

A filter of seccomp refuses the calls of Landlock, for the program and for all that it starts.
"""

import ctypes
import errno
import os
import struct
import sys

from quantumtask.worker.sandbox import seccomp
from quantumtask.worker.sandbox.kernel import call_kernel, forbid_new_privileges, kernel_calls
from quantumtask.worker.sandbox.landlock import CREATE_RULESET


def main() -> None:
    program = [
        seccomp._load(seccomp._NUMBER),
        *seccomp._if(
            seccomp._JUMP_EQUAL, CREATE_RULESET, seccomp._return(seccomp._ERROR | errno.ENOSYS)
        ),
        seccomp._return(seccomp._ALLOW),
    ]
    buffer = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in program))
    block = struct.pack("HP", len(program), ctypes.addressof(buffer))
    forbid_new_privileges()
    call_kernel(kernel_calls().seccomp, seccomp._SET_MODE_FILTER, 0, block)
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
