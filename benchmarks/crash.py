"""The crash test at full size: processes killed and stopped while clients submit and read.

usage: python -m benchmarks.crash [--tasks 10000] [--seed 1] [--database sqlite|postgresql]

Prints what was done to the service and what became of the tasks; exits with 1 if any accepted task
was lost, ended twice, ended wrongly, or was written by a worker that had lost its lease. With
PostgreSQL its server is killed as well.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.chaos import BLOWS, SETTINGS, WITH_SERVER, settle, storm, violations
from tests.postgres import Server
from tests.services import Service


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    started = time.monotonic()
    server = Server().start() if options.database == "postgresql" else None
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), **SETTINGS, database=server.url if server else "").start()
        try:
            blows = WITH_SERVER if server else BLOWS
            books = storm(service, options.tasks, options.seed, blows, server=server)
            print(
                f"{len(books.accepted)} tasks accepted in {time.monotonic() - started:.0f} s while:"
            )
            for blow, times in sorted(books.blows.items()):
                print(f"  {blow:12} {times:5} times")
            settle(service, books, limit=600)
            found = violations(service, books)
            attempts = Counter(service.get(task_id)["attempt"] for task_id in books.accepted)
            print("attempts needed:", dict(sorted(attempts.items())))
            print(f"{len(found)} violations in {len(books.accepted)} tasks", *found[:20], sep="\n")
        finally:
            service.stop()
            if server:
                server.remove()
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
