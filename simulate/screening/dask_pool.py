"""Many independent jobs on Dask: a bounded number in flight, results as they come, a dead worker is one lost job.

When all workers are dead or the scheduler is lost, a line says so within ten seconds; then they are waited for, or the
work is stopped, as the caller wants.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from sinterface.models.basics.errors import InputError, SolveError, shown
from sinterface.simulate.files.workers import is_interrupt, quiet_tracker, unheard

Job = TypeVar("Job")
Answer = TypeVar("Answer")

AHEAD = 2
"""Jobs in flight per thread: one at work, one waiting."""

LOOK = 2.0
"""Seconds after which a cluster is asked again how many threads it has."""

GRACE = 4.0
"""Seconds without any thread after which the workers count as dead: a worker that is started anew takes some."""

PAUSE = 0.02
"""Seconds between two looks for results."""

WAIT, STOP = LOST = ("wait", "stop")
"""What to do when a cluster has no workers left or its scheduler is lost: wait until they are back, or stop."""

PATIENCE = 30.0
"""Seconds to wait for a cluster and its first worker."""


def scattered(
    function: Callable[[Job], Answer],
    jobs: Iterator[tuple[int, Job]],
    *,
    workers: int = 1,
    scheduler: str | None = None,
    lost: str = WAIT,
    tell: Callable[[str], None] | None = None,
) -> Iterator[tuple[int, Answer | None, str]]:
    """(number, answer, "") of every job, or (number, None, reason) where it raised or its worker died; in any order.

    One worker and no scheduler: in this process.  Jobs are taken from the iterator only when there is room, so that
    memory does not grow with their number.  ``lost``: one of LOST, for a cluster whose workers are all dead or whose
    scheduler is gone; either is told in a line, by ``tell`` or else the logger ``sinterface``.
    Raises InputError when the cluster can not be reached at the start, SolveError when it is lost and ``lost`` is stop.
    """
    say = tell or logging.getLogger("sinterface").warning
    if scheduler is None and workers <= 1:
        for number, job in jobs:
            try:
                answer = function(job)
            except Exception as error:
                if is_interrupt(error):
                    raise
                yield number, None, _reason(error)
            else:
                yield number, answer, ""
        return
    with _silent():
        yield from _on_cluster(function, jobs, workers, scheduler, lost, say)


def _on_cluster(
    function: Callable[[Job], Answer],
    jobs: Iterator[tuple[int, Job]],
    workers: int,
    scheduler: str | None,
    lost: str,
    say: Callable[[str], None],
) -> Iterator[tuple[int, Answer | None, str]]:
    """Answers from a cluster, and from the next one when its scheduler is lost and waited for."""
    first = True
    while True:
        try:
            with _client(workers, scheduler, first) as client:
                if not first:
                    say("sinterface: the cluster is back, going on")
                first = False
                yield from _stream(client, function, jobs, lost, say)
                return
        except _SchedulerLostError as error:
            if scheduler is None or lost == STOP:
                raise SolveError("the Dask scheduler is lost; what was reported is kept, go on with --resume") from None
            say(f"sinterface: the scheduler {scheduler} does not answer; waiting for it, Ctrl-C and --resume end it")
            jobs = itertools.chain(error.jobs, jobs)
        except _NoSchedulerYetError:
            time.sleep(LOOK)


class _SchedulerLostError(Exception, Generic[Job]):
    """The scheduler is gone; ``jobs`` were under way."""

    def __init__(self, jobs: list[tuple[int, Job]]) -> None:
        super().__init__()
        self.jobs = jobs


class _NoSchedulerYetError(Exception):
    """A scheduler that was lost is not back."""


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Dask and asyncio tell of lost connections in tracebacks: what matters is told in a line here."""
    import distributed  # noqa: F401 - sets the levels of its loggers

    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")]
    loggers = [logging.getLogger(name) for name in ("asyncio", *names)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def check_address(scheduler: str) -> None:
    """Raise InputError for what is no address of a scheduler: Dask would look for it for a minute."""
    if not re.fullmatch(r"\w+://[^\s/]+:\d{1,5}", scheduler):
        raise InputError(f"--scheduler {shown(scheduler)}: write tcp://host:port, as `dask scheduler` says it")


@contextlib.contextmanager
def _client(workers: int, scheduler: str | None, first: bool) -> Iterator[Any]:
    """A client of the cluster at ``scheduler``, or of one of so many processes that is made here.

    Raises InputError when there is none at the ``first`` time, _NoSchedulerYetError later.
    """
    import dask
    from distributed import Client, LocalCluster

    if scheduler is not None:
        check_address(scheduler)
        try:
            client = Client(scheduler, timeout=PATIENCE if first else GRACE, set_as_default=False)
        except (OSError, ValueError) as error:
            if not first:
                raise _NoSchedulerYetError from error
            raise InputError(
                f"--scheduler {scheduler}: no Dask scheduler answers there ({type(error).__name__}); "
                f"start one with `dask scheduler` and give its tcp://host:port"
            ) from error
        try:
            if first:
                _wait_for_a_worker(client, scheduler)
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=GRACE)
        return
    quiet = {"distributed.worker.memory.terminate": 0.95, "distributed.comm.timeouts.connect": "60s"}
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(quiet))
        quiet_tracker()
        with unheard():
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                )
            )  # fmt: skip
        client = stack.enter_context(Client(cluster, set_as_default=False))
        client.run(_leave_interrupts)
        yield client


