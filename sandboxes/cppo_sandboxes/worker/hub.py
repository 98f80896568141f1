"""The worker's first process: reads frames, stores tests, hands programs to zygotes one by one."""

from __future__ import annotations

import marshal
import os
import select
import sys
import time
from _collections import deque  # pyright: ignore[reportMissingImports] - C modules have no stubs
from _signal import SIGCHLD, SIGKILL, set_wakeup_fd, signal  # pyright: ignore[reportMissingImports] - C modules have no stubs
from _socket import socketpair

from . import bundle, frames, group
from .fence import Fence
from .ground import become_subreaper, choose_uid, end_with_parent, hide_memory, make_work_folder
from .network import Network
from .store import Store
from .supervision import State, Supervision
from .usage import Baseline

SLOW_S = 0.06
"""If a program runs longer, the queue behind it goes back to the host for other workers."""
RESULTS = 16
"""Results sent together, sooner if the oldest waits longer than FLUSH_S: each message costs."""
FLUSH_S = 0.02
HEARTBEAT_S = 5.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
ZYGOTE_MODULES = tuple(
    f"cppo_worker{name}"
    for name in (
        "",
        ".frames",
        ".fence",
        ".folders",
        ".ground",
        ".landlock",
        ".child",
        ".code",
        ".together",
        ".calls",
        ".program",
        ".zygote",
    )
)


class Zygote:
    """What the hub knows of a zygote."""

    def __init__(self, pid, channel):
        self.pid, self.channel = pid, channel
        self.reader = frames.Reader()
        self.base_bytes = 0
        """Memory that a program has before it runs; 0 until the zygote is warm."""


