"""Code run in a process of its own that may use 1 GB of memory and 5 s of processor time."""

import subprocess
import sys

MEMORY, SECONDS = 1_000_000_000, 5

HEAD = """
import resource, sys
from pathlib import Path
{imports}
used = resource.getrusage(resource.RUSAGE_SELF)
spent = int(used.ru_utime + used.ru_stime)
held = int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmData"))) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (held + {memory}, held + {memory}))
resource.setrlimit(resource.RLIMIT_CPU, (spent + {seconds} + 1, spent + {seconds} + 1))
"""


def limited(imports, code, *arguments, memory=MEMORY, seconds=SECONDS):
    """The finished process; the limits begin when ``imports`` are done: libraries alone set aside up to 1.5 GB."""
    head = HEAD.format(imports=imports, memory=memory, seconds=seconds)
    command = [sys.executable, "-c", head + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


READER = """
from sinterface.models.basics.errors import SinterfaceError
try:
    {call}
except SinterfaceError as error:
    print(type(error).__name__, error)
else:
    print("read")
"""


def judged(imports, call, *arguments):
    """What a reader says of ``sys.argv[1:]`` within the limits: "read", or the name of the error and its line."""
    done = limited(imports, READER.format(call=call), *arguments)
    assert done.returncode == 0, done.stderr[-2000:]
    told = done.stdout.removesuffix("\n")
    assert "\n" not in told and told.isprintable() and len(told) < 1500, told
    return told