def _wait_for_a_worker(client: Any, scheduler: str) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        raise InputError(
            f"--scheduler {scheduler}: the cluster has no worker; start some with `dask worker {scheduler}`"
        ) from error


def _leave_interrupts() -> None:
    """In a worker: Ctrl-C goes to the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stream(
    client: Any,
    function: Callable[[Job], Answer],
    jobs: Iterator[tuple[int, Job]],
    lost: str,
    say: Callable[[str], None],
) -> Iterator[tuple[int, Answer | None, str]]:
    """Answers as they come.

    Dask blames the death of a worker on all that the worker had been given: what was given up for that is tried once
    more at the end, each by itself, so that the neighbours of a candidate that kills workers get their answers.
    """
    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    flight: dict[str, tuple[int, Job]] = {}
    suspects: list[tuple[int, Job]] = []
    alone: set[int] = set()
    done = as_completed(loop=client.loop)
    watch = _Workers(client, lost, say)

    def submit(item: tuple[int, Job]) -> None:
        future = client.submit(function, item[1], pure=False)
        flight[future.key] = item
        done.add(future)

    def fill() -> None:
        while len(flight) < watch.room:
            item = next(jobs, None)
            if item is None:
                break
            submit(item)
        if suspects and not flight:
            alone.add(suspects[0][0])
            submit(suspects.pop(0))

    try:
        fill()
        while flight:
            if not done.has_ready():
                time.sleep(PAUSE)
                watch.look()
                continue
            future = next(done)
            if future.status in ("cancelled", "lost"):
                raise _ClusterGoneError
            error = future.exception() if future.status == "error" else None
            answer = None if error is not None else future.result()
            item = flight.pop(future.key)
            future.release()
            del future
            again = isinstance(error, KilledWorker) and item[0] not in alone
            if again:
                suspects.append(item)
            watch.look()
            fill()
            if not again:
                yield item[0], answer, "" if error is None else _reason(error)
    except _ClusterGoneError:
        raise _SchedulerLostError([*flight.values(), *suspects]) from None


class _ClusterGoneError(Exception):
    """Nobody answers at the scheduler's address any more."""


class _Workers:
    """How many threads a cluster has; says so when there are none left, and when they are back."""

    def __init__(self, client: Any, lost: str, say: Callable[[str], None]) -> None:
        self._client, self._lost, self._say = client, lost, say
        self._looked = self._seen = time.monotonic()
        self._told = False
        self.room = AHEAD * max(self._threads(), 1)

    def look(self) -> None:
        """Ask again when it is time.  Raises SolveError for lost workers when that is wanted, _ClusterGoneError."""
        if self._client.status != "running":
            raise _ClusterGoneError
        now = time.monotonic()
        if now - self._looked < LOOK:
            return
        self._looked, threads = now, self._threads()
        if threads:
            self._seen, self.room = now, AHEAD * threads
            if self._told:
                self._say(f"sinterface: the cluster has workers again ({threads} threads), going on")
            self._told = False
        elif now - self._seen >= GRACE and not self._told:
            if self._lost == STOP:
                raise SolveError("all workers of the cluster are gone; what was reported is kept, go on with --resume")
            self._say("sinterface: all workers of the cluster are gone; waiting for others, Ctrl-C and --resume end it")
            self._told = True

    def _threads(self) -> int:
        try:
            return sum(self._client.sync(self._client.scheduler.ncores, callback_timeout=GRACE).values())
        except (OSError, TimeoutError, RuntimeError, AttributeError, ValueError) as error:
            raise _ClusterGoneError from error


def _reason(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return "the worker process died several times over this candidate: out of memory, or a crash"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
