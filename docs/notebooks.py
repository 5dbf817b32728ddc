"""Runs the notebooks of examples/ anew and keeps what they show: ``python docs/notebooks.py``.

What they show is kept in the files, so that the site needs no run; tests/test_notebooks.py runs them as well.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
LONGEST = 900
"""Time [s] after which a cell is given up."""


def executed(path: Path) -> nbformat.NotebookNode:
    """A notebook with the outputs of a fresh run, without times and names of this machine.

    Raises nbclient.exceptions.CellExecutionError where a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(ROOT)}}
    NotebookClient(notebook, timeout=LONGEST, kernel_name="python3", resources=where).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def main() -> None:
    """Write all notebooks with their outputs."""
    for path in NOTEBOOKS:
        nbformat.write(executed(path), path)


if __name__ == "__main__":
    main()
