"""Run tests on a Store without one of its guards; each run is a fork that has imported the tests.

usage: python -m tests.store.mutant_runs FOLDER MUTANT=TEST...

Each run writes its output to FOLDER/MUTANT, and its status on the last line.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tests.store.mutants import MUTANTS

OPTIONS = ("-q", "-p", "no:cacheprovider", "-k", "sqlite")


def main() -> None:
    folder, runs = Path(sys.argv[1]), dict(each.split("=", 1) for each in sys.argv[2:])
    pytest.main([*OPTIONS, "--collect-only", *runs.values()])
    for mutant, test in runs.items():
        if os.fork() == 0:
            run(mutant, test, folder / mutant)
        os.wait()


def run(mutant: str, test: str, output: Path) -> NoReturn:
    """Run a test without a guard, and end the process."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT)
    for standard in (1, 2):
        os.dup2(file, standard)
    MUTANTS[mutant]()
    status = pytest.main([*OPTIONS, test])
    os.write(file, f"\n{int(status)}".encode())
    os._exit(0)


if __name__ == "__main__":
    main()
