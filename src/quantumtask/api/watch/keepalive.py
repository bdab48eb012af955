"""A beat for all who follow something, so that each can show that it is alive."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BEAT_S = 15
"""How often each of them has one, in seconds."""


class Listener:
    """Waits for an answer and hears the beats meanwhile."""

    def __init__(self) -> None:
        self._woken: asyncio.Future[None] | None = None

    async def beat(self, news: "asyncio.Future[Any]") -> bool:
        """True at the next beat; False as soon as `news` is done."""
        news.add_done_callback(self.wake)
        self._woken = asyncio.get_running_loop().create_future()
        try:
            await self._woken
        finally:
            news.remove_done_callback(self.wake)
        return not news.done()

    def wake(self, *_: object) -> None:
        """Ends the waiting."""
        if self._woken and not self._woken.done():
            self._woken.set_result(None)


class Pulse:
    """Beats once a second for a part of the listeners, so that all have their turn in time.

    One timer for all: a thousand of them would wake the process for each of a thousand beats.
    """

    def __init__(self) -> None:
        self._rounds: list[set[Listener]] = [set() for _ in range(BEAT_S)]
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """A listener, for as long as it is needed; its first beat comes within `BEAT_S` seconds."""
        listener = Listener()
        members = min(self._rounds, key=len)
        members.add(listener)
        if self._timer is None:
            self._start()
        try:
            yield listener
        finally:
            members.remove(listener)

    def _start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(1.0, self._beat)

    def _beat(self) -> None:
        self._timer = None
        self._turn = (self._turn + 1) % BEAT_S
        for listener in self._rounds[self._turn]:
            listener.wake()
        if any(self._rounds):
            self._start()
