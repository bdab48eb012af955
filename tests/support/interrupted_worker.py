"""A worker that ends just before it records a large result, which is uploaded by then.

usage: python interrupted.py api|worker [OPTIONS]
"""

import os
from collections.abc import Sequence

from quantumtask.cli.app import main
from quantumtask.shared.worker_store import Completion, WorkerStore

complete = WorkerStore.complete


def complete_or_end(self: WorkerStore, results: Sequence[Completion]) -> set[tuple[str, int]]:
    if any(completion[1].blob for completion in results):
        os._exit(9)
    return complete(self, results)


if __name__ == "__main__":
    WorkerStore.complete = complete_or_end  # type: ignore[method-assign]
    main()
