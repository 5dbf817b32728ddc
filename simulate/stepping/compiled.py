"""How kernels of the march are compiled: once for a user, kept on disk, without wrappers that nobody calls.

A kernel that only other kernels call is ``inner``: without the code that takes its arguments apart for Python, which
for tuples of many arrays costs as much to compile as the kernel itself.  Called from Python it ends the process.  A
flag or a number that is passed as a constant has a type of its own in numba, so that a kernel is compiled for each of
them: pass what is computed.
"""

from __future__ import annotations

from functools import partial

import numba as nb

kernel = partial(nb.njit, cache=True, error_model="numpy", no_cfunc_wrapper=True)
"""Compiles what Python calls as well."""

inner = partial(kernel, no_cpython_wrapper=True)
"""Compiles what other kernels alone call."""
