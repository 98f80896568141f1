"""Programs ready to run: Python compiled to a code object, or a compiler's binary."""

from __future__ import annotations

import builtins
import os
import resource
import sys
import time
from _signal import SIGKILL  # pyright: ignore[reportMissingImports] - C modules have no stubs

from . import child, frames, together

COMPILE_CPU_S = 20
COMPILE_WALL_S = 60.0
COMPILE_BYTES = 2 << 30


_OPENERS = frozenset({"open", "fdopen", "TextIOWrapper", "BufferedWriter"})
_WRITE_MODES = frozenset(
    {
        "w",
        "a",
        "x",
        "r+",
        "w+",
        "a+",
        "x+",
        "wb",
        "ab",
        "xb",
        "rb+",
        "wb+",
        "r+b",
        "w+b",
        "wt",
        "at",
    }
)


class CompileError(Exception):
    """The program does not compile; the message is for people."""


class Unable(Exception):
    """No worker like this one can judge the program; the message is for people."""


def _save(place, task):
    """Write the source where the program may read it; returns its path."""
    path = os.path.join(place.sources, task["file_name"])
    with open(path, "wb") as file:
        file.write(task["source"])
    return path


class Script:
    """A Python program: compiled here once, run by every forked process."""

    def __init__(self, place, task):
        path = _save(place, task)
        code = self._compile(task["source"], path)
        self._entry, self._together = task["entry"], task["together"]
        sys.argv = [path]
        sys.path.insert(0, place.sources)
        name = "__main__" if self._entry is None else "solution"
        module = type(sys)(name)
        namespace = module.__dict__
        if self._entry is not None:
            namespace.update(place.calls.PRELUDE)
            self._call = place.calls.Call(self._entry, task["call"], namespace)
        namespace.update(__file__=path, __builtins__=builtins)
        sys.modules[name] = module
        self._code, self._namespace = code, namespace
        self._finalizers = _writes_when_freed(code)

    @staticmethod
    def _compile(source, path):
        # A crash of the compiler ends this process, which the hub reports as a compile error.
        cpu, data = (
            resource.getrlimit(resource.RLIMIT_CPU),
            resource.getrlimit(resource.RLIMIT_DATA),
        )
        used_s = int(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (used_s + COMPILE_CPU_S, cpu[1]))
        resource.setrlimit(resource.RLIMIT_DATA, (COMPILE_BYTES, data[1]))
        stderr, sys.stderr = sys.stderr, None
        try:
            return compile(source, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise CompileError(
                f"{type(error).__name__}: {error.msg} (line {error.lineno})"
            ) from None
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            raise CompileError(f"{type(error).__name__}: {error}") from None
        finally:
            sys.stderr = stderr
            resource.setrlimit(resource.RLIMIT_CPU, cpu)
            resource.setrlimit(resource.RLIMIT_DATA, data)

    def action(self):
        """The function, with its arguments, that runs it in a test's process; never returns."""
        if self._together:
            return together.run, (self._code, self._finalizers)
        if self._entry is None:
            return child.run_script, (self._code, self._namespace, self._finalizers)
        return child.run_call, (self._code, self._namespace, self._call)


class Binary:
    """A program in a compiled language: compiled by the program's user, stored read-only."""

    def __init__(self, place, task):
        place.fence.learn_trusted()
        if not _is_installed(task["compiler"]):
            raise Unable(frames.NO_COMPILER % task["compiler"])
        source = _save(place, task)
        built = os.path.join(place.scratch, "program")
        errors = os.path.join(place.scratch, "compile-errors")
        names = {"source": source, "binary": built}
        status = self._build(place, [word.format(**names) for word in task["compile"]], errors)
        if status != 0 or not os.path.exists(built):
            raise CompileError(_head(errors) or f"the compiler ended with status {status}")
        self._path = os.path.join(place.sources, "program")
        with open(built, "rb") as source_file, open(self._path, "wb") as file:
            while piece := source_file.read(1 << 20):
                file.write(piece)
        os.chmod(self._path, 0o755)
        place.fence.restore()
        os.chdir(place.scratch)  # it may have been made anew
        names = {"binary": self._path, "memory_mib": task["memory_bytes"] >> 20}
        self._command = [word.format(**names) for word in task["run"]]

    @staticmethod
    def _build(place, command, errors):
        pid = os.fork()
        if pid == 0:
            try:
                os.chdir(place.scratch)
                if place.fence.uid:
                    os.setresuid(place.fence.uid, place.fence.uid, place.fence.uid)
                else:
                    os.setsid()
                    place.leave_worker()
                os.dup2(os.open("/dev/null", os.O_RDONLY), 0)  # else the input of a test
                fd = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
                os.dup2(fd, 1)
                os.dup2(fd, 2)
                os.closerange(3, 256)
                resource.setrlimit(resource.RLIMIT_CPU, (COMPILE_CPU_S, COMPILE_CPU_S))
                resource.setrlimit(resource.RLIMIT_DATA, (COMPILE_BYTES, COMPILE_BYTES))
                resource.setrlimit(resource.RLIMIT_FSIZE, (place.file_bytes, place.file_bytes))
                os.execvp(command[0], command)
            finally:
                os._exit(127)
        deadline = time.monotonic() + COMPILE_WALL_S
        while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if time.monotonic() > deadline:
                os.kill(pid, SIGKILL)
                break
            time.sleep(0.005)
        return os.waitpid(pid, 0)[1]

    def action(self):
        """The function, with its arguments, that turns a test's process into the program."""
        return _execute, (self._command,)


def _execute(command):
    _, stack = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))
    os.execv(command[0], command)


def _writes_when_freed(code):
    """Whether a code object, or a nested one, may define a finaliser or open a file to write."""
    if code.co_name == "__del__":
        return True
    inner = [value for value in code.co_consts if hasattr(value, "co_consts")]
    modes = _WRITE_MODES.intersection(value for value in code.co_consts if isinstance(value, str))
    return bool(modes and _OPENERS.intersection(code.co_names)) or any(
        map(_writes_when_freed, inner)
    )


def _is_installed(command):
    return any(
        os.access(os.path.join(folder, command), os.X_OK)
        for folder in os.environ["PATH"].split(":")
    )


def _head(path):
    try:
        with open(path, "rb") as file:
            return file.read(2000).decode("utf-8", "replace").strip()
    except OSError:
        return ""
