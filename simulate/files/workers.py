"""Worker processes that leave Ctrl-C to the process that started them, and end with it, however it ends."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextvars import ContextVar
from typing import Any, TypeVar

from sinterface.models.basics.errors import SolveError

Made = TypeVar("Made")

ALONE = "sinterface: worker processes can not be started here ({}): one process does all the work"
"""Told once by the logger ``sinterface``: without shared memory, as in a container whose /dev/shm is read-only."""

OFTEN = 0.25
"""Time [s] after which the process that waits for workers looks how far they are."""

SHARES: ContextVar[Any] = ContextVar("shares")
"""In a worker: the shares done of all jobs, memory that it has in common with the process that started it."""


def carry_out(
    work: Callable[..., Made],
    jobs: Sequence[Sequence[Any]],
    count: int,
    *,
    sizes: Sequence[float] | None = None,
    progress: Callable[[float], None] | None = None,
    each: Callable[[int, Made], None] | None = None,
) -> list[Made]:
    """What ``work(*job, progress=...)`` makes of each job, in their order, by ``count`` processes, or here by none.

    ``work`` calls its ``progress`` with the share of its job that is done; ``progress`` is called with the share of
    all, a job weighing as ``sizes`` say, alike without them.  ``each`` is called with the number of a job and what it
    made, in the order of the jobs, as soon as that and all before it have ended.

    >>> carry_out(lambda a, b, progress: a + b, [(1, 2), (3, 4)], 1)
    [3, 7]
    """
    weights = [1.0] * len(jobs) if sizes is None else sizes
    whole = sum(weights) or 1.0

    def tell(shares: Sequence[float]) -> None:
        if progress is not None:
            progress(sum(weight * share for weight, share in zip(weights, shares, strict=True)) / whole)

    if min(count, len(jobs)) <= 1:
        made: list[Made] = []
        for number, job in enumerate(jobs):

            def advance(share: float, number: int = number) -> None:
                tell([1.0] * number + [share] + [0.0] * (len(jobs) - number - 1))

            made.append(work(*job, progress=advance))
            advance(1.0)
            if each is not None:
                each(number, made[-1])
        return made
    shares = _in_common(len(jobs))
    with workers(min(count, len(jobs)), shares) as pool:
        with unheard():
            futures = [pool.submit(_carry_out, work, number, job) for number, job in enumerate(jobs)]
        left, handed = set(futures), 0
        while left:
            ended, left = wait(left, OFTEN, FIRST_EXCEPTION)
            for future in ended:
                future.result()  # raises what the job raised
            tell([1.0 if future not in left else share for future, share in zip(futures, shares, strict=True)])
            while each is not None and handed < len(futures) and futures[handed] not in left:
                each(handed, futures[handed].result())
                handed += 1
        return [future.result() for future in futures]


def _carry_out(work: Callable[..., Made], number: int, job: Sequence[Any]) -> Made:
    """Do a job in a worker, and write down how far it is."""
    shares = SHARES.get()

    def advance(share: float) -> None:
        shares[number] = share

    return work(*job, progress=advance)


def _in_common(size: int) -> MutableSequence[float]:
    """Numbers that worker processes write and their parent reads; without shared memory the parent alone has them."""
    try:
        return multiprocessing.get_context("spawn").RawArray("d", size)
    except OSError:
        return [0.0] * size


@contextlib.contextmanager
def workers(count: int, shares: Sequence[float] = ()) -> Iterator[Executor]:
    """A pool of ``count`` processes; when its block is left by an exception they are stopped at once.

    Where the system can not make one, jobs are done one after the other in this process, and a line says so.
    Hand out all jobs under ``unheard``.  ``shares`` is what jobs have as ``SHARES``.  Raises SolveError when a process
    dies.
    """
    others = set(multiprocessing.active_children())
    pool: Executor
    try:
        quiet_tracker()
        pool = ProcessPoolExecutor(
            count, mp_context=multiprocessing.get_context("spawn"), initializer=begin, initargs=(shares,)
        )
    except OSError as error:
        logging.getLogger("sinterface").warning(ALONE.format(error.strerror or error))
        pool = ThreadPoolExecutor(1, initializer=SHARES.set, initargs=(shares,))
    try:
        yield pool
    except BaseException as error:
        jobs = getattr(pool, "_call_queue", None)  # before shutdown, which forgets it
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        _let_go(jobs)
        if isinstance(error, BrokenProcessPool):
            raise SolveError("a worker process died, out of memory or killed: try again with fewer workers") from error
        raise
    finally:
        pool.shutdown()


def _let_go(jobs: object) -> None:
    """Close the end of the pipe of jobs that stopped workers read from.

    A job larger than the pipe would else be written for ever and hold up the end of this process.  Newer releases of
    Python do so themselves; 3.11 has no public way.
    """
    reader = getattr(jobs, "_reader", None)
    if reader is not None:
        with contextlib.suppress(OSError):
            reader.close()


def quiet_tracker() -> None:
    """Start the process that removes what killed processes leave in shared memory, without its warnings.

    It does so after kill -9 as well, and would print "leaked semaphore objects" on a terminal that the shell has back.
    """
    if os.name == "nt":
        return
    from multiprocessing import resource_tracker

    mine = "ignore:resource_tracker:UserWarning"
    sys.warnoptions.append(mine)  # handed on to the new process; of no effect on this process, which has read them
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(mine)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Ctrl-C, ``kill`` and a terminal that closes wait until the block is left.

    Processes started in it never hear of Ctrl-C.  One whose parent ends while it is being started prints a traceback of
    Python's own: kill -9 alone, which nothing can put off, may still meet those few milliseconds.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _put_off(signal.SIGTERM, signal.SIGHUP):
            yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _put_off(*numbers: signal.Signals) -> Iterator[None]:
    """Signals that would end this process at once do so when the block is left.

    A mask would not do: the system hands a signal to any thread that does not block it.
    """
    heard: list[int] = []
    ending = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():  # Python lets no other thread set handlers
        ending = []
    for number in ending:
        signal.signal(number, lambda number, _: heard.append(number))
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)
        for late in heard:
            signal.raise_signal(late)


def is_interrupt(error: BaseException) -> bool:
    """True for Ctrl-C, also where compiled code that it reached has wrapped it, maybe twice."""
    cause: BaseException | None = error
    while isinstance(cause, SystemError):
        cause = cause.__cause__
    return isinstance(cause, KeyboardInterrupt)


def begin(shares: Any) -> None:
    """What a worker does first: it ends with its parent, and does without Dask; ``shares`` are those of its jobs.

    xarray imports Dask wherever it is installed, 0.4 s of a processor in each worker, and no job here has chunks.
    """
    SHARES.set(shares)
    modules: dict[str, Any] = sys.modules
    modules.setdefault("dask", None)  # imports of it fail from here on, as if it were not installed
    end_with_parent()


def end_with_parent() -> None:
    """End this process when the process that started it ends, however it ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
