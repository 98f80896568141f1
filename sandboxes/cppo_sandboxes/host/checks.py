"""Other people's checkers, called where they can harm nothing but their own job.

A checker function runs in a grader, a process with limits (see `grader`). Checkers that keep state
or that another process cannot be given run in a thread here (see `rules`).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from typing import Any

from cppo_env.errors import SandboxError
from cppo_env.types import TestCase
from cppo_sandboxes.host.grader import CPU_S, LOADED, CheckerReply
from cppo_sandboxes.host.patience import within
from cppo_sandboxes.host.rules import Rule, pickled

CHECKER_S = 30.0
"""How long a checker may take for one answer; after that its test is IE."""
START_S = 60.0
"""How long a grader may take to start, or to load a checker."""
_COMMAND = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "runpy.run_module('cppo_sandboxes.host.grader', run_name='__main__')"
)

IsRight = Callable[[], bool]
"""What a checker said: returns it, or raises what the checker raised."""


class CheckerFailed(SandboxError):
    """What a checker raised in a grader, or did to it."""


class GraderLost(CheckerFailed):
    """A grader is of no more use; another checker may be to blame."""


class Checks:
    """Threads that call checkers, each with a grader that it starts when it needs one.

    Args:
        most: how many answers to check at the same time.
    """

    def __init__(self, most: int) -> None:
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="cppo-sandbox-checks")
        self._own = threading.local()
        self._graders: set[_Grader] = set()
        self._lock = threading.Lock()
        self._closed = False

    def start(
        self, rule: Rule, test: TestCase, answer: bytes, done: Callable[[IsRight], object]
    ) -> None:
        """Check an answer; `done` gets the result, in another thread, unless this is closed."""
        checking = self._threads.submit(self._answer, rule, test, answer)
        checking.add_done_callback(lambda one: None if one.cancelled() else done(one.result))

    def close(self) -> None:
        """End the graders; the answers that they work on are not judged."""
        with self._lock:
            self._closed = True
            for grader in self._graders:
                grader.kill()
        self._threads.shutdown(cancel_futures=True)
        for grader in self._graders:
            grader.close()

    def _answer(self, rule: Rule, test: TestCase, answer: bytes) -> bool:
        if rule.pickled is not None:
            grader = self._grader()
            try:
                right = grader.check(rule, test, answer)
            except GraderLost:
                if not grader.served:
                    raise
                right = self._grader().check(rule, test, answer)
            if right is not None:
                return right
        got, checker = answer.decode("utf-8", "surrogateescape"), rule.function
        owner = getattr(checker, "__self__", checker)
        return within(CHECKER_S, owner, lambda: checker(rule.problem, test, got))

    def _grader(self) -> _Grader:
        """This thread's grader; a new one if the last has ended."""
        grader: _Grader | None = getattr(self._own, "grader", None)
        if grader is None or grader.ended:
            with self._lock:
                if self._closed:
                    raise CheckerFailed("the sandbox has been closed")
                if grader is not None:
                    self._graders.remove(grader)
                grader = self._own.grader = _Grader()
                self._graders.add(grader)
        return grader


class _Grader:
    """A grader's process."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        places: list[object] = list(sys.path)  # a Path is no place of imports
        path = [place for place in places if isinstance(place, str)]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _COMMAND, json.dumps(path), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._ready = False
        self._loaded: dict[bytes, bool] = {}
        """Whether it could load a checker, by the rule's key; mirrors what it has."""
        self.served = False
        """Whether it has answered before."""
        self.ended = False

    def check(self, rule: Rule, test: TestCase, answer: bytes) -> bool | None:
        """Whether the answer is right; None if the checker cannot be loaded in another process.

        Raises:
            CheckerFailed: the checker raised that, or did not answer in time.
            GraderLost: the process ended, or has no memory left.
        """
        if not self._ready:
            self._hear(START_S)
            self._ready = True
        if rule.key not in self._loaded:
            self._loaded[rule.key] = self._ask((rule.key, rule.pickled), START_S)[0] is not None
            if sum(self._loaded.values()) > LOADED:
                del self._loaded[next(key for key, here in self._loaded.items() if here)]
        if not self._loaded[rule.key]:
            return None
        right, reason = self._ask((rule.key, pickled(test), answer), CHECKER_S)
        if right is None:
            if reason.startswith("MemoryError"):
                self.close()
                raise GraderLost(reason)
            raise CheckerFailed(reason)
        self.served = True
        return right

    def _ask(self, message: tuple[Any, ...], seconds: float) -> CheckerReply:
        try:
            self._connection.send(message)
        except OSError:
            raise self._lost() from None
        return self._hear(seconds)

    def _hear(self, seconds: float) -> CheckerReply:
        try:
            if self._connection.poll(seconds):
                return self._connection.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        self.kill()
        self.close()
        raise CheckerFailed(f"no answer within {seconds:g} s")

    def _lost(self) -> GraderLost:
        code = self.close()
        if code == -signal.SIGXCPU:
            return GraderLost(f"it took more than {CPU_S} s of CPU time")
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return GraderLost(f"it ended the process that called it ({how})")

    def kill(self) -> None:
        """End it at once, and what its checkers have started."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> int:
        """Ensure that it ends; returns its exit code, or minus the signal."""
        self.ended = True
        with contextlib.suppress(OSError):
            self._connection.close()
        try:
            self._process.wait(1.0)  # it may be about to end
        except subprocess.TimeoutExpired:
            self.kill()
        return self._process.wait()
