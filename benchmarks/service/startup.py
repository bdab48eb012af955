"""Time from the start of the API to its first answer.

usage: python -m benchmarks.service.startup [--rounds 10]
"""

import argparse
import socket
import statistics
import tempfile
import time
from pathlib import Path

from tests.support.services import Service


def first_answer(service: Service) -> float:
    """Return the seconds from the start of the process to an answer of /health."""
    started = time.perf_counter()
    process = service.start_api()
    while not answers(service.port):
        time.sleep(0.002)
    seconds = time.perf_counter() - started
    process.stop()
    return seconds


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(
                b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            return b" 200 " in connection.recv(100)
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder))
        times = [first_answer(service) for _ in range(rounds)]
        service.stop()
    print(
        f"API to its first answer: median {statistics.median(times):.2f} s, "
        f"from {min(times):.2f} to {max(times):.2f} s in {rounds} starts"
    )


if __name__ == "__main__":
    main()
