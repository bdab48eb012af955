"""`quantumtask watch`: a live screen of the queue, the workers and the tasks."""

import time
from contextlib import suppress

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from quantumtask.cli.render import service_view, style, task_view
from quantumtask.client import Client, Json

MAX_SCREEN_TASKS = 100
OTHER_LINES = 4
"""Lines of the screen without a task: the queue, a blank, the heading, the note below."""


def watch(client: Client, every: float, once: bool) -> None:
    """Draw the screen every so many seconds until Ctrl-C; draw it once into a pipe."""
    console = style.console()
    if once or not console.is_terminal:
        console.print(_screen(client, 20))
        return
    screen = Live(console=console, screen=True, auto_refresh=False)
    with suppress(KeyboardInterrupt), screen:
        while True:
            rows = max(1, min(MAX_SCREEN_TASKS, console.height - OTHER_LINES))
            screen.update(_screen(client, rows), refresh=True)
            time.sleep(every)


def _screen(client: Client, rows: int) -> RenderableType:
    queue = client.queue()
    # Running tasks first, however many tasks came later.
    running = client.page(status="running", limit=rows)["tasks"]
    page = client.page(limit=rows)["tasks"]
    ids = {task["task_id"] for task in running}
    tasks = (running + [task for task in page if task["task_id"] not in ids])[:rows]
    table = task_view.tasks({"tasks": tasks})
    return Group(_headline(queue), Text(), table)


def _headline(queue: Json) -> Text:
    """Return a line such as `31 waiting · 8 running · 2 workers with 8 slots`."""
    return Text(" · ".join(service_view.queue_facts(queue)), style="bold")