class Hub:
    """One worker; see `cppo_sandboxes.worker`."""

    def __init__(self, options, modules, own_network, known_group):
        self._options = options
        self._network = Network(own_network)
        self._retired = False
        self.store = Store(options["store"])
        uid = choose_uid(options["uid"]) if options["uid"] else 0
        if uid:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
        # Its group is the program's, so that neighbours cannot read what runs here.
        os.makedirs(options["sources"], exist_ok=True)
        os.chmod(options["sources"], 0o750 if uid else 0o755)
        if os.getpid() != 1:
            become_subreaper()
        elif options["confine"] == "all":
            end_with_parent()
        if not uid:
            hide_memory()
        make_work_folder(options["scratch"][0], uid)
        self.fence = Fence(uid, os.getpid(), options["scratch"], options["shared"])
        self._modules: dict[str, str | bytes] = {
            name: _compiled(name, modules[name]) for name in ZYGOTE_MODULES
        }
        self.memory_bytes = options["memory_bytes"]
        self.group = known_group
        self.baseline = Baseline(self.group, self._own_bytes)
        self._resident = os.open("/proc/self/statm", os.O_RDONLY)
        self._children = os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY)
        self.alone_in_group = known_group is not None and known_group.holds_hub
        """Whether what happens in the group can come from this worker only."""
        self._oom_kills = self._counted_kills()
        self._zygotes = {}  # tier -> Zygote
        self._queue = deque()  # (task, its marshalled form)
        self._program = None  # the program that a zygote works on
        self._outgoing = []
        self._results, self._patience = 0, 1
        self._flushed_at = 0.0
        self._ending = False
        self.poll = select.poll()
        self.poll.register(0, select.POLLIN)
        wake, self._wake_write = os.pipe()
        for fd in (wake, self._wake_write):
            os.set_blocking(fd, False)
        self._wake = wake
        self.poll.register(wake, select.POLLIN)
        set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal(SIGCHLD, lambda *_: None)
        for tier in range(2):  # the last tier's imports cost much, and few programs want them
            self._zygote(tier)
        version = ".".join(map(str, sys.version_info[:3]))
        self.send(
            frames.frame(frames.READY, f"python {version}, uid {uid or os.geteuid()}".encode())
        )
        self.flush()

    def serve(self):
        """Work until the host closes the stream."""
        reader = frames.Reader()
        while True:
            for fd, _ in self.poll.poll(self._timeout_ms()):
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
                    for tier, known in list(self._zygotes.items()):
                        if known.channel.fileno() == fd:
                            self._hear(tier, known)
            if self._program is not None:
                self._program.tick()
            if (
                self._queue
                and self._program is not None
                and time.monotonic() - self._program.started_at > SLOW_S
            ):
                self._return_queue()
            if self._program is not None and time.monotonic() - self._flushed_at > HEARTBEAT_S:
                self.send(frames.frame(frames.HEARTBEAT))
                self.flush()
            if self._ending and self._program is None:
                return self._return_queue()

    def _return_queue(self):
        """Give the waiting programs back to the host."""
        self.send(
            b"".join(
                frames.frame(frames.RETURNED, frames.JOB.pack(task["job"]))
                for task, _ in self._queue
            )
        )
        self._queue.clear()
        self.flush()

    def _timeout_ms(self):
        timeout_s = None if self._program is None else self._program.timeout_s()
        if self._queue:
            timeout_s = min(SLOW_S / 2, SLOW_S if timeout_s is None else timeout_s)
        if self._program is not None:
            timeout_s = min(HEARTBEAT_S, HEARTBEAT_S if timeout_s is None else timeout_s)
        return None if timeout_s is None else timeout_s * 1000

    def close(self):
        """Kill everything that is left."""
        for known in self._zygotes.values():
            try:
                os.killpg(known.pid, SIGKILL)
            except ProcessLookupError:
                pass
        for known in self._zygotes.values():
            try:
                os.waitpid(known.pid, 0)
            except ChildProcessError:
                pass
        self.fence.restore()
        if isinstance(self.group, group.OwnGroup):
            self.group.remove()
        if self._options["remove"]:
            import shutil  # not earlier: what the zygotes map is what each fork costs

            shutil.rmtree(self._options["remove"], ignore_errors=True)

    # ---- frames of the host ----

    def _take(self, kind, payload):
        if kind == frames.PUT:
            self.store.put(payload)
        elif kind == frames.DROP:
            self.store.drop(*frames.RANGE.unpack(payload))
        elif kind == frames.RUN:
            self._queue.append((marshal.loads(payload), payload))
            self._start_next()
        elif kind in (frames.TESTS, frames.CANCEL):
            job = frames.JOB.unpack_from(payload)[0]
            window = frames.WINDOW.unpack(payload)[1:] if kind == frames.TESTS else None
            if self._program is not None and self._program.job == job:
                self._program.cancel() if window is None else self._program.window(
                    window[0], bool(window[1])
                )
                self._finish()
            else:
                self._change_queued(job, window)

    def _change_queued(self, job, window):
        """Note a new window of tests for a waiting program; None: it is cancelled."""
        for entry in self._queue:
            if entry[0]["job"] == job:
                if window is None:
                    self._queue.remove(entry)
                    self.send(
                        frames.frame(
                            frames.DONE, frames.JOB.pack(job), bytes((frames.DONE_CANCELLED,))
                        )
                    )
                    self.flush()
                else:
                    entry[0].update(stop=window[0], final=bool(window[1]))
                return

    # ---- frames to the host ----

    def send(self, data, result=False):
        """Queue frames for the host; a result waits briefly for others."""
        self._outgoing.append(data)
        if result:
            self._results += 1
            if self._results >= self._patience or time.monotonic() - self._flushed_at > FLUSH_S:
                self.flush()

    def flush(self):
        """Send what is queued."""
        if self._outgoing:
            view = memoryview(b"".join(self._outgoing))
            while view:
                view = view[os.write(1, view) :]
            self._outgoing.clear()
            self._patience = min(RESULTS, 4 * self._patience)
            self._results = 0
        self._flushed_at = time.monotonic()

    def _own_bytes(self):
        """The hub's memory, including its store: if that is not on disk, a group counts it."""
        resident = int(os.pread(self._resident, 128, 0).split()[1])
        return resident * PAGE_BYTES + self.store.bytes

    # ---- zygotes ----

    def _zygote(self, tier):
        """Start a tier's zygote in a separate interpreter: each fork costs what it holds."""
        ours, theirs = socketpair()
        command = [sys.executable, "-I", "-S", "-c", bundle.LOADER]
        streams = [(os.POSIX_SPAWN_DUP2, theirs.fileno(), 0), (os.POSIX_SPAWN_DUP2, 2, 1)]
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=streams, setpgroup=0)
        theirs.close()
        options = {
            **self._options,
            "uid": self.fence.uid,
            "hub": os.getpid(),
            "modules": self._options["tiers"][tier],
        }
        ours.sendall(bundle.opening(self._modules, "cppo_worker.zygote", options))
        if self.group is not None and not self.group.holds_hub:
            self.group.add(pid)
        self._zygotes[tier] = known = Zygote(pid, ours)
        self.poll.register(ours.fileno(), select.POLLIN)
        return known

    def orphans(self):
        """The processes that the hub has adopted."""
        zygotes = {known.pid for known in self._zygotes.values()}
        children = map(int, os.pread(self._children, 1 << 16, 0).split())
        return [pid for pid in children if pid not in zygotes]

    def look_for_traces(self):
        """Take no more programs if the last one left something that cannot be undone."""
        if not self._retired and self._network.used():
            self._retired = True
            self.send(frames.frame(frames.RETIRING))

    def _start_next(self):
        if self._retired:
            return self._return_queue()
        while self._program is None and self._queue and not self._ending:
            if self._queue[0][0]["tier"] not in self._zygotes:
                self._zygote(self._queue[0][0]["tier"])
            if not all(known.base_bytes for known in self._zygotes.values()):
                return  # what a zygote uses before it is warm would be charged to the program
            task, raw = self._queue.popleft()
            if not task["final"] or task["stop"] - task["start"] > 1:
                # A first wrong answer should be known soon, and later ones are rarer. A checker is
                # asked less often, for it costs less to ask for many answers at once.
                self._patience = RESULTS if task["checked"] else 1
            self._program = Supervision(self, self._zygotes[task["tier"]], task, raw)
        if self._program is None:
            self.flush()

    def _finish(self):
        """Go on to the next program if the running one is over."""
        if self._program is not None and self._program.state is State.OVER:
            self._program = None
            self._start_next()

    def _hear(self, tier, known):
        """Process what a zygote or its program says."""
        try:
            data = known.channel.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            self._lost(tier, known)
        for kind, payload in known.reader.feed(data):
            if kind == frames.WARM:
                known.base_bytes = frames.SIZE.unpack(payload)[0]
                self._start_next()
            elif self._program is not None:
                self._program.hear(kind, payload)
        self._finish()

    def _lost(self, tier, known):
        """A zygote died, and so must this worker: the hub holds what no new zygote may inherit."""
        self._ending = True
        del self._zygotes[tier]
        self.poll.unregister(known.channel.fileno())
        known.channel.close()
        try:
            os.killpg(known.pid, SIGKILL)
        except ProcessLookupError:
            pass
        out_of_memory = self.out_of_memory()
        if self._program is not None and (self._program.zygote is known or out_of_memory):
            self._program.abandon(out_of_memory)

    def out_of_memory(self):
        """Whether the kernel killed a process here for lack of memory since the last call."""
        before, self._oom_kills = self._oom_kills, self._counted_kills()
        return self._oom_kills != before

    def _counted_kills(self):
        return None if self.group is None else self.group.oom_kills()

    def _reap(self):
        """Wait for everything that ended: orphans of programs and dead zygotes."""
        zygotes = {known.pid: (tier, known) for tier, known in self._zygotes.items()}
        try:
            while True:
                pid, _, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid in zygotes:
                    self._lost(*zygotes[pid])
                elif self._program is not None:
                    self._program.reaped(usage.ru_utime + usage.ru_stime)
        except ChildProcessError:
            pass
        self._finish()


def _compiled(name, source):
    """A module's marshalled code: loading it leaves none of the compiler's garbage in memory."""
    return marshal.dumps(compile(source, f"<{name}>", "exec", dont_inherit=True, optimize=2))


def main(options, modules):
    """Run a worker on standard input and output."""
    limit_bytes = options["memory_bytes"]
    known_group = group.containers_group(limit_bytes) if limit_bytes else group.own_group()
    own_network = True
    if options["confine"]:
        from .confine import confine

        own_network = confine(options)
    hub = Hub(options, modules, own_network, known_group)
    try:
        hub.serve()
    finally:
        hub.close()
