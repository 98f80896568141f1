"""The pool: a thread that spreads programs over workers and replaces failed workers."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator

from cppo_env.errors import SandboxError
from cppo_sandboxes.host.batch import JobBatch, Work
from cppo_sandboxes.host.checking import Checking
from cppo_sandboxes.host.faults import told
from cppo_sandboxes.host.link import Link, WorkerGone
from cppo_sandboxes.host.station import Station

SPARE_FACTOR = 4
"""Workers that sleeping programs may occupy, as a multiple of the pool's size."""
LAUNCH_FAILURES = 3
"""A new pool gives up after this many failed launches in a row."""
PATIENCE_S = 30.0
"""How long a pool that has worked waits for its engine before waiting jobs get IE."""
ALONE_AFTER_S = 10.0
"""How long programs to be judged alone wait for the others at most."""
HELD_BYTES = 256 << 20
"""No program starts while answers of this size wait for a checker that is not ours."""
RETRY_S = 0.5
TICK_S = 1.0
START_S = 60.0
"""How long a launched worker may take to report ready."""


class Pool:
    """Workers and the thread that serves them.

    Args:
        launch: starts one worker; may block, raises SandboxError.
        size: number of concurrent programs.
        most: number of workers that fit in memory; sleeping programs may occupy more than `size`.
    """

    def __init__(self, launch: Callable[[], Link], size: int, most: int) -> None:
        self._launch, self._size = launch, size
        self._most = max(size, min(most, size * SPARE_FACTOR))
        self._checking = Checking(size, lambda: Pool(launch, size, size), self._call, self._over)
        self._batches: deque[JobBatch] = deque()
        self._stations: dict[Link, Station] = {}
        self._closers: list[threading.Thread] = []
        self._launching = 0
        self._failures = 0
        self._failing_since = self._retry_at = 0.0
        self._commands: deque[Callable[[], None]] = deque()
        self._closing = False
        self._bell, self._ear = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._first = threading.Event()
        self._first_error: SandboxError | None = None
        self._thread = threading.Thread(target=self._serve, name="cppo-sandbox-pool", daemon=True)
        self._thread.start()
        self._call(self._fill)

    def wait_for_first(self) -> None:
        """Wait until one worker has started.

        Raises:
            SandboxError: none can be started.
        """
        if not self._first.wait(2 * START_S):
            raise SandboxError(f"no worker has started within {2 * START_S:g} s; try again")
        if self._first_error is not None:
            raise self._first_error

    def run(self, batch: JobBatch, wanted: Callable[[], bool] = lambda: True) -> None:
        """Work on a batch until it is done or the pool closed; what is not wanted is not begun."""
        self.begin(batch)
        while not batch.done.wait(TICK_S) and self._thread.is_alive():
            if not wanted():
                self._call(lambda: batch.fail("nobody waits for it any more"))

    def begin(self, batch: JobBatch) -> None:
        """Work on a batch, without waiting for it."""
        batch.check = self._checking.ask
        self._call(lambda: self._batches.append(batch))

    def close(self) -> None:
        """End all workers and the thread; waiting jobs get IE."""
        if self._closing:
            return
        self._closing = True
        self._ring()
        self._thread.join()

    # ---- everything below runs in the pool's thread, except _call and _launch_one ----

    def _call(self, command: Callable[[], None]) -> None:
        self._commands.append(command)
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # it is ringing already, or the pool is closed
            self._bell.send(b"\0")

    def _serve(self) -> None:
        try:
            while not self._closing:
                try:
                    self._take_turn()
                except Exception as error:  # a bug of ours that belongs to no job or worker
                    self._start_over(told(error, "the sandbox's own machinery failed"))
        finally:
            self._shut_down()

    def _take_turn(self) -> None:
        for key, events in self._selector.select(TICK_S):
            if key.fileobj is self._ear:
                self._answer_bell()
            elif isinstance(key.fileobj, Link) and key.fileobj in self._stations:
                self._attend(key.fileobj, events)
        self._checking.ask_programs()
        self._schedule()

    def _start_over(self, reason: str) -> None:
        """Give everything waiting or running the verdict IE, and continue with new workers."""
        for link in list(self._stations):
            self._dismiss(link, reason)
        for batch in self._batches:
            batch.fail(reason)

    def _answer_bell(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._ear.recv(4096)
        while self._commands:
            self._commands.popleft()()

    def _attend(self, link: Link, events: int) -> None:
        station = self._stations[link]
        with self._dismissing(link):
            if events & selectors.EVENT_READ:
                for kind, payload in link.read():
                    station.handle(kind, payload)
                if station.ready and not self._first.is_set():
                    self._first.set()
            link.write()

    def _over(self, work: Work) -> None:
        """A checker has decided on a program."""
        work.batch.drop(work)
        for station in self._stations.values():
            station.judged(work)

    @contextlib.contextmanager
    def _dismissing(self, link: Link) -> Generator[None]:
        """A failure of one worker costs only that worker."""
        try:
            yield
        except WorkerGone as error:
            self._dismiss(link, str(error))
        except Exception as error:  # a bug of ours or of the engine's client
            self._dismiss(link, told(error, "the connection to the worker failed"))

    def _schedule(self) -> None:
        if self._first_error is not None:  # no worker will be started any more
            for batch in self._batches:
                batch.fail(str(self._first_error))
        self._finish_batches()
        if not self._judge_alone():
            self._start_programs()
        now = time.monotonic()
        for link, station in list(self._stations.items()):
            with self._dismissing(link):
                link.write()
                if station.overdue(now) or (not station.ready and now - station.heard_at > START_S):
                    raise WorkerGone("the worker does not answer")
                writing = selectors.EVENT_WRITE if link.wants_to_write else 0
                if self._selector.get_key(link).events != selectors.EVENT_READ | writing:
                    self._selector.modify(link, selectors.EVENT_READ | writing)
        self._fill()

    def _start_programs(self) -> None:
        """Give programs to workers with room; at most the pool's size may want a core."""
        stations = self._stations.values()
        at_work = sum(bool(station.programs) and not station.idling for station in stations)
        for station in stations:
            if station.woken and at_work > self._size:
                station.recall()
                at_work -= 1
        busy = sum(batch.held_bytes for batch in self._batches) < HELD_BYTES
        while busy:
            busy = False
            for station in sorted(stations, key=lambda station: len(station.programs)):
                share = sum(batch.waiting for batch in self._batches) // (2 * len(stations))
                full = not station.programs and at_work >= self._size
                if full or not station.ready or not station.has_room(share):
                    continue
                if (found := self._next_for(station)) is not None:
                    batch, key = found
                    at_work += not station.programs
                    station.start(batch.take(key))
                    busy = True

    def _judge_alone(self) -> bool:
        """Judge doubtful programs while nothing else runs; returns whether one is running."""
        stations = self._stations.values()
        running = [work for station in stations for work in station.programs]
        if any(work.doubts for work in running):
            return True
        now = time.monotonic()
        doubted = [batch for batch in self._batches if batch.doubted]
        waiting = any(batch.groups for batch in self._batches)
        if not doubted or (
            waiting and all(now - batch.doubted_at < ALONE_AFTER_S for batch in doubted)
        ):
            return False
        if not running and self._checking.idle:
            batch = doubted[0]
            key = batch.doubted[0].tests.key
            ready = [station for station in stations if station.ready and not station.retired]
            for station in ready:
                if batch.admits(key, station.seen):
                    station.start(batch.doubted.popleft())
                    break
                station.retired = True
        return True

    def _next_for(self, station: Station) -> tuple[JobBatch, int] | None:
        """A batch, and the test set whose next program this worker gets; batches take turns."""
        waiting = False
        for _ in range(len(self._batches)):
            self._batches.rotate(-1)
            batch = self._batches[-1]
            waiting = waiting or bool(batch.groups)
            if (key := self._choose(batch, station)) is not None:
                return batch, key
        # It has judged a rival of every waiting program; those get a fresh worker.
        station.retired = waiting
        return None

    def _choose(self, batch: JobBatch, station: Station) -> int | None:
        """The test set for this worker: the one it has, else one that nobody else works on."""
        groups = batch.open_to(station.seen)
        if station.last_key in groups:
            return station.last_key
        taken = {other.last_key for other in self._stations.values()}
        return next((key for key in groups if key not in taken), None) or max(
            groups, key=lambda key: len(batch.groups[key]), default=None
        )

    def _finish_batches(self) -> None:
        for batch in [batch for batch in self._batches if batch.done.is_set()]:
            self._batches.remove(batch)
            for station in self._stations.values():
                station.forget(iter(batch.sets))

    def _fill(self) -> None:
        """Start missing workers, end surplus ones."""
        for link, station in list(self._stations.items()):
            if station.retired and not station.programs:
                self._remove(link)
        waiting = any(batch.groups for batch in self._batches)
        active = self._launching + sum(
            not station.idling and not station.retired for station in self._stations.values()
        )
        total = len(self._stations) + self._launching
        wanted = self._size if waiting or total < self._size else 0
        if time.monotonic() < self._retry_at:
            wanted = 0
        while active < wanted and total < self._most and self._first_error is None:
            self._launching += 1
            active += 1
            total += 1
            threading.Thread(
                target=self._launch_one, name="cppo-sandbox-launch", daemon=True
            ).start()
        if not waiting:
            for link, station in list(self._stations.items()):
                if len(self._stations) > self._size and not station.programs:
                    self._remove(link)

    def _launch_one(self) -> None:
        try:
            link = self._launch()
        except SandboxError as error:
            failure = error
            self._call(lambda: self._launch_failed(failure))
        except Exception as error:  # else whoever waits for the worker would wait for ever
            failure = SandboxError(told(error, "a worker cannot start"))
            self._call(lambda: self._launch_failed(failure))
        else:
            self._call(lambda: self._launched(link))

    def _launched(self, link: Link) -> None:
        self._launching -= 1
        self._stations[link] = Station(link)
        self._selector.register(link, selectors.EVENT_READ)

    def _launch_failed(self, error: SandboxError) -> None:
        self._launching -= 1
        self._count_failure(error)

    def _count_failure(self, error: SandboxError) -> None:
        """A worker could not be started; after several in a row all waiting stops."""
        now = time.monotonic()
        if not self._failures:
            self._failing_since = now
        self._failures += 1
        new = not self._first.is_set()
        if not new:
            self._retry_at = now + RETRY_S
        hopeless = (
            self._failures >= LAUNCH_FAILURES if new else now - self._failing_since > PATIENCE_S
        )
        if hopeless and not self._stations and not self._launching:
            self._failures = 0
            if new:
                self._first_error = error
                self._first.set()
            for batch in self._batches:
                batch.fail(str(error))

    def _dismiss(self, link: Link, reason: str) -> None:
        """End a failed worker; its running program is retried, those behind it just move."""
        station = self._stations[link]
        programs = list(station.programs)
        self._remove(link)
        if station.ready:
            self._failures = 0
        else:
            self._count_failure(
                SandboxError(f"a worker cannot start: {reason} {link.complaint()}".rstrip())
            )
        for position, work in enumerate(programs):
            if not work.over and not position:
                self._charge(work, reason, link)
            if not work.over:
                work.batch.put_back(work)

    def _charge(self, work: Work, reason: str, link: Link) -> None:
        """A worker failed under a program: not its fault, unless it used up the memory."""
        try:
            starved = not self._closing and link.starved()
        except Exception as error:  # the engine does not answer
            reason, starved = told(error, reason), False
        if starved:
            work.starved()
        else:
            work.failed(reason)

    def _remove(self, link: Link) -> None:
        del self._stations[link]
        self._selector.unregister(link)
        # Removing a container takes a while; nobody needs to wait for it.
        closer = threading.Thread(target=link.close, name="cppo-sandbox-end", daemon=True)
        closer.start()
        self._closers = [thread for thread in self._closers if thread.is_alive()] + [closer]

    def _shut_down(self) -> None:
        self._closing = True
        self._checking.close()
        self._answer_bell()
        while self._launching:
            self._selector.select(0.05)
            self._answer_bell()
        for link in list(self._stations):
            self._dismiss(link, "the sandbox has been closed")
        for batch in self._batches:
            batch.fail("the sandbox has been closed")
        for closer in self._closers:
            closer.join()
        self._selector.close()
        self._bell.close()
        self._ear.close()
