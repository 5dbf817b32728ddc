"""Work in the background: each task in a process of its own, which a page may leave, find again, or cancel."""

from __future__ import annotations

import hashlib
import multiprocessing
import threading
from collections import OrderedDict
from multiprocessing.connection import Connection
from typing import Any

from sinterface.models.basics.errors import SinterfaceError
from sinterface.simulate.files.workers import end_with_parent, quiet_tracker
from sinterface.simulate.setup.extras import keep_out
from sinterface.simulate.work.tasks import Task

KEPT = 40
"""Finished answers that are kept; the oldest goes first."""

MOST_WAITING = 20
"""Jobs that may be under way or wait at a time."""

AT_ONCE = 2
"""Jobs that are worked on at a time."""

GRACE = 5.0
"""Time [s] that a process has to end by itself when it is told to, before it is killed."""

ACTIVE = ("waiting", "running")
"""What the status of a job is while anything is still to come."""

FAULT = "a fault of the program, please report it"

CRASHED = "the process that worked on this ended without a word, out of memory or killed; run it again"


LOADED = "sinterface.simulate.work.loaded"
"""Module that loads what every task needs, which takes seconds."""


def ready_processes() -> Any:
    """How processes of jobs are made: from one that has loaded what they need, where the system can make such copies.

    The first call starts that process, which goes on loading; it ends with this process.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([LOADED])
    forkserver.ensure_running()
    return context


class Job:
    """One task, how far it is and what it has answered; ``status`` is waiting, running, done, failed or cancelled."""

    def __init__(self, page: str, query: str) -> None:
        """A job of what a page says."""
        self.page, self.query = page, query
        self.status, self.share, self.doing, self.message = "waiting", 0.0, "", ""
        self.parts: dict[str, Any] = {}
        self.version = 0
        self.process: multiprocessing.process.BaseProcess | None = None

    @property
    def active(self) -> bool:
        """Whether anything is still to come."""
        return self.status in ACTIVE


def key_of(page: str, query: str) -> str:
    """Name of the job of what a page says: the same for the same question, so that a reload meets its answer.

    >>> len(key_of("run", "cathode=pc-LCO"))
    24
    """
    return hashlib.sha256(f"{page}?{query}".encode()).hexdigest()[:24]


class Jobs:
    """All jobs of a server.  Threads may call all of it."""

    def __init__(self) -> None:
        """No job yet."""
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._turn = threading.Semaphore(AT_ONCE)

    def get(self, key: object) -> Job | None:
        """The job of this name, if there is one."""
        with self._lock:
            return self._jobs.get(key) if isinstance(key, str) else None

    def start(self, page: str, query: str, task: Task) -> str:
        """Start a job unless its answer is there or on its way; returns its name.

        Raises SinterfaceError when too many wait.
        """
        key = key_of(page, query)
        with self._lock:
            old = self._jobs.get(key)
            if old is not None and (old.active or old.status == "done"):
                self._jobs.move_to_end(key)
                return key
            if sum(job.active for job in self._jobs.values()) >= MOST_WAITING:
                raise SinterfaceError(f"{MOST_WAITING} calculations are under way or wait: cancel one, or try later")
            job = self._jobs[key] = Job(page, query)
            self._jobs.move_to_end(key)
            for name in [name for name, each in self._jobs.items() if not each.active][: -KEPT or None]:
                del self._jobs[name]
        threading.Thread(target=self._follow, args=(job, task), daemon=True).start()
        return key

    def cancel(self, key: object) -> None:
        """End a job that waits or runs, with all processes that it has started."""
        job = self.get(key)
        if job is not None and job.active:
            job.status = "cancelled"
            _end(job.process)

    def close(self) -> None:
        """End all jobs."""
        with self._lock:
            names = list(self._jobs)
        for name in names:
            self.cancel(name)

    def _follow(self, job: Job, task: Task) -> None:
        """Wait for a turn, run the task in a process and take in what it sends."""
        with self._turn:
            if job.status == "cancelled":
                return
            context = ready_processes()
            ours, theirs = context.Pipe(duplex=False)
            quiet_tracker()
            job.process = context.Process(target=_work, args=(theirs, task))
            job.process.start()
            theirs.close()
            if job.status == "cancelled":  # while it was being started
                _end(job.process)
            else:
                job.status = "running"
            try:
                self._listen(job, ours)
            except (EOFError, OSError):  # it ended without its last word
                job.message = job.message or CRASHED
            except Exception as error:  # what it sent can not be read: never leave a page waiting for it
                job.message = f"{FAULT}: {type(error).__name__}: {error}"
            if job.status == "running":
                job.status = "failed" if job.message else "done"
                job.share = 1.0
            job.process.join(GRACE)
            _end(job.process)  # an answer that is there does not wait for a process that can not find its end

    def _listen(self, job: Job, ours: Connection) -> None:
        """Take in what a process sends until it says that this was all."""
        while True:
            kind, content = ours.recv()
            if kind == "progress":
                job.share, job.doing = content
            elif kind == "part":
                job.parts[content[0]] = content[1]
                job.version += 1
            elif kind == "error":
                job.message = content
            else:
                return


def _end(process: multiprocessing.process.BaseProcess | None) -> None:
    if process is None or process.pid is None:
        return
    process.terminate()
    process.join(GRACE)
    if process.is_alive():
        process.kill()
        process.join(GRACE)


def _work(connection: Connection, task: Task) -> None:
    """What the process does: send progress and parts, or what a user can do about an error."""
    keep_out("dask")  # where no loaded process is copied
    end_with_parent()
    try:
        for part in task.parts(lambda share, doing: connection.send(("progress", (share, doing)))):
            connection.send(("part", part))
    except SinterfaceError as error:
        connection.send(("error", str(error)))
    except MemoryError:
        connection.send(("error", "out of memory: ask for fewer temperatures, samples or finite volumes"))
    except Exception as error:  # a fault of the program: the page says so, the terminal shows where
        connection.send(("error", f"{FAULT}: {type(error).__name__}: {error}"))
        raise
    finally:
        connection.send(("end", ""))
        connection.close()
