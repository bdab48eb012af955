"""`quantumtask watch`: queue, workers and tasks on one screen that keeps itself up to date."""

import time
from contextlib import suppress

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from quantumtask.cli.render import service_view, style, task_view
from quantumtask.client import Client, Json

MOST_TASKS = 100
REST = 4
"""Lines of the screen that are not tasks: the queue, a blank, the heading, what is left out."""


def watch(service: Client, every: float, once: bool) -> None:
    """Draws until Ctrl-C; once where nobody sees it change."""
    console = style.console()
    if once or not console.is_terminal:
        console.print(_screen(service, 20))
        return
    screen = Live(console=console, screen=True, auto_refresh=False)
    with suppress(KeyboardInterrupt), screen:
        while True:
            rows = max(1, min(MOST_TASKS, console.height - REST))
            screen.update(_screen(service, rows), refresh=True)
            time.sleep(every)


def _screen(service: Client, rows: int) -> RenderableType:
    queue = service.queue()
    # Those that are at work first, however many have been submitted since.
    running = service.page(status="running", limit=rows)["tasks"]
    page = service.page(limit=rows)["tasks"]
    known = {task["task_id"] for task in running}
    tasks = (running + [task for task in page if task["task_id"] not in known])[:rows]
    table = task_view.tasks({"tasks": tasks})
    return Group(_headline(queue), Text(), table)


def _headline(queue: Json) -> Text:
    """`2 workers with 8 slots · 31 waiting · 8 running`, and how long the oldest waits."""
    return Text(" · ".join(service_view.queue_facts(queue)), style="bold")
