"""The bridge: a process that holds the connection to Ray for a Worker, and may be lost any time.

It gets chunks and says what comes of them; all else it knows is in Ray. Everything happens in one
thread: what others hear (the Worker, Ray, the nodes) they post, and it is done here one by one.
"""

import json
import os
import pickle
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from quantumtask.shared.processes import kill_on_parent_death
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import Assignment, Failure
from quantumtask.version import __version__
from quantumtask.worker.ray import cluster, placement
from quantumtask.worker.ray.actor import failed
from quantumtask.worker.ray.cluster import Actor, Loss, NoCluster, Node
from quantumtask.worker.ray.executor import HEAD_PATIENCE_S
from quantumtask.worker.ray.placement import Seat, Share, Work
from quantumtask.worker.slots.slot import CHUNK_LIMIT_S

LOOK_S = 1.0
"""How often the nodes are looked at, and the Worker told that we are well."""

KILL_AGAIN_S = 0.1
GRACE_S = 20.0
"""Beyond its limit, a chunk is left to its slot for so long before the actor is killed with it."""

KILLED_S = 20.0
"""The same for one that is to be killed: its child is gone long before, or its actor is stuck."""

PAUSE_S = 5.0
REFUSALS = 3
"""How long a node is left alone on which an actor did not start, and how often before it is told:
one that has just died does not start any either."""


