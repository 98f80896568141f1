"""Inside the process of one test: run the program as the interpreter would run a script, then exit.

Everything here shares an interpreter with hostile code, so nothing here decides anything.
"""

from __future__ import annotations

import os
import sys

CHANNEL = 3
"""The descriptor on which the answer of a call leaves the process."""


def run_script(code, namespace, finalizers):
    """Execute a script and exit as `python script.py` would: code, traceback, threads, atexit.

    With `finalizers` the script's globals are deleted at the end, because some may print when
    freed.
    """
    status = _end(execute(exec, code, namespace))
    try:
        if finalizers:
            namespace.clear()
            status = _flush(status)
    except BaseException:
        pass  # the program has reached into this frame
    os._exit(status)


def run_call(code, namespace, call):
    """Execute a module, call its entry point, and send the returned value as JSON."""

    def main():
        exec(code, namespace)
        view = memoryview(call(namespace).encode("utf-8", "surrogatepass"))
        while view:
            view = view[os.write(CHANNEL, view) :]

    os._exit(_end(execute(main)))


def execute(action, *arguments):
    """Run `action` like a script; returns the exit code for its outcome."""
    try:
        action(*arguments)
    except SystemExit as error:
        return _exit_code(error.code)
    except BaseException as error:
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_frame.f_globals is globals():
            traceback = traceback.tb_next
        try:
            sys.excepthook(type(error), error.with_traceback(traceback), traceback)
        except BaseException:
            pass
        return 1
    return 0


def _exit_code(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    try:
        print(code, file=sys.stderr)
    except BaseException:
        pass
    return 1


def _end(status):
    """What the interpreter does before it exits, except freeing memory: the kernel is faster."""
    sys.settrace(None)
    sys.setprofile(None)
    try:
        threading = sys.modules.get("threading")
        if threading is not None:
            threading._shutdown()
        atexit = sys.modules.get("atexit")
        if atexit is not None:
            atexit._run_exitfuncs()
    except BaseException:
        pass
    return _flush(status)


def _flush(status):
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
        except BaseException:
            status = status or 120
    return status
