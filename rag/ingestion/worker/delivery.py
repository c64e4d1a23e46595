"""On PostgreSQL a reader is called when there is something to read: it is a worker of procrastinate's.

procrastinate listens, gives each delivery to one reader, brings one back that could not be read just now, and names
those whose reader no longer gives a sign of life. Whether a delivery still says what is to be done is asked of the
library's own job row, where the lease is (`jobs.py` in `rag/library/store/`): so one that comes twice, late, or from
a reader that was given up does no harm, and one that is lost is made anew (`deliveries.py` there).
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import psycopg
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as Delivery
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from rag.core.errors import LibraryError, StoreUnreachable
from rag.library.store.deliveries import QUEUE, TASK, deliver_lost, hand_on
from rag.library.store.postgresql import PostgreSQL

# How often a reader looks for readers that died and for leases that ran out, and for what waits and comes to nobody.
WATCH_SECONDS: Final = 2.0
DOUBT_SECONDS: Final = 60.0

# A call can be missed, and what was put off makes none: a reader asks by itself so often.
_ASK_SECONDS: Final = 5.0
_LATEST_SECONDS: Final = 60
_PAUSE_SECONDS: Final = 1.0
_CONNECTIONS: Final = 3

_log = logging.getLogger(__name__)


class Later(Exception):
    """It could not be read just now; it is to be brought again."""


class _Patience(BaseRetryStrategy):
    """Again after 1, 2, 4 … seconds, a minute at most, as often as it takes.

    Args:
        ahead: by how many seconds the server's clock, which says when, is ahead of this machine's.
    """

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead

    def get_retry_decision(self, *, exception: BaseException, job: Delivery) -> RetryDecision | None:
        if not isinstance(exception, Later):
            return None
        seconds = min(2 ** min(job.attempts, 10), _LATEST_SECONDS)
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=seconds + self._ahead))


def receive(
    database: PostgreSQL,
    read: Callable[[str, int], None],
    stopping: threading.Event,
    lease_seconds: float,
    *,
    at_once: int,
) -> None:
    """Call `read` with what is delivered, in so many threads at once, until `stopping` is set.

    Args:
        read: gets a job's id and how often it was brought again before; raises Later for once more. Anything else
            that it raises ends this.
        lease_seconds: how long a reader may be silent before its job is another's.
    """
    for noisy in ("procrastinate", "psycopg.pool"):
        # What they log in an outage, with all that led there, is said here and by the store in a line.
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    with ThreadPoolExecutor(at_once, "reading") as threads:

        async def received() -> None:
            loop = asyncio.get_running_loop()
            reading = partial(loop.run_in_executor, threads)
            work = _work(database, lambda *given: reading(read, *given), lease_seconds, at_once)
            await _first(work, _until(stopping))

        while not stopping.is_set():
            try:
                # The loop that Windows has by itself is none that psycopg can use.
                with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                    runner.run(received())
            except (ConnectorException, StoreUnreachable, psycopg.Error) as error:
                # In the server's words; they name its host and the user, and never the password.
                _log.warning("deliveries begin anew: %s", str(error.__cause__ or error).splitlines()[:1])
                stopping.wait(_PAUSE_SECONDS)


async def _work(
    database: PostgreSQL, read: Callable[[str, int], Awaitable[None]], lease_seconds: float, at_once: int
) -> None:
    """The same for ever, until something is wrong."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_unhandled)
    wrong: asyncio.Future[None] = loop.create_future()
    app = App(connector=PsycopgConnector(kwargs=database.arguments(), min_size=1, max_size=_CONNECTIONS, timeout=10))
    app.job_manager = _Manager(app.connector, wrong)
    ahead = await asyncio.to_thread(_ahead, database)

    @app.task(name=TASK, queue=QUEUE, retry=_Patience(ahead), pass_context=True)
    async def bring(context: JobContext, job: str) -> None:
        try:
            await read(job, context.job.attempts)
        except Later:
            raise
        except Exception as error:  # noqa: BLE001 - raised where `wrong` is awaited
            _set(wrong, error)
            raise Later from None

    async with app.open_async():
        # A sign of life before half of a lease is over; without one for all of it, another reader may go on.
        worker = app.run_worker_async(
            queues=[QUEUE],
            concurrency=at_once,
            delete_jobs="always",
            install_signal_handlers=False,
            fetch_job_polling_interval=min(_ASK_SECONDS, lease_seconds / 4),
            update_heartbeat_interval=lease_seconds / 8,
            stalled_worker_timeout=lease_seconds,
        )
        await _first(worker, _watch(app, database, lease_seconds), _when(wrong))


def _ahead(database: PostgreSQL) -> float:
    with database.read() as connection:
        return database.seconds(connection) - time.time()


class _Manager(JobManager):
    """Says when a delivery could not be ended, or no sign of life given: the worker itself would go on without.

    A worker that ends and begins anew lets go of what it had forgotten.
    """

    def __init__(self, connector: BaseConnector, wrong: asyncio.Future[None]) -> None:
        super().__init__(connector)
        self._wrong = wrong

    async def finish_job(self, *given: Any, **named: Any) -> None:
        with self._said():
            await super().finish_job(*given, **named)

    async def retry_job(self, *given: Any, **named: Any) -> None:
        with self._said():
            await super().retry_job(*given, **named)

    async def update_heartbeat(self, worker_id: int) -> None:
        with self._said():
            await super().update_heartbeat(worker_id)

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except ConnectorException as error:
            _set(self._wrong, error)
            raise


def _set(wrong: asyncio.Future[None], error: Exception) -> None:
    if not wrong.done():
        wrong.set_exception(error)


async def _first(*sides: Coroutine[Any, Any, None]) -> None:
    """Until one of them ends, with what it raised. The others end in good order: a job that is read is given back."""
    tasks = [asyncio.create_task(side) for side in sides]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _when(wrong: asyncio.Future[None]) -> None:
    await wrong


async def _until(stopping: threading.Event) -> None:
    while not stopping.is_set():
        await asyncio.sleep(0.2)


async def _watch(app: App, database: PostgreSQL, lease_seconds: float) -> None:
    """See to it that what is due comes to somebody: first of all, and then for ever."""
    silent, doubted = lease_seconds / 2, -math.inf
    while True:
        doubting = time.monotonic() - doubted > DOUBT_SECONDS
        try:
            await _hand_on(app, database, silent)
            await asyncio.to_thread(deliver_lost, database, silent, waiting=doubting)
            doubted = time.monotonic() if doubting else doubted
        except (ConnectorException, LibraryError) as error:
            _log.warning("lost deliveries cannot be looked for: %s", type(error).__name__)
        await asyncio.sleep(min(WATCH_SECONDS, lease_seconds / 4))


async def _hand_on(app: App, database: PostgreSQL, silent_seconds: float) -> None:
    """A delivery whose reader is silent ends when its job's lease has run out, and another one takes its place.

    Another one and not the same again: a reader that comes back ends what it was given by its number.
    """
    manager = app.job_manager
    silent = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=silent_seconds)
    stalled = {str(delivery.task_kwargs["job"]): delivery for delivery in silent}
    for job in await asyncio.to_thread(hand_on, database, list(stalled)) if stalled else ():
        if number := stalled[job].id:
            # Another reader may have ended it in this moment.
            with suppress(ConnectorException):
                await manager.finish_job_by_id_async(number, Status.FAILED, delete_job=True)


def _log_unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # What could not be ended is raised where it is seen to, and told a second time here.
    _log.debug("%s", context.get("message"))
