"""Inside the process of one test: run a Python checker on many cases, one after the other.

On standard output the process tells what the checker has said of each: a line with the sizes of the
texts, "-" for a case that stays open, then the texts. Open is a case in which the checker did not
end by itself with exit code 0, one that left another standard stream behind, all after that, and
all that nobody got to. The host has those run one by one.

Only checkers come here that change nothing which the next case sees (`host/plain_checkers.py`),
beside what is restored here.
"""

from __future__ import annotations

import builtins
import gc
import marshal
import os
import sys
import time

from .child import execute

VERDICT_BYTES = 1 << 10
"""A checker that prints more tells more than a verdict."""
REAL = 200
"""Descriptor of the process's standard output; a checker has a file in memory."""
LONGEST_S = 1.0
"""After this time no other case is begun."""


def run(code, finalizers):
    """Run a checker's code on the cases of standard input, marshalled lists of files; then exit.

    With `finalizers` what it prints when its globals are freed counts, as in `child.run_script`.
    """
    cases = marshal.loads(os.pread(0, os.fstat(0).st_size, 0))
    os.lseek(0, 0, os.SEEK_END)
    os.dup2(1, REAL, inheritable=False)
    os.dup2(own := os.memfd_create("stdout"), 1)
    os.close(own)  # so the files get the numbers that they have alone
    said: list[bytes | None] = [None] * len(cases)
    levels, stdout, begun = sys.getrecursionlimit(), sys.stdout, time.monotonic()
    for number, contents in enumerate(cases):
        files = [_file(content) for content in contents]
        sys.argv = ["checker.py", *(f"/proc/self/fd/{file}" for file in files)]
        _restore(levels)
        namespace = _fresh_main(code)
        status = execute(exec, code, namespace)  # here, as deep in the stack as alone
        if finalizers:
            namespace.clear()
        if sys.stdout is not stdout or stdout.closed:
            break
        stdout.flush()
        text = os.pread(1, VERDICT_BYTES + 1, 0)
        if status == 0 and len(text) <= VERDICT_BYTES:
            said[number] = text
        namespace.clear()
        gc.collect()  # no case pays for the memory and the open files of those before
        for file in files:
            os.close(file)
        if stdout.closed or sys.stderr.closed or time.monotonic() - begun > LONGEST_S:
            break
        stdout.flush()
        os.ftruncate(1, 0)
        os.lseek(1, 0, os.SEEK_SET)
    sizes = " ".join("-" if text is None else str(len(text)) for text in said)
    left = b"".join([sizes.encode(), b"\n", *filter(None, said)])
    while left:
        left = left[os.write(REAL, left) :]
    os._exit(0)


def _file(content):
    """A file in memory."""
    file = os.memfd_create("file")
    os.write(file, content)
    return file


def _restore(levels):
    """Undo what a plain checker may have changed."""
    sys.setrecursionlimit(levels)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(4300)  # as in host/checker_files.py
    if (decimal := sys.modules.get("decimal")) is not None:
        decimal.setcontext(decimal.DefaultContext)
    if sys.stdin.closed:  # as after `exit()`
        sys.stdin = sys.__stdin__ = open(
            0, encoding="utf-8", errors="surrogateescape", closefd=False
        )


def _fresh_main(code):
    """The namespace of a new `__main__`."""
    module = type(sys)("__main__")
    module.__dict__.update(__file__=code.co_filename, __builtins__=builtins)
    sys.modules["__main__"] = module
    return module.__dict__
