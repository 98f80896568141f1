"""A sandbox behind a judge server is a sandbox, and the server keeps to its protocol."""

import http.client
import json
import pickle
import threading
import time
from typing import Any, cast

import pytest
from cppo_cluster.server import Service, make_app, openapi
from cppo_cluster.wire import encode_problem, name_of
from starlette.routing import Route

import cppo_env
from cppo_env.errors import SandboxError, UsageError
from cppo_env.problems.store.writer import write_store
from cppo_env.testing import SandboxContract, make_problem
from cppo_env.types import CheckerProgram, Job, Limits, Problem, Report, TestCase, Verdict
from tests.support.jobs import ADD, sums
from tests.support.judge_server import TOKEN, served

EQUAL = CheckerProgram(
    "python",
    "import sys\n"
    "given, answer, output = (open(name).read().split() for name in sys.argv[1:4])\n"
    "print(1 if answer == output else 0)\n",
)
KEYS = (TestCase('[{"1": 2}]', "3"),)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with (
        cppo_env.make_sandbox("local", workers=2) as box,
        served(box, tmp_path_factory.mktemp("problems")) as running,
    ):
        yield running


@pytest.fixture
def box(server):
    with cppo_env.make_sandbox(server.address, token=TOKEN) as sandbox:
        yield sandbox


