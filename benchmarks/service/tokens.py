"""Cost of tokens: the same load on a service that requires tokens and on one that does not.

usage: python -m benchmarks.service.tokens [--rounds 9]

Both services take turns on the same machine. The ratio of throughput is the median of the pairs.
The processor time of the API for one task varies less when other programs use the machine.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.support.services import Service, cpu_ticks

from benchmarks.common.load_generator import BELL, drive
from quantumtask.shared.principal import Principal, Role
from quantumtask.shared.token_store import TokenStore

TASKS, CLIENTS, TOKENS = 3000, 16, 100
TARGET = 0.97
TICK_MS = 10.0


class Load(NamedTuple):
    """Tasks per second, and milliseconds of the API's processor time for one task."""

    per_second: float
    api_ms: float


def measure(service: Service, token: str | None) -> Load:
    before = cpu_ticks(service.api.pid)
    figures = drive(service.url, lambda _: BELL, tasks=TASKS, clients=CLIENTS, token=token)
    assert figures.failed == 0
    return Load(figures.per_second, TICK_MS * (cpu_ticks(service.api.pid) - before) / TASKS)


def create_tokens(service: Service) -> str:
    """Create as many tokens as a department has, and return the last one."""
    store = TokenStore(service.settings)
    texts = [
        store.create_token(Principal(f"user{n}", "physics", Role.USER))[0] for n in range(TOKENS)
    ]
    store.close()
    return texts[-1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        opened = Service(Path(one), auth="off").start()
        closed = Service(Path(other), auth="required")
        token = create_tokens(closed)
        closed.start()
        pairs = [(measure(opened, None), measure(closed, token)) for _ in range(rounds + 1)][1:]
        for service in (opened, closed):
            service.stop()
    ratio = statistics.median(with_.per_second / without.per_second for without, with_ in pairs)
    without_ms, with_ms = (
        statistics.median(load.api_ms for load in loads) for loads in zip(*pairs, strict=True)
    )
    print(f"throughput with tokens: {ratio:.3f} of that without (target {TARGET})")
    print(f"processor time of the API: {without_ms:.3f} ms a task without, {with_ms:.3f} ms with")


if __name__ == "__main__":
    main()
