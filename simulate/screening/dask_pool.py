"""Many independent jobs on Dask: a bounded number in flight, results as they come, a dead worker is one lost job."""

from __future__ import annotations

import contextlib
import logging
import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sinterface.models.basics.errors import InputError, SolveError, shown
from sinterface.simulate.files.workers import is_interrupt, unheard

Job = TypeVar("Job")
Answer = TypeVar("Answer")

AHEAD = 2
"""Jobs in flight per thread: one at work, one waiting."""

LOOK = 5.0
"""Seconds after which a cluster is asked again how many threads it has."""

PATIENCE = 30.0
"""Seconds to wait for a cluster and its first worker."""


def scattered(
    function: Callable[[Job], Answer],
    jobs: Iterator[tuple[int, Job]],
    *,
    workers: int = 1,
    scheduler: str | None = None,
) -> Iterator[tuple[int, Answer | None, str]]:
    """(number, answer, "") of every job, or (number, None, reason) where it raised or its worker died; in any order.

    One worker and no scheduler: in this process.  Jobs are taken from the iterator only when there is room, so that
    memory does not grow with their number.  Raises InputError when the cluster can not be reached, SolveError when it
    is lost on the way.
    """
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
    with _client(workers, scheduler) as client:
        yield from _stream(client, function, jobs)


def check_address(scheduler: str) -> None:
    """Raise InputError for what is no address of a scheduler: Dask would look for it for a minute."""
    if not re.fullmatch(r"\w+://[^\s/]+:\d{1,5}", scheduler):
        raise InputError(f"--scheduler {shown(scheduler)}: write tcp://host:port, as `dask scheduler` says it")


@contextlib.contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster

    if scheduler is not None:
        check_address(scheduler)
        try:
            client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"--scheduler {scheduler}: no Dask scheduler answers there ({type(error).__name__}); "
                f"start one with `dask scheduler` and give its tcp://host:port"
            ) from error
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            client.close()
            raise InputError(
                f"--scheduler {scheduler}: the cluster has no worker; start some with `dask worker {scheduler}`"
            ) from error
        with client:
            yield client
        return
    for name in ("distributed", "distributed.nanny", "distributed.worker", "distributed.scheduler"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    quiet = {"distributed.worker.memory.terminate": 0.95, "distributed.comm.timeouts.connect": "60s"}
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(quiet))
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


def _leave_interrupts() -> None:
    """In a worker: Ctrl-C goes to the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stream(
    client: Any, function: Callable[[Job], Answer], jobs: Iterator[tuple[int, Job]]
) -> Iterator[tuple[int, Answer | None, str]]:
    from distributed import as_completed

    numbers: dict[str, int] = {}
    done = as_completed(loop=client.loop)
    room, looked = _room(client), time.monotonic()

    def fill() -> None:
        while len(numbers) < room:
            item = next(jobs, None)
            if item is None:
                return
            future = client.submit(function, item[1], pure=False)
            numbers[future.key] = item[0]
            done.add(future)

    fill()
    while numbers:
        future = next(done)
        number = numbers.pop(future.key)
        if future.status == "cancelled":
            raise SolveError("the Dask cluster was lost; what was reported is kept, go on with --resume")
        error = future.exception() if future.status == "error" else None
        answer = None if error is not None else future.result()
        future.release()
        del future
        if time.monotonic() - looked > LOOK:
            room, looked = _room(client), time.monotonic()
        fill()
        yield number, answer, "" if error is None else _reason(error)


def _room(client: Any) -> int:
    return AHEAD * max(sum(client.nthreads().values()), 1)


def _reason(error: BaseException) -> str:
    if type(error).__name__ == "KilledWorker":
        return "the worker process died several times over this candidate: out of memory, or a crash"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
