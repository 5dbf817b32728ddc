"""A Dask cluster of other processes whose workers or scheduler are killed: a line, then waiting or stopping."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from sinterface.models.basics.errors import SolveError
from sinterface.simulate.screening import dask_pool

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")
JOBS = 24


class Cluster:
    """A scheduler and a worker as processes; all are killed at the end."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.started, self.told, self.at = [], [], {}
        self.start()

    def start(self):
        self.scheduler = self._run("dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self.work()

    def work(self, nanny="--no-nanny"):
        self.worker = self._run(
            "dask_worker", self.address, "--nthreads", "1", nanny, "--no-dashboard", "--death-timeout", "60"
        )

    def _run(self, name, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.{name}", *arguments]
        self.started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return self.started[-1]

    def tell(self, line):
        self.told.append(line)
        self.at[line] = time.monotonic()

    def end(self):
        for process in self.started:
            process.kill()
            process.wait()


@pytest.fixture
def cluster():
    made = Cluster()
    yield made
    made.end()


def slow(number):
    import time

    time.sleep(0.1)
    return number * number


def work(cluster, lost, after=None):
    """Answers of all jobs; ``after`` is called when some have come."""
    answers = []
    jobs = iter([(number, number) for number in range(JOBS)])
    options = {"scheduler": cluster.address, "lost": lost, "tell": cluster.tell}
    for number, answer, reason in dask_pool.scattered(slow, jobs, **options):
        answers.append((number, answer, reason))
        if len(answers) == 4 and after is not None:
            after()
    return sorted(answers)


WHOLE = [(number, number * number, "") for number in range(JOBS)]


@pytest.mark.parametrize("which", ["worker", "scheduler"])
def test_what_is_lost_ends_the_work_in_a_line_when_that_is_wanted(cluster, capfd, which):
    killed = []

    def after():
        getattr(cluster, which).kill()
        killed.append(time.monotonic())

    with pytest.raises(SolveError, match=r"all workers of the cluster are gone|scheduler is lost") as caught:
        work(cluster, "stop", after)
    assert time.monotonic() - killed[0] < 10.0
    assert str(caught.value).endswith("what was reported is kept, go on with --resume")
    assert capfd.readouterr().err == "", "no traceback of Dask's"


@pytest.mark.slow
@pytest.mark.parametrize("which", ["worker", "scheduler"])
def test_what_is_lost_is_told_and_waited_for(cluster, capfd, monkeypatch, which):
    """It comes back seconds after the line that says it is gone; then nothing is missing and nothing came twice."""
    killed = []

    def after():
        getattr(cluster, which).kill()
        killed.append(time.monotonic())

    first = cluster.tell

    def tell(line):
        first(line)
        if len(cluster.told) == 1:
            (cluster.work if which == "worker" else cluster.start)()

    monkeypatch.setattr(cluster, "tell", tell)
    assert work(cluster, "wait", after) == WHOLE
    assert cluster.at[cluster.told[0]] - killed[0] < 10.0
    gone, back = cluster.told
    assert "all workers" in gone if which == "worker" else "does not answer" in gone
    assert "going on" in back
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_a_scheduler_that_hangs_is_lost_within_ten_seconds(cluster):
    killed = []

    def after():
        cluster.scheduler.send_signal(signal.SIGSTOP)
        killed.append(time.monotonic())

    with pytest.raises(SolveError, match="scheduler is lost"):
        work(cluster, "stop", after)
    assert time.monotonic() - killed[0] < 15.0  # closing takes its time too


def test_an_undisturbed_cluster_says_nothing(cluster, capfd):
    assert work(cluster, "wait") == WHOLE
    assert cluster.told == [] and capfd.readouterr().err == ""


def deadly(number):
    """Kills its worker over one number, once its neighbour waits there too."""
    if number == 2:
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


@pytest.mark.slow
def test_the_neighbour_of_a_job_that_kills_workers_gets_its_answer(cluster):
    """Dask gives up both, as it can not tell which of those that a worker had was the cause."""
    cluster.worker.kill()
    cluster.work("--nanny")
    options = {"scheduler": cluster.address, "lost": "wait", "tell": cluster.tell}
    answers = sorted(dask_pool.scattered(deadly, iter([(number, number) for number in range(6)]), **options))
    assert [number for number, _, reason in answers if reason] == [2]
    assert "died several times over this candidate" in answers[2][2]
    assert [answer for _, answer, _ in answers] == [0, 1, None, 9, 16, 25]
