"""Code run in processes of its own that may use 1 GB of memory and 5 s of processor time."""

import json
import subprocess
import sys

MEMORY, SECONDS = 1_000_000_000, 5

HEAD = """
import resource, sys
from pathlib import Path
{imports}

def limit(memory, seconds):
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    held = int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmData"))) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory, held + memory))
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds + 1, spent + seconds + 1))

"""


def limited(imports, code, *arguments, memory=MEMORY, seconds=SECONDS):
    """The finished process; the limits begin when ``imports`` are done: libraries alone set aside up to 1.5 GB.

    What it may take is bounded in processor time; the time of the clock only ends a process that hangs.
    """
    head = HEAD.format(imports=imports) + f"limit({memory}, {seconds})\n"
    command = [sys.executable, "-c", head + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


READER = """
import json, os, traceback
from sinterface.models.basics.errors import SinterfaceError

def judge(path):
    limit({memory}, {seconds})
    try:
        {call}
    except SinterfaceError as error:
        return f"{{type(error).__name__}} {{error}}"
    return "read"

for line in sys.stdin:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            told, status = judge(Path(line.removesuffix("\\n"))), 0
        except BaseException:
            told, status = traceback.format_exc(), 1
        with open(writing, "w") as stream:
            stream.write(told)
        os._exit(status)
    os.close(writing)
    with open(reading) as stream:
        told = stream.read()
    print(json.dumps([os.waitpid(child, 0)[1], told]), flush=True)
"""


class Judge:
    """What a reader says of files: "read", or the name of the error and its line.

    A process imports what is needed once, and forks for each file a child to which the limits apply.  ``call`` reads
    the file ``path``.
    """

    def __init__(self, imports, call):
        code = HEAD.format(imports=imports) + READER.format(call=call, memory=MEMORY, seconds=SECONDS)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, path):
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        status, told = json.loads(self.process.stdout.readline())
        assert status == 0, f"status {status}: {told[-2000:]}"
        assert "\n" not in told and told.isprintable() and len(told) < 1500, told
        return told

    def close(self):
        """End the process."""
        with self.process as process:
            process.kill()
