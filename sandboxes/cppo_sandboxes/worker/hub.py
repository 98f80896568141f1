"""The first process of a worker: reads the host's frames, keeps the tests, hands programs to zygotes one at a time."""

from __future__ import annotations

import collections
import marshal
import os
import select
import shutil
import socket
import sys
import time
from _signal import SIGCHLD, SIGKILL, SIGSEGV, SIGXCPU, set_wakeup_fd, signal

from . import frames, zygote
from .fence import Fence

SLOW_S = 0.06
"""A program that runs longer than this gets the queue behind it returned to the host, for other workers."""
COMPILER_CRASHES = (SIGSEGV, SIGXCPU)
PR_SET_CHILD_SUBREAPER = 36


class Hub:
    """One worker; see `cppo_sandboxes.worker`."""

    def __init__(self, options):
        self._options = options
        for name in ("store", "sources"):
            os.makedirs(options[name], exist_ok=True)
        os.chmod(options["store"], 0o700)
        os.chmod(options["sources"], 0o755)
        uid = choose_uid(options["uid"]) if options["uid"] else 0
        if uid:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
        if os.getpid() != 1:
            _become_subreaper()
        _make_work_folder(options["scratch"][0], uid)
        self._fence = Fence(uid, os.getpid(), options["scratch"], options["shared"])
        self._zygotes = {}  # tier -> (pid, socket)
        self._readers = {}  # tier -> frames.Reader
        self._queue = collections.deque()
        self._running = None  # (job, tier) of the program that a zygote works on
        self._started_at = 0.0
        self._replied = True
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)
        wake, self._wake_write = os.pipe()
        for fd in (wake, self._wake_write):
            os.set_blocking(fd, False)
        self._wake = wake
        self._poll.register(wake, select.POLLIN)
        set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal(SIGCHLD, lambda *_: None)
        self._zygote(0)
        version = ".".join(map(str, sys.version_info[:3]))
        self._write(frames.frame(frames.READY, f"python {version}, uid {uid or os.geteuid()}".encode()))
        self._zygote(1)

    def serve(self):
        """Work until the host closes the stream."""
        reader = frames.Reader()
        while True:
            for fd, _ in self._poll.poll(SLOW_S * 500 if self._queue else None):
                if fd == 0:
                    data = os.read(0, 1 << 18)
                    if not data:
                        return
                    for kind, payload in reader.feed(data):
                        self._take(kind, payload)
                elif fd == self._wake:
                    os.read(self._wake, 4096)
                    self._reap()
                else:
                    self._relay(fd)
            if self._queue and self._running and time.monotonic() - self._started_at > SLOW_S:
                self._write(b"".join(frames.frame(frames.RETURNED, frames.JOB.pack(job)) for job, _, _ in self._queue))
                self._queue.clear()

    def close(self):
        """Kill whatever is left."""
        for pid, _ in self._zygotes.values():
            try:
                os.killpg(pid, SIGKILL)
            except ProcessLookupError:
                pass
        signal(SIGCHLD, lambda *_: None)
        for pid, _ in self._zygotes.values():
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                pass
        self._fence.restore()
        if self._options["remove"]:
            shutil.rmtree(self._options["remove"], ignore_errors=True)

    # ---- frames of the host ----

    def _take(self, kind, payload):
        if kind == frames.PUT:
            self._put(payload)
        elif kind == frames.DROP:
            self._drop(*frames.RANGE.unpack(payload))
        elif kind == frames.RUN:
            task = marshal.loads(payload)
            self._queue.append((task["job"], task["tier"], payload))
            self._start_next()
        elif kind in (frames.TESTS, frames.CANCEL):
            job = frames.JOB.unpack_from(payload)[0]
            if self._running and self._running[0] == job:
                self._zygotes[self._running[1]][1].sendall(frames.frame(kind, payload))
            elif kind == frames.CANCEL:
                self._drop_queued(job)
            else:
                self._update_queued(job, payload)

    def _put(self, payload):
        key, index = frames.KEY.unpack_from(payload)
        path = os.path.join(self._options["store"], f"{key}-{index}")
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o444)
            try:
                view = memoryview(payload)[frames.KEY.size :]
                while view:
                    view = view[os.write(fd, view) :]
            finally:
                os.close(fd)
        except OSError:
            _remove(path)  # the store is full: the test will be reported as a fault of ours

    def _drop(self, key, start, stop):
        for index in range(start, stop):
            _remove(os.path.join(self._options["store"], f"{key}-{index}"))

    def _drop_queued(self, job):
        for entry in self._queue:
            if entry[0] == job:
                self._queue.remove(entry)
                self._write(_done(job, frames.DONE_CANCELLED))
                return

    def _update_queued(self, job, payload):
        _, stop, final = frames.WINDOW.unpack(payload)
        for position, (queued, tier, raw) in enumerate(self._queue):
            if queued == job:
                task = dict(marshal.loads(raw), stop=stop, final=bool(final))
                self._queue[position] = (job, tier, marshal.dumps(task, frames.MARSHAL_VERSION))
                return

    # ---- zygotes ----

    def _zygote(self, tier):
        """The zygote of a tier, started when it is first wanted."""
        if tier not in self._zygotes:
            ours, theirs = socket.socketpair()
            pid = os.fork()
            if pid == 0:
                try:
                    ours.close()
                    for _, other in self._zygotes.values():
                        other.close()
                    for fd in (self._wake, self._wake_write):
                        os.close(fd)
                    zygote.serve(theirs, self._options, self._options["tiers"][tier], self._fence)
                finally:
                    os._exit(1)
            theirs.close()
            self._zygotes[tier] = (pid, ours)
            self._poll.register(ours.fileno(), select.POLLIN)
        return self._zygotes[tier][1]

    def _start_next(self):
        if self._running is None and self._queue:
            job, tier, payload = self._queue.popleft()
            channel = self._zygote(tier)
            self._running = (job, tier)
            self._replied = False
            self._started_at = time.monotonic()
            channel.sendall(frames.frame(frames.RUN, payload))

    def _relay(self, fd):
        """Pass on what the running program says; whole frames only, so that a crash never breaks the stream."""
        tier, (_, channel) = next(item for item in self._zygotes.items() if item[1][1].fileno() == fd)
        reader = self._readers.setdefault(tier, frames.Reader())
        try:
            data = channel.recv(1 << 18)
        except ConnectionError:
            data = b""
        if not data:
            self._lost(tier)
            return
        outgoing = []
        for kind, payload in reader.feed(data):
            if kind == frames.FREE:
                outgoing.append(self._ended(frames.JOB.unpack(payload)[0]))
                self._start_next()
            else:
                self._replied |= kind == frames.DONE
                outgoing.append(frames.frame(kind, payload))
        self._write(b"".join(outgoing))

    def _ended(self, status):
        """The running program's process has ended; returns the DONE that it could not send."""
        job, self._running = self._running[0], None
        if self._replied:
            return b""
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in COMPILER_CRASHES:
            return _done(job, frames.DONE_COMPILE_ERROR, "the compiler crashed on the program")
        return _done(job, frames.DONE_CRASHED, f"the program's supervisor ended with status {status}")

    def _lost(self, tier):
        """A zygote has died."""
        pid, channel = self._zygotes.pop(tier)
        self._poll.unregister(channel.fileno())
        channel.close()
        self._readers.pop(tier, None)
        try:
            os.killpg(pid, SIGKILL)
        except ProcessLookupError:
            pass
        if self._running and self._running[1] == tier:
            self._fence.restore()
            self._write(self._ended(SIGKILL))
            self._start_next()

    def _reap(self):
        """Wait for whoever has ended: orphans of programs and dead zygotes."""
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass

    @staticmethod
    def _write(data):
        view = memoryview(data)
        while view:
            view = view[os.write(1, view) :]


