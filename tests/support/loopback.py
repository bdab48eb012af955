"""Network namespaces with loopback alone, in which no process reaches another machine."""

import fcntl
import shutil
import socket
import struct
import subprocess

SIOCSIFFLAGS, IFF_UP = 0x8914, 1

COMMANDS = (["unshare", "--net"], ["unshare", "--map-root-user", "--net"])
"""Commands that run a program in a namespace: for root, and where each user may make one."""


def isolation_command() -> list[str]:
    """Return the command that runs a program in a namespace; exit if this machine has none."""
    for command in COMMANDS:
        if shutil.which(command[0]):
            done = subprocess.run([*command, "true"], capture_output=True, check=False)
            if done.returncode == 0:
                return command
    raise SystemExit(
        "This needs Linux and a user who may make network namespaces (`unshare --net true`)."
    )


def start_loopback() -> None:
    """Let this network namespace have its loopback; elsewhere it is up already."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