def ask(server, method, path, body=b"", token: str | None = TOKEN, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def run(server, *jobs):
    answer, content = ask(server, "POST", "/v1/run", json.dumps({"jobs": jobs}).encode())
    if answer.status != 200:
        return answer.status, json.loads(content)
    lines = [json.loads(line) for line in content.splitlines() if line.strip()]
    return 200, {line["id"]: line["report"] for line in lines}


class TestHttpSandbox(SandboxContract):
    @pytest.fixture(autouse=True)
    def _server(self, server):
        self._address = server.address

    def make(self):
        return cppo_env.make_sandbox(self._address, token=TOKEN)


def test_every_kind_of_problem_is_judged_as_here(box):
    programs = [ADD, "print(1)", "while True: pass", "import sys; sys.exit(3)"]
    kinds = [
        sums(3, limits=Limits(cpu_s=0.3, wall_s=3.0)),
        sums(2, checker="float_1e-3"),
        sums(2, checker=EQUAL),
        Problem("twice", "", (TestCase("[2]", "4"),), entry_point="twice"),
        Problem(
            "keys",
            "",
            (TestCase('[{"1": 2}]', "3"),),
            entry_point="f",
            metadata={"integer_keys": True},
        ),
        Problem("odd", "", (TestCase("\ud800\n", "x\n"), TestCase("", ""))),
        Problem("bare", "", ()),
    ]
    calls = ["def twice(n): return 2 * n", "def f(d): return sum(d.keys()) + 2"]
    jobs = [Job(one, program) for one in kinds for program in (*programs[:2], *calls)]
    jobs += [Job(kinds[0], program) for program in programs[2:]]
    jobs += [Job(kinds[0], ADD, language="cobol"), Job(kinds[0], cast(Any, None))]
    with cppo_env.make_sandbox("local", workers=2) as here:
        expected = here.run(jobs)
    got = box.run(jobs)
    assert [one.verdict for one in got] == [one.verdict for one in expected]
    assert [len(one.tests) for one in got] == [len(one.tests) for one in expected]
    assert {one.verdict for one in got} >= {Verdict.AC, Verdict.WA, Verdict.TLE, Verdict.RE}


def test_a_checker_that_is_a_function_is_named_and_costs_only_its_own_jobs(box):
    def own_rule(problem, test, got):
        return True

    lost, found = box.run([Job(sums(1, checker=own_rule), ADD), Job(sums(1), ADD)])
    assert lost.verdict is Verdict.IE
    assert "test_serve:test_a_checker" in lost.message and "own_rule is a function" in lost.message
    assert found.verdict is Verdict.AC


def test_a_problem_that_the_server_refuses_costs_only_its_own_jobs(box):
    endless = sums(1, limits=Limits(wall_s=1e9))
    lost, found = box.run([Job(endless, ADD), Job(sums(1), ADD)])
    assert (lost.verdict, found.verdict) == (Verdict.IE, Verdict.AC)
    assert "refuses problem 'sums'" in lost.message and "at most 600" in lost.message


def test_reports_come_as_they_are_finished(server):
    slow, quick = (
        {"id": f"{name}-0001", "problem": name_of(sums(1)), "program": program}
        for name, program in (("slow", "import time; time.sleep(5)\n" + ADD), ("quick", ADD))
    )
    name = name_of(sums(1))
    assert ask(server, "PUT", f"/v1/problems/{name}", encode_problem(sums(1)))[0].status == 200
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = json.dumps({"jobs": [slow, quick]})
    connection.request("POST", "/v1/run", body, {"Authorization": f"Bearer {TOKEN}"})
    answer = connection.getresponse()
    told = (json.loads(line)["id"] for line in iter(answer.readline, b"") if line.strip())
    assert next(told) == quick["id"]
    assert server.ledger.open == 1, "the slow one is still running"
    assert next(told) == slow["id"]
    connection.close()


def test_a_job_id_runs_once_whoever_asks_and_stands_for_one_job(server):
    name = name_of(sums(1))
    ask(server, "PUT", f"/v1/problems/{name}", encode_problem(sums(1)))
    job = {"id": "once-0001", "problem": name, "program": "import time; time.sleep(0.5)\n" + ADD}
    judged = server.ledger.judged
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(run(server, job))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.append(run(server, job))
    assert server.ledger.judged == judged + 1
    assert all(one == answers[0] for one in answers)
    assert answers[0][1]["once-0001"]["verdict"] == "AC"
    status, said = run(server, job | {"program": "print(1)"})
    assert status == 422 and "once-0001 stands for another job" in said["error"]


def test_a_full_server_says_when_to_come_back_and_the_client_does(tmp_path):
    with (
        cppo_env.make_sandbox("local", workers=2) as here,
        served(here, tmp_path, most_jobs=4) as small,
        cppo_env.make_sandbox(small.address, token=TOKEN) as box,
    ):
        slow = "import time; time.sleep(4)\n" + ADD  # all four still run when a fifth is refused
        reports = []
        thread = threading.Thread(
            target=lambda: reports.extend(box.run([Job(sums(1), slow + "#" * n) for n in range(4)]))
        )
        thread.start()
        while small.ledger.open < 4:
            time.sleep(0.02)
        job = {"id": "refused-1", "problem": name_of(sums(1)), "program": ADD}
        answer, content = ask(small, "POST", "/v1/run", json.dumps({"jobs": [job]}).encode())
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
        assert "come back later" in json.loads(content)["error"]
        assert [one.verdict for one in box.run([Job(sums(1), ADD)])] == [Verdict.AC]
        thread.join()
    assert [one.verdict for one in reports] == [Verdict.AC] * 4


def test_problems_of_a_store_are_not_sent(tmp_path):
    problems = cppo_env.load_problems("samples").take(3)
    write_store(problems, tmp_path / "store")
    sent = tmp_path / "sent"
    with (
        cppo_env.make_sandbox("local", workers=2) as here,
        served(here, sent, stores=(str(tmp_path / "store"),)) as running,
        cppo_env.make_sandbox(running.address, token=TOKEN) as box,
    ):
        jobs = [Job(problem, problem.references[0]) for problem in problems]
        assert {report.verdict for report in box.run(jobs)} == {Verdict.AC}
        assert not list(sent.iterdir())
        box.run([Job(make_problem(), ADD)])
        assert [file.name for file in sent.iterdir()] == [name_of(make_problem())]


def test_what_nobody_waits_for_is_dropped_and_runs_when_it_is_asked_for_again(server, monkeypatch):
    monkeypatch.setattr("cppo_cluster.ledger.ORPHAN_S", 0.3)
    name = name_of(sums(1))
    ask(server, "PUT", f"/v1/problems/{name}", encode_problem(sums(1)))
    busy = "import time; time.sleep(1.5)\n" + ADD
    jobs = [
        {"id": f"orphan-{number:04}", "problem": name, "program": busy + f"#{number}"}
        for number in range(40)
    ]
    judged = server.ledger.judged
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = json.dumps({"jobs": jobs})
    connection.request("POST", "/v1/run", body, {"Authorization": f"Bearer {TOKEN}"})
    connection.getresponse()
    connection.close()
    deadline = time.monotonic() + 20
    while server.ledger.open:
        assert time.monotonic() < deadline, "the jobs of a client that left still run"
        time.sleep(0.05)
    assert server.ledger.judged == judged + 40  # told, most of them without having run
    status, found = run(server, jobs[-1])
    assert (status, found["orphan-0039"]["verdict"]) == (200, "AC")


def test_a_sandbox_that_raises_costs_its_jobs_and_not_the_server(tmp_path):
    class Broken:
        def run(self, jobs, /):
            return []

        def run_each(self, jobs, tell, wanted, /):
            tell(1, Report(Verdict.AC))
            raise ValueError("a bug")

        def close(self):
            """Nothing is open."""

    with (
        served(Broken(), tmp_path) as running,
        cppo_env.make_sandbox(running.address, token=TOKEN) as box,
    ):
        first, second = box.run([Job(sums(1), ADD)] * 2)
    assert (first.verdict, second.verdict) == (Verdict.IE, Verdict.AC)
    assert first.message == "the sandbox failed: ValueError: a bug"


def test_a_server_that_is_gone_costs_patience_and_then_every_job(tmp_path):
    with (
        cppo_env.make_sandbox("local", workers=2) as here,
        served(here, tmp_path) as running,
    ):
        box = cppo_env.make_sandbox(running.address, token=TOKEN, patience_s=1.0)
    begun = time.monotonic()
    reports = box.run([Job(sums(1), ADD)] * 3)
    assert 1.0 <= time.monotonic() - begun < 15
    assert {report.verdict for report in reports} == {Verdict.IE}
    assert "no report for 1 s: ConnectionRefusedError" in reports[0].message
    box.close()
    assert "has been closed" in box.run([Job(sums(1), ADD)])[0].message


def test_the_client_tells_at_once_what_cannot_work(server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CPPO_SANDBOX_TOKEN", raising=False)
    for address, options, error, message in (
        (server.address, {}, UsageError, "there is no token; set CPPO_SANDBOX_TOKEN"),
        (server.address, {"token": "x" * 20}, SandboxError, "refuses: the token is missing or"),
        (server.address, {"token": "short"}, UsageError, "expected 16 to 1024"),
        ("http://127.0.0.1:1", {"token": TOKEN}, SandboxError, "start one with: cppo sandbox"),
        ("http://:1", {"token": TOKEN}, UsageError, "expected http://HOST:PORT"),
        ("http://h:99999", {"token": TOKEN}, UsageError, "no address"),
        ("unix://", {"token": TOKEN}, UsageError, "unix:///PATH"),
        ("gopher://x", {}, UsageError, "no sandboxes named 'gopher'"),
        (server.address, {"tokn": TOKEN}, UsageError, "its options are: token"),
        (server.address, {"token": TOKEN, "patience_s": 0}, UsageError, "more than 0"),
    ):
        with pytest.raises(error) as raised:
            cppo_env.make_sandbox(address, **options)
        assert message in str(raised.value) and "\n" not in str(raised.value)


def test_the_token_may_come_from_the_environment_and_the_sandbox_can_be_pickled(
    server, monkeypatch
):
    monkeypatch.setenv("CPPO_SANDBOX_TOKEN", TOKEN)
    reports = cppo_env.grade_batch([(sums(1), ADD)] * 2, sandbox=server.address)
    assert [one.verdict for one in reports] == [Verdict.AC] * 2
    copy = pickle.loads(pickle.dumps(cppo_env.make_sandbox(server.address)))
    assert copy.run([Job(sums(1), ADD)])[0].verdict is Verdict.AC
    assert copy.facts["name"] == "local" and copy.facts["server"] == server.address


def test_the_pages_say_what_the_server_does(server):
    assert json.loads(ask(server, "GET", "/health", token=None)[1]) == {"status": "ok"}
    described = json.loads(ask(server, "GET", "/openapi.json", token=None)[1])
    assert described == openapi()
    routes = {
        (route.path, method.lower())
        for route in make_app(Service(server.ledger, server.shelf, {}), TOKEN).routes
        if isinstance(route, Route) and route.path not in ("/docs", "/openapi.json")
        for method in route.methods or ()
        if method != "HEAD"
    }
    written = {(path, method) for path, one in described["paths"].items() for method in one}
    assert routes == written
    page = ask(server, "GET", "/docs", token=None)[1].decode()
    assert "POST /v1/run" in page and "http" not in page
    status = json.loads(ask(server, "GET", "/v1/status")[1])
    assert status["sandbox"] == {"name": "local"} and status["judged"] > 0
