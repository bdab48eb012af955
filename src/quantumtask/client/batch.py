"""A batch of the service, as its client holds it."""

from collections.abc import Iterator
from dataclasses import dataclass
from json import loads

from quantumtask.client.connection import Connection, Json, deadline, path
from quantumtask.client.errors import TaskCancelled, TaskFailed
from quantumtask.client.events import Event, events
from quantumtask.client.progress import Progress
from quantumtask.client.results.decode import result_of
from quantumtask.client.results.result import Result
from quantumtask.client.task import ACCEPTED, whole


@dataclass(frozen=True)
class Outcome:
    """What came of one item of a batch; `index` is its place in the batch."""

    index: int
    task_id: str
    value: Result | TaskFailed | TaskCancelled

    @property
    def error(self) -> TaskFailed | TaskCancelled | None:
        """Why there is no result; None if there is one."""
        return None if isinstance(self.value, Result) else self.value

    def result(self) -> Result:
        """Its result. Raises CircuitError, TaskFailed or TaskCancelled if there is none."""
        if isinstance(self.value, Result):
            return self.value
        raise self.value


class Batch:
    """Many tasks that were sent together. Iterating gives an Outcome of each, as they end.

    `Client.batch` and `Client.find_batch` make it. `known` is what the service said of it last.
    """

    def __init__(self, connection: Connection, known: Json, progress: bool | None = None) -> None:
        self.id = str(known["batch_id"])
        self.known = known
        self._connection = connection
        self._progress = progress
        self._size = int(known["size"] if "size" in known else len(known["task_ids"]))

    def info(self, wait: float = 0.0, timeout: float | None = None) -> Json:
        """All that the service says of it, as JSON: now, or as it ends in `wait` (0 to 30) s."""
        wait = float(wait)
        question = {"wait": f"{wait:g}"} if wait else {}
        limit = self._connection.timeout if timeout is None else timeout
        self.known = self._connection.json("GET", self._path, params=question, timeout=wait + limit)
        return self.known

    def status(self, timeout: float | None = None) -> dict[str, int]:
        """How many of its tasks are submitted, running, completed, failed and cancelled."""
        return dict(self.info(timeout=timeout)["states"])

    def __iter__(self) -> Iterator[Outcome]:
        return self.outcomes()

    def __len__(self) -> int:
        return self._size

    def outcomes(self, timeout: float | None = None) -> Iterator[Outcome]:
        """Each item's outcome, as it ends; TimeoutError after `timeout` seconds."""
        return map(self._outcome, self._told(ACCEPTED, timeout))

    def lines(self, timeout: float | None = None) -> Iterator[Json]:
        """What the service says of each item, as JSON, as it ends; TimeoutError likewise."""
        return self._told("application/json", timeout)

    def results(self, timeout: float | None = None) -> list[Result]:
        """All results, in the order of the items, once all have ended.

        Raises the error of the first item that has no result, and TimeoutError.
        """
        ended = sorted(self.outcomes(timeout), key=lambda outcome: outcome.index)
        return [outcome.result() for outcome in ended]

    def cancel(self, timeout: float | None = None) -> None:
        """Ends what has not ended yet."""
        self._connection.json("POST", self._path + "/cancel", timeout=timeout)

    def events(self) -> Iterator[Event]:
        """Every change of a state of its tasks, until all have ended."""
        return events(self._connection, self._path)

    def __repr__(self) -> str:
        return f"Batch({self.id!r}, {self._size} tasks)"

    @property
    def _path(self) -> str:
        return path("batches", self.id)

    def _told(self, accept: str, timeout: float | None) -> Iterator[Json]:
        """A line for each item, as they end, each with its result."""
        end = deadline(timeout)
        had = 0
        lines = self._connection.follow(
            self._path + "/results", accept, lambda: ({"offset": had}, {}), end
        )
        with Progress(self._progress) as progress:
            while had < self._size:
                progress.say(f"{had:,} of {self._size:,} ended")
                if line := next(lines).strip():
                    had += 1
                    yield whole(self._connection, loads(line), accept)

    def _outcome(self, told: Json) -> Outcome:
        try:
            value: Result | TaskFailed | TaskCancelled = result_of(told)
        except (TaskFailed, TaskCancelled) as error:
            value = error
        return Outcome(int(told["item"]), str(told["task_id"]), value)
