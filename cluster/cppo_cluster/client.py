"""A sandbox that is somewhere else: behind a judge server (`cppo sandbox serve`)."""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import ssl
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from cppo_sandboxes.host.faults import reason_of

from cppo_cluster.connection import Address, Answered, Caller
from cppo_cluster.naming import Names
from cppo_cluster.tokens import VARIABLE, checked_token, read_token, token_file
from cppo_cluster.wire import decode_report, encode_job, encode_problem
from cppo_env.errors import SandboxError, UsageError
from cppo_env.protocols import Sandbox
from cppo_env.types import Job, Problem, Report, Verdict

SLICE_JOBS = 1000
SLICE_BYTES = 8 << 20
"""A request holds at most this many jobs, or bytes of them."""
SIDE_BY_SIDE = 2
"""Requests of a batch at the same time, so that no worker waits for the next one."""
UPLOAD_S = 300.0
"""How long a server may take to read a problem."""
LONGEST_PAUSE_S = 5.0
BUSY = (429, 502, 503, 504, 507)
"""Answers after which it is worth coming back."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A job on its way."""

    position: int
    name: str
    problem: Problem
    sent: str


class HttpSandbox:
    """Runs jobs on a judge server, which grades them. Thread-safe.

    A server that is killed and started again loses nothing: what has not come is sent again, under
    the same ids. Jobs get IE when no report has come for `patience_s` while the server cannot be
    reached or is full, and at once when it refuses them.

    Args:
        address: `http://HOST:PORT`, `https://HOST:PORT`, or `unix:///PATH`.
        token: the server's; by default that of CPPO_SANDBOX_TOKEN, or, of a server on this machine,
            the one that this user's servers keep. A run records its options: prefer the variable.
        patience_s: see above.
        certificate_authority: PEM file of those who may sign the server's certificate, for one
            that the system does not know.

    Raises:
        UsageError: the address is none, or there is no token.
        SandboxError: the server cannot be reached or refuses the token.
    """

    def __init__(
        self,
        address: str,
        token: str | None = None,
        *,
        patience_s: float = 300.0,
        certificate_authority: str | None = None,
    ) -> None:
        self._address = Address.of(address)
        if self._address.scheme == "http" and not self._address.local:
            warnings.warn(
                f"sandbox {address!r}: token, programs and verdicts travel without TLS; whoever "
                "is on the network can read and change them",
                stacklevel=2,
            )
        if not patience_s > 0:
            raise UsageError(f"patience_s: got {patience_s!r}, expected more than 0")
        self._patience_s = patience_s
        self._make = partial(
            type(self),
            address,
            token,
            patience_s=patience_s,
            certificate_authority=certificate_authority,
        )
        self._caller = self._called(token, certificate_authority)
        self._names = Names()
        self._closed = threading.Event()
        self.facts = self._look()
        """What the server says of its sandbox, for the record of a run."""

    def run(self, jobs: Sequence[Job], /) -> list[Report]:
        """One report for each job, in order; infrastructure failures are IE."""
        reports: list[Report] = [Report(Verdict.IE, message="no report")] * len(jobs)
        asked: dict[str, _Asked] = {}
        batch = secrets.token_urlsafe(16)
        for position, (job, name) in enumerate(zip(jobs, self._names.of(jobs), strict=True)):
            if isinstance(name, Report):
                reports[position] = name
            else:
                number = f"{batch}_{position}"
                sent = encode_job(number, name, job)
                asked[number] = _Asked(position, name, job.problem, sent)
        slices = list(_slices(asked))
        if len(slices) == 1:
            self._judge(slices[0], reports)
        elif slices:
            with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="cppo-sandbox-http") as two:
                list(two.map(lambda some: self._judge(some, reports), slices))
        return reports

    def close(self) -> None:
        """End all waiting: open jobs get IE. The server goes on."""
        self._closed.set()

    def cached(self) -> Sandbox:
        """A `CachedSandbox` around this one."""
        from cppo_sandboxes.cached import CachedSandbox

        return CachedSandbox(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its settings."""
        return self._make, ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- the start ----

    def _called(self, token: str | None, certificate_authority: str | None) -> Caller:
        file = token_file()
        if token is not None:
            checked = checked_token(token, "the option token")
        elif given := os.environ.get(VARIABLE):
            checked = checked_token(given, VARIABLE)
        elif self._address.local and file.is_file():
            checked = read_token(file)
        else:
            raise UsageError(
                f"sandbox {self._address.text!r}: there is no token; set {VARIABLE} to the one "
                "that cppo sandbox serve printed"
            )
        try:
            path = None if certificate_authority is None else Path(certificate_authority)
            return Caller(self._address, checked, path)
        except OSError as error:
            raise UsageError(
                f"certificate_authority: got {certificate_authority!r}, which cannot be read "
                f"({error})"
            ) from error

    def _look(self) -> Mapping[str, str]:
        where = self._address.text
        try:
            with self._caller.ask("GET", "/v1/status") as answer:
                status = json.load(answer)
            facts = {str(name): str(value) for name, value in status["sandbox"].items()}
            return {**facts, "server": where, "server_version": status["versions"]["cppo-env"]}
        except Answered as error:
            raise SandboxError(f"the judge server at {where} refuses: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SandboxError(f"what answers at {where} is no judge server ({error!r})") from None
        except (OSError, http.client.HTTPException) as error:
            raise SandboxError(
                f"no judge server answers at {where} ({reason_of(error)}); start one with: cppo "
                "sandbox serve"
            ) from None

    # ---- a batch ----

    def _judge(self, asked: dict[str, _Asked], reports: list[Report]) -> None:
        """Ask until every report is there, or patience ends."""
        ends = time.monotonic() + self._patience_s
        pause_s, reason = 0.0, ""
        while asked and not self._closed.is_set():
            before, wait_s = len(asked), 0.0
            try:
                sent = self._exchange(asked, reports)
                reason = "problems are asked for again" if sent else "the stream was cut"
            except Answered as error:
                reason, wait_s = f"the server refuses: {error}", error.retry_s
                if error.status not in BUSY:
                    break
            except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
                reason = reason_of(error)
                if isinstance(error, ssl.SSLCertVerificationError):
                    break
            if len(asked) < before:
                ends, pause_s = time.monotonic() + self._patience_s, 0.0
            elif time.monotonic() > ends:
                reason = f"no report for {self._patience_s:g} s: {reason}"
                break
            if asked:
                self._closed.wait(max(wait_s, pause_s) * random.uniform(0.75, 1.25))
                pause_s = min(max(0.05, 2 * pause_s), LONGEST_PAUSE_S)
        if self._closed.is_set():
            reason = "the sandbox has been closed; make a new one"
        for one in asked.values():
            reports[one.position] = self._void(reason)

    def _void(self, reason: str) -> Report:
        return Report(Verdict.IE, message=f"judge server {self._address.text}: {reason}")

    def _exchange(self, asked: dict[str, _Asked], reports: list[Report]) -> bool:
        """Ask once: take the reports that come, or send what is lacking; whether it did that."""
        try:
            for number, report in self._reports(asked):
                if one := asked.pop(number, None):
                    reports[one.position] = report
        except Answered as error:
            ours = {one.name: one.problem for one in asked.values()}
            lacking: list[Any] = error.content.get("missing", []) if error.status == 409 else []
            if not (wanted := [name for name in lacking if name in ours]):
                raise
            for name in wanted:
                if reason := self._send(name, ours[name]):
                    for number in [key for key, one in asked.items() if one.name == name]:
                        reports[asked.pop(number).position] = self._void(reason)
            return True
        return False

    def _reports(self, asked: Mapping[str, _Asked]) -> Iterator[tuple[str, Report]]:
        """The reports on some jobs as they come, as far as they come."""
        body = f'{{"jobs": [{",".join(one.sent for one in asked.values())}]}}'.encode()
        with self._caller.ask("POST", "/v1/run", body) as answer:
            while (line := answer.readline()) and not self._closed.is_set():
                if line.strip() and line.endswith(b"\n"):
                    said = json.loads(line)
                    yield said["id"], decode_report(said["report"])

    def _send(self, name: str, problem: Problem) -> str:
        """Send a problem that the server lacks; why it can never judge it, if it says so."""
        content = encode_problem(problem)
        try:
            with self._caller.ask("PUT", f"/v1/problems/{name}", content, silence_s=UPLOAD_S):
                return ""
        except Answered as error:
            if error.status in (413, 422):
                return f"the server refuses problem {problem.id!r}: {error}"
            raise


def _slices(asked: Mapping[str, _Asked]) -> Iterator[dict[str, _Asked]]:
    """The jobs of each request."""
    some: dict[str, _Asked] = {}
    size = 0
    for number, one in asked.items():
        length = len(one.sent)
        if some and (len(some) >= SLICE_JOBS or size + length > SLICE_BYTES):
            yield some
            some, size = {}, 0
        some[number] = one
        size += length
    if some:
        yield some
