"""Runs the commands that pages show and puts what they print below them: ``python docs/commands.py docs/start.md``.

In a ``console`` block each line after ``$`` is a command of ``sinterface``; what follows is its output.  A ``python``
block followed by a ``text`` block is a program and what it prints.  Nothing else of a page is touched.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = (sys.executable, "-m", "sinterface.validation.cli")
BLOCKS = re.compile(
    r"(?P<head>^```console\n)(?P<lines>(?:(?!```).)*)```$"
    r"|^```python\n(?P<code>(?:(?!```).)*)```\n\n```text\n(?:(?!```).)*```$",
    re.DOTALL | re.MULTILINE,
)


def printed(folder: Path, *arguments: str) -> str:
    """What a process prints to standard output, 90 columns wide.  Raises CalledProcessError when it fails."""
    settings = {**os.environ, "COLUMNS": "90", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(arguments, cwd=folder, env=settings, stdout=subprocess.PIPE, encoding="utf-8", check=True)  # noqa: S603
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def refreshed(page: str, folder: Path) -> str:
    """The page with what its commands print today; they run in ``folder``."""

    def block(match: re.Match[str]) -> str:
        if code := match["code"]:
            return f"```python\n{code}```\n\n```text\n{printed(folder, sys.executable, '-c', code)}```"
        commands = [line for line in match["lines"].splitlines() if line.startswith("$ sinterface ")]
        told = (f"{line}\n{printed(folder, *PROGRAM, *shlex.split(line)[2:])}" for line in commands)
        return f"{match['head']}{''.join(told)}```"

    return BLOCKS.sub(block, page)


def main(names: list[str]) -> None:
    """Refresh pages in place; the commands run in a folder of their own that holds ``examples``."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "examples", Path(folder) / "examples")
            text = refreshed(Path(name).read_text(encoding="utf-8"), Path(folder))
        Path(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