def _done(job, how, text=""):
    return frames.frame(frames.DONE, frames.JOB.pack(job), bytes((how,)), text.encode())


def _remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def choose_uid(wanted):
    """The uid for programs: the wanted one, or another that this user namespace has; 0 if users cannot be changed."""
    with open("/proc/self/uid_map") as file:
        ranges = [tuple(map(int, line.split())) for line in file]
    if not any(first <= wanted and wanted + 1 < first + count for first, _, count in ranges):
        first, _, count = max(ranges, key=lambda entry: entry[2])
        if count < 1000:
            return 0
        wanted = first + 500 + wanted % (count - 502)
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(wanted, wanted, wanted)
            os.setresuid(wanted, wanted, wanted)
        except OSError:
            os._exit(1)
        os._exit(0)
    return wanted if os.waitpid(pid, 0)[1] == 0 else 0


def _make_work_folder(path, uid):
    """The folder in which programs run belongs to their user, the one above it to the supervisor."""
    parent = os.path.dirname(path)
    os.chmod(parent, 0o777)
    pid = os.fork()
    if pid == 0:
        try:
            if uid:
                os.setresuid(uid, uid, uid)
            os.mkdir(path, 0o755)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    os.chmod(parent, 0o755)


def _become_subreaper():
    """Adopt orphans: in a container the first process does so anyway."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def main(options):
    """Run a worker on standard input and output."""
    if options["confine"]:
        from .confine import confine

        confine()
    hub = Hub(options)
    try:
        hub.serve()
    finally:
        hub.close()
