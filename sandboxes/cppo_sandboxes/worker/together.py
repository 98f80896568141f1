"""Inside the process of one test: run a Python checker on many cases, one after the other.

On standard output the process tells what the checker has said of each: a line with the sizes of the
texts, "-" for a case that stays open, then the texts. Open is a case in which the checker did not
end by itself with exit code 0, one that left a thread, a process or another stream behind, all
after that, and all that nobody got to. The host has those run one by one.
"""

from __future__ import annotations

import builtins
import marshal
import os
import sys
import time
from _thread import _count as threads  # pyright: ignore[reportMissingImports] - C modules have no stubs

from .child import execute

VERDICT_BYTES = 1 << 10
"""A checker that prints more tells more than a verdict."""
LONGEST_S = 1.0
"""After this time no other case is begun."""


def run(code):
    """Run a checker's code on the cases of standard input, marshalled lists of files; then exit."""
    cases = marshal.loads(os.pread(0, os.fstat(0).st_size, 0))
    os.lseek(0, 0, os.SEEK_END)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(4300)  # as in host/checker_files.py
    real, own = os.dup(1), os.memfd_create("stdout")
    os.dup2(own, 1)
    said: list[bytes | None] = [None] * len(cases)
    process, folder, stdout, begun = os.getpid(), os.getcwd(), sys.stdout, time.monotonic()
    for number, contents in enumerate(cases):
        files = [_file(content) for content in contents]
        sys.argv = ["checker.py", *(f"/proc/self/fd/{file}" for file in files)]
        well = _ends_well(code)
        if os.getpid() != process:
            os._exit(0)  # the checker has copied us
        if _has_children() or threads() or sys.stdout is not stdout or stdout.closed:
            break
        stdout.flush()
        text = os.pread(own, VERDICT_BYTES + 1, 0)
        if well and len(text) <= VERDICT_BYTES:
            said[number] = text
        os.ftruncate(own, 0)
        os.lseek(own, 0, os.SEEK_SET)
        os.chdir(folder)
        for file in files:
            os.close(file)
        if time.monotonic() - begun > LONGEST_S:
            break
    sizes = " ".join("-" if text is None else str(len(text)) for text in said)
    left = b"".join([sizes.encode(), b"\n", *filter(None, said)])
    while left:
        left = left[os.write(real, left) :]
    os._exit(0)


def _file(content):
    """A file in memory."""
    file = os.memfd_create("file")
    os.write(file, content)
    return file


def _ends_well(code):
    """Run the checker as a script; whether its exit code is 0."""
    module = type(sys)("__main__")
    module.__dict__.update(__file__=sys.argv[0], __builtins__=builtins)
    sys.modules["__main__"] = module
    status = execute(exec, code, module.__dict__)
    if (atexit := sys.modules.get("atexit")) is not None:
        atexit._run_exitfuncs()
    module.__dict__.clear()  # which closes its files
    return status == 0


def _has_children():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True
