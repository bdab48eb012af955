"""`quantumtask watch`: a live screen of the queue, the workers and the tasks."""

import time
from contextlib import suppress

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from quantumtask.cli.render import service_view, style, task_list
from quantumtask.client import Client, Json
from quantumtask.client.progress import ProgressMeter

MAX_SCREEN_TASKS = 100
MAX_SCREEN_BATCHES = 5
OTHER_LINES = 4
"""Lines of the screen without a task: the queue, a blank, the heading, the note below."""


class ServiceView:
    """Screen of a service: the queue, batches that have not ended, and tasks.

    Args:
        client: Client of the service.
        short: Show as much of each id as distinguishes it.
    """

    def __init__(self, client: Client, short: bool) -> None:
        self._client = client
        self._short = short
        self._meters: dict[str, ProgressMeter] = {}

    def draw(self, rows: int) -> RenderableType:
        """Return the screen with at most so many rows below the queue."""
        queue = _headline(self._client.queue())
        batches = self._client.batch_page(status="pending", limit=MAX_SCREEN_BATCHES)["batches"]
        if not batches:
            return Group(queue, Text(), self._tasks(rows))
        remaining = [self._remaining_s(batch) for batch in batches]
        table = task_list.batches({"batches": batches}, self._short, remaining)
        tasks = self._tasks(max(1, rows - len(batches) - 2))
        return Group(queue, Text(), table, Text(), tasks)

    def _remaining_s(self, batch: Json) -> float | None:
        meter = self._meters.setdefault(batch["batch_id"], ProgressMeter())
        states, size = batch["states"], batch["size"]
        return meter.remaining_s(size - states["submitted"] - states["running"], size)

    def _tasks(self, rows: int) -> RenderableType:
        """Return the running tasks, however many came later, and the newest of the others."""
        running = self._client.page(status="running", limit=rows)["tasks"]
        page = self._client.page(limit=rows)["tasks"]
        ids = {task["task_id"] for task in running}
        tasks = (running + [task for task in page if task["task_id"] not in ids])[:rows]
        return task_list.tasks({"tasks": tasks}, self._short)


def watch(client: Client, every: float, once: bool) -> None:
    """Draw the screen every so many seconds until Ctrl-C; draw it once into a pipe."""
    console = style.console()
    screen = ServiceView(client, console.is_terminal)
    if once or not console.is_terminal:
        console.print(screen.draw(20))
        return
    live = Live(console=console, screen=True, auto_refresh=False)
    with suppress(KeyboardInterrupt), live:
        while True:
            rows = max(1, min(MAX_SCREEN_TASKS, console.height - OTHER_LINES))
            live.update(screen.draw(rows), refresh=True)
            time.sleep(every)


def _headline(queue: Json) -> Text:
    """Return a line such as `31 waiting · 8 running · 2 workers with 8 slots`."""
    return Text(" · ".join(service_view.queue_facts(queue)), style="bold")
