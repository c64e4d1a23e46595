"""A bounded queue for a model: FIFO per owner, round robin between owners, with a position for each waiting call."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from rag.core.call_context import CallContext
from rag.core.errors import ModelBusy
from rag.core.types import GenerationProgress

# Seconds between position reports to a waiting call, and so the latency of its cancellation.
TICK = 0.25


@dataclass(eq=False, slots=True)
class Ticket:
    """A position in the queue. Tickets that are not `ready` are overtaken, and keep their position."""

    call: CallContext
    ready: bool = False


class FairQueue:
    """Admits `at_once` calls at a time and lets `limit` wait. FIFO per owner, round robin between owners: no owner
    starts a second call while another one's first is waiting."""

    def __init__(self, limit: int, at_once: int = 1) -> None:
        self._limit, self._at_once = limit, at_once
        self._waiting: list[Ticket] = []
        self._running: list[Ticket] = []
        self._started: dict[str, int] = {}
        self._changed = threading.Condition()

    @property
    def idle(self) -> bool:
        """Whether no call runs and none is ready to."""
        with self._changed:
            return not self._running and not any(ticket.ready for ticket in self._waiting)

    @contextmanager
    def stand(self, call: CallContext) -> Iterator[None]:
        """Reserve a position before the call is ready to run; reports the position if it has to wait.

        A full queue reserves nothing and raises nothing here: `take` raises ModelBusy if it is still full then.
        """
        ticket, place = None, 0
        with suppress(ModelBusy), self._changed:
            ticket = self._join(call)
            place = self._order().index(ticket) + 1 - (self._at_once - len(self._running))
        try:
            if place > 0:
                call.on_progress(GenerationProgress("waiting", place, len(self._waiting)))
            yield
        finally:
            if ticket is not None:
                self._leave(ticket)

    @contextmanager
    def take(self, call: CallContext) -> Iterator[None]:
        """Wait for admission and hold it; a position reserved with `stand` is used.

        The position is reported at least four times a second; the next call to start has position 1.

        Raises:
            ModelBusy: the queue is full.
            Cancelled: the call was cancelled while waiting.
        """
        with self._changed:
            reserved = (ticket for ticket in self._waiting if ticket.call.id == call.id and not ticket.ready)
            ticket = next(reserved, None) or self._join(call)
            ticket.ready = True
        try:
            while not self._begins(ticket):
                call.report(GenerationProgress("waiting", *self._place(ticket)))
            yield
        finally:
            self._leave(ticket)

    def _join(self, call: CallContext) -> Ticket:
        with self._changed:
            free = len(self._running) + len(self._waiting) < self._at_once
            if not free and len(self._waiting) >= self._limit:
                raise ModelBusy(waiting=len(self._waiting))
            ticket = Ticket(call)
            self._waiting.append(ticket)
            return ticket

    def _begins(self, ticket: Ticket) -> bool:
        with self._changed:
            if not self._may_begin(ticket):
                self._changed.wait(TICK)
            if not self._may_begin(ticket):
                return False
            self._waiting.remove(ticket)
            self._running.append(ticket)
            self._started[ticket.call.owner] = max(self._started.values(), default=0) + 1
            return True

    def _may_begin(self, ticket: Ticket) -> bool:
        first = next(waiting for waiting in self._order() if waiting.ready)
        return len(self._running) < self._at_once and first is ticket

    def _place(self, ticket: Ticket) -> tuple[int, int]:
        with self._changed:
            return self._order().index(ticket) + 1, len(self._waiting)

    def _leave(self, ticket: Ticket) -> None:
        with self._changed:
            for place in (self._running, self._waiting):
                if ticket in place:
                    place.remove(ticket)
            self._changed.notify_all()

    def _order(self) -> list[Ticket]:
        """The waiting tickets in order of admission: by the number of the owner's earlier calls, then by how long ago
        the owner was served, then by arrival."""
        # With all slots taken, the oldest call is assumed to end next.
        running = self._running[1:] if len(self._running) == self._at_once else self._running
        before = Counter(ticket.call.owner for ticket in running)
        ranks: dict[Ticket, tuple[int, int]] = {}
        for ticket in self._waiting:
            ranks[ticket] = (before[ticket.call.owner], self._started.get(ticket.call.owner, 0))
            before[ticket.call.owner] += 1
        return sorted(self._waiting, key=ranks.__getitem__)