class Bridge:
    """Chunks in, verdicts out, on the seats that there are."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        # No SimpleQueue: its `get` with a timeout may block forever (CPython 3.11 and 3.12).
        self._events: queue.Queue[Callable[[], None]] = queue.Queue()
        self._known: dict[str, Share] = {}
        self._unfit: dict[str, tuple[float, int]] = {}  # until when a node is, and how often
        self._seats: list[Seat] = []
        self._waiting: list[Work] = []
        self._large: list[Work] = []
        self._later: list[Work] = []  # too large for now
        self._be_patient()
        self._said: Any = None

    def run(self) -> None:
        """Until the Worker goes away."""
        for listen in (self._hear_worker, self._watch_nodes):
            threading.Thread(target=listen, daemon=True).start()
        while True:
            self._take_in()
            self._settle()

    # What is heard, each in a thread of its own

    def _hear_worker(self) -> None:
        verbs: dict[str, Callable[..., None]] = {"submit": self._submit, "kill": self._kill}
        try:
            while True:
                verb, *given = self._connection.recv()
                self._events.put(partial(verbs[verb], *given))
        except (EOFError, OSError):
            os._exit(0)

    def _watch_nodes(self) -> None:
        away_at = float("inf")
        while time.monotonic() < away_at:
            try:
                self._events.put(partial(self._look, cluster.nodes()))
                away_at = time.monotonic() + HEAD_PATIENCE_S
            except Exception as error:  # whatever Ray raises where the head does not answer
                away_at = min(away_at, time.monotonic() + HEAD_PATIENCE_S)
                self._events.put(partial(self._miss, str(error)))
            time.sleep(LOOK_S)
        os._exit(1)

    def _answer_to(self, act: Callable[..., None], *about: Any) -> cluster.Answer:
        """What Ray is to call: it posts what it heard."""
        return lambda answer, loss: self._events.put(partial(act, *about, answer, loss))

    # One by one

    def _take_in(self) -> None:
        """Waits for something to do, and does all that there is."""
        killing = any(work.killed for work in self._under_way())
        try:
            self._events.get(timeout=KILL_AGAIN_S if killing else LOOK_S)()
            while True:
                self._events.get_nowait()()
        except queue.Empty:
            pass

    def _settle(self) -> None:
        """Gives what waits to who is idle; the Worker is told how much more there is room for."""
        self._hurry()
        found = placement.plan(self._large, self._seats, self._known)
        for work, given in found.begin:
            self._begin_large(work, given)
        held = [seat for seat in found.held if seat in self._seats]
        for seat in [seat for seat in self._seats if seat.idle and seat not in held]:
            if self._waiting:
                self._begin(seat, self._waiting.pop(0))
        ready = [seat for seat in self._seats if seat.ready or seat.work]
        room = len(ready) - len(held) + len(self._large) + len(self._later)
        self._tell_room(sum(seat.cores for seat in ready), room)

    def _under_way(self) -> list[Work]:
        return [seat.work for seat in self._seats if seat.work]

    def _hurry(self) -> None:
        """Kills what should have ended: first its child, then the actor."""
        now = time.monotonic()
        for seat in list(self._seats):
            if seat.work and seat.work.killed:
                for one in seat.work.chunk:
                    seat.actor.tell("kill", one.id, one.attempt, seat.work.killed)
            if seat.work and now > seat.work.end:
                self._lose(seat, Loss.OTHER)

    # The Worker

    def _submit(self, number: int, chunk: list[Assignment]) -> None:
        self._waiting.append(Work(number, chunk))

    def _kill(self, task_id: str | None, attempt: int | None, why: str) -> None:
        def meant(work: Work) -> bool:
            return task_id is None or any(
                (a.id, a.attempt) == (task_id, attempt) for a in work.chunk
            )

        for waiting in (self._waiting, self._large, self._later):
            for work in filter(meant, list(waiting)):
                waiting.remove(work)
                self._end(work)
        for seat in [seat for seat in self._seats if seat.work and meant(seat.work)]:
            self._stop(seat, why)

    def _stop(self, seat: Seat, why: str) -> None:
        """Ends the work of a seat; a large one's actor is not needed any more."""
        assert seat.work
        if seat.work.need:
            self._lose(seat, Loss.OTHER)
        elif not seat.work.killed:
            seat.work.killed = why
            seat.work.end = time.monotonic() + KILLED_S

    def _tell_room(self, size: int, room: int) -> None:
        told = {"size": size, "room": room}
        if told != self._said:
            self._say(told)
            self._said = told

    def _say(self, told: dict[str, Any]) -> None:
        self._connection.send_bytes(json.dumps(told).encode())

    def log(self, level: str, event: str, **more: Any) -> None:
        self._say({"log": [level, event, more]})

    def _report(self, work: Work, verdicts: bytes) -> None:
        """Verdicts as JSON, passed on without reading them."""
        self._connection.send_bytes(b'{"of": %d, "verdicts": %b}' % (work.number, verdicts))

    def _end(self, work: Work, but: str = "") -> None:
        """There is no more to come, but for one task: what has no verdict did not finish."""
        self._say({"of": work.number, "ended": True, "but": but})

    # The nodes

    def _look(self, found: list[Node]) -> None:
        """Takes the nodes that there are now, and has a seat on every slot of them."""
        before, self._known = self._known, placement.shares(found, self._settings)
        if before.keys() - self._known.keys():
            self._be_patient()
        self._try_again(before)
        for share in self._known.values():
            self._fill(share)
        self._said = None  # told again: it is also a sign of life

    def _try_again(self, before: dict[str, Share]) -> None:
        """What is too large by now is put aside; it is tried again when that may have changed."""
        aside = [work for work in self._large if work.need > self._most()]
        self._large = [work for work in self._large if work not in aside]
        self._later += [Work(work.number, work.chunk) for work in aside]
        if self._known.keys() - before.keys() or time.monotonic() > self._sure_at:
            self._waiting, self._later = self._waiting + self._later, []

    def _be_patient(self) -> None:
        """Nodes come and go together: what is too large for those that are there may wait."""
        self._sure_at = time.monotonic() + self._settings.ray_patience_s

    def _miss(self, reason: str) -> None:
        self.log("WARNING", "the head of the Ray cluster does not answer", reason=reason[:200])

    def _most(self) -> int:
        return max((share.most for share in self._known.values()), default=0)

    def _fill(self, share: Share) -> None:
        """Starts the actors that a node lacks, or ends those that it has too many."""
        here = [seat for seat in self._seats if seat.share.node.id == share.node.id]
        lacking = share.slots - sum(seat.cores for seat in here)
        if time.monotonic() > self._unfit.get(share.node.id, (0.0, 0))[0]:
            for _ in range(lacking):
                self._start(Seat(share, 1, self._actor(share, 1, share.memory)))
        for seat in [seat for seat in here if seat.idle][: max(0, -lacking)]:
            self._leave(seat)

    def _actor(self, share: Share, cores: int, memory: int) -> Actor:
        settings = replace(self._settings, slot_memory_mb=memory // MIB)
        return Actor(share.node, settings, cores, memory)

    def _start(self, seat: Seat) -> None:
        self._seats.append(seat)
        seat.actor.call("ready", then=self._answer_to(self._started, seat))

    def _started(self, seat: Seat, version: str | None, loss: Loss | None) -> None:
        if seat not in self._seats:
            return
        if loss or version != __version__:
            self._refuse(seat, version)
            return
        seat.ready = True
        self._unfit.pop(seat.share.node.id, None)
        if seat.work:
            self._begin(seat, seat.work)

    def _refuse(self, seat: Seat, version: str | None) -> None:
        """Leaves a node alone for a while on which no actor came up, or another version of us."""
        node = seat.share.node
        _, times = self._unfit.get(node.id, (0.0, 0))
        self._unfit[node.id] = (time.monotonic() + PAUSE_S, times + 1)
        if version:
            advice = f"install QuantumTask {__version__} on {node.name}, which has {version}"
        else:
            advice = f"see Ray's logs on {node.name}, and that QuantumTask is installed there"
        if times == REFUSALS:
            self.log("ERROR", "a node cannot run circuits", node=node.name, advice=advice)
        self._lose(seat, Loss.OTHER)

    def _leave(self, seat: Seat) -> None:
        self._seats.remove(seat)
        seat.actor.kill()

    # Work

    def _begin(self, seat: Seat, work: Work) -> None:
        seat.work = work
        limit_s = work.alone.spec.timeout_s if work.alone else CHUNK_LIMIT_S
        work.end = time.monotonic() + limit_s + GRACE_S
        chunk = pickle.dumps(work.chunk)  # Ray's own pickling takes several times as long
        seat.actor.call("run", chunk, then=self._answer_to(self._ran, seat, work))

    def _begin_large(self, work: Work, given: list[Seat]) -> None:
        """Has fewer actors and one that is larger, which starts when Ray has ended the others."""
        self._large.remove(work)
        for seat in given:
            self._leave(seat)
        share, cores = given[0].share, len(given)
        self._start(Seat(share, cores, self._actor(share, cores, work.need), work=work))

    def _ran(
        self, seat: Seat, work: Work, said: tuple[bytes, bytes] | None, loss: Loss | None
    ) -> None:
        if seat.work is not work:
            return  # given up before
        if said is None:
            self._lose(seat, loss or Loss.OTHER)
            return
        verdicts, large = said
        self._report(work, verdicts)
        elsewhere = self._most() > seat.share.memory or time.monotonic() < self._sure_at
        if large != b"[]" and elsewhere and not work.need and not work.killed:
            self._weigh(seat, work, large)
        else:
            self._report(work, large)
            self._finish(seat, work)

    def _weigh(self, seat: Seat, work: Work, verdict: bytes) -> None:
        """Asks how much it needs, because there is more than this slot has."""
        [[task_id, *_]] = json.loads(verdict)
        one = next(each for each in work.chunk if each.id == task_id)
        self._end(work, but=task_id)
        then = self._answer_to(self._weighed, seat, work, one)
        seat.actor.call("weigh", one, verdict, self._most(), then=then)

    def _weighed(
        self,
        seat: Seat,
        work: Work,
        one: Assignment,
        found: tuple[int, bytes] | None,
        loss: Loss | None,
    ) -> None:
        if seat.work is not work:
            return
        if found is None:
            self._lose(seat, loss or Loss.OTHER)
            return
        need, verdict = found
        if not need and time.monotonic() < self._sure_at and not work.killed:
            self._later.append(Work(work.number, [one]))
            seat.work = None
        elif seat.share.memory < need <= self._most() and not work.killed:
            self._large.append(Work(work.number, [one], need))
            seat.work = None
        else:
            self._report(work, verdict)
            self._finish(seat, work)

    def _finish(self, seat: Seat, work: Work) -> None:
        seat.work = None
        self._end(work)
        if work.need:
            self._leave(seat)

    def _lose(self, seat: Seat, loss: Loss) -> None:
        """The actor of a seat is lost, or is to be: says so of what it had."""
        self._leave(seat)
        work, seat.work = seat.work, None
        if work is None:
            return
        if work.alone and not work.killed and (failure := _blame(loss, seat.share.node)):
            self._report(work, failed(work.alone, failure))
        self._end(work)


def _blame(loss: Loss, node: Node) -> Failure | None:
    """What a task that was alone is told; None: it may run again."""
    if loss is Loss.PROCESS:
        return Failure("worker_crashed", f"the process that ran it on {node.name} died")
    if loss is Loss.MEMORY:
        return Failure("out_of_memory", f"Ray ended it because {node.name} ran out of memory")
    return None


def main() -> None:
    """`python -m quantumtask.worker.ray.driver FD PARENT`: the connection, and whom to die with."""
    connection = Connection(int(sys.argv[1]))
    kill_on_parent_death(signal.SIGKILL, parent=int(sys.argv[2]))
    settings: Settings = connection.recv()
    bridge = Bridge(connection, settings)
    try:
        cluster.connect(settings.ray_address)
        bridge.run()
    except NoCluster as error:
        bridge.log("ERROR", str(error))
    except Exception as error:  # nobody reads what this process prints
        bridge.log("CRITICAL", "the bridge to Ray failed", reason=repr(error))


if __name__ == "__main__":
    main()
