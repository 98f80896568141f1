"""A sandbox on two nodes of Ray on this machine: verdicts, and nodes that go, break or join."""

import os
import pickle
import signal
import threading
import time

import pytest

ray = pytest.importorskip("ray", reason="needs the extra ray")


import cppo_env  # noqa: E402
from cppo_env.errors import UsageError  # noqa: E402
from cppo_env.problems.store.writer import write_store  # noqa: E402
from cppo_env.testing import SandboxContract  # noqa: E402
from cppo_env.types import Job, Verdict  # noqa: E402
from tests.support.jobs import ADD, sums  # noqa: E402
from tests.support.judge_server import TOKEN, served  # noqa: E402
from tests.support.ray_cluster import two_nodes  # noqa: E402

NODE = {"num_cpus": 2, "object_store_memory": 100 << 20}
FRAGILE = "tests.support.fragile:Fragile"
pytestmark = [
    pytest.mark.long,  # two nodes take 50 s of CPU time to start
    pytest.mark.filterwarnings("ignore"),  # Ray's own, about sockets and old names
]


@pytest.fixture(scope="module")
def cluster():
    with two_nodes(**NODE) as running:
        yield running


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("problems") / "store"
    write_store(cppo_env.load_problems("samples").take(2), folder)
    return folder


@pytest.fixture(scope="module")
def box(cluster, store):
    with cppo_env.make_sandbox("ray", workers=1, sandbox="local", stores=[str(store)]) as sandbox:
        yield sandbox
        sandbox.close()


@pytest.fixture(scope="module")
def shared_fragile(cluster):
    with cppo_env.make_sandbox("ray", workers=1, sandbox=FRAGILE) as sandbox:
        yield sandbox


@pytest.fixture
def fragile(shared_fragile):
    wait_for(lambda: len(nodes(shared_fragile)) == 2)
    return shared_fragile


def wait_for(condition):
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.1)


def nodes(sandbox):
    return sandbox._nodes.ready()


class TestRaySandbox(SandboxContract):
    @pytest.fixture(autouse=True)
    def _shared(self, box):
        self._box = box

    def make(self):
        return Lent(self._box)


class Lent:
    """The sandbox of this module, which its fixture closes, twice."""

    def __init__(self, box):
        self.run = box.run

    def close(self):
        """Later."""


def test_jobs_are_judged_in_order_and_what_cannot_travel_is_named(box, store):
    def own_rule(problem, test, got):
        return True

    stored = cppo_env.load_problems(store)
    jobs = [Job(problem, program) for problem in stored for program in problem.references]
    jobs += [Job(sums(3), ADD), Job(sums(3), "print(1)"), Job(sums(1), "1/0"), Job(sums(0), ADD)]
    jobs += [Job(sums(1, checker=own_rule), ADD), Job(sums(1), None)]
    expected = ["AC"] * (len(jobs) - 6) + ["AC", "WA", "RE", "IE", "IE", "IE"]
    reports = box.run(jobs)
    assert [report.verdict for report in reports] == expected
    assert "own_rule is a function" in reports[-2].message
    stored_names = {box._names.of([Job(problem, "")])[0] for problem in stored}
    assert not stored_names & set(box._nodes._contents), "a node has the problems of its stores"
    assert box.facts["name"] == "local" and box.facts["language"].startswith("CPython 3")


def test_both_nodes_judge_and_a_slow_job_holds_only_its_chunk(fragile):
    told = []
    jobs = [Job(sums(1), "doze" if number == 0 else f"{number}") for number in range(200)]
    fragile.run_each(jobs, lambda position, report: told.append((position, report)), lambda: True)
    assert sorted(position for position, _ in told) == [*range(200)]
    assert len({report.message for _, report in told}) == 2
    late = [position for position, _ in told[-13:]]
    assert late == [*range(13)], "the chunk of the slow job comes last"


def test_a_judge_that_is_killed_costs_no_job(fragile):
    reports = []
    jobs = [Job(sums(1), f"sleep {number}") for number in range(60)]
    thread = threading.Thread(target=lambda: reports.extend(fragile.run(jobs)))
    thread.start()
    time.sleep(0.5)
    _, judge = ray.get(nodes(fragile)[0].actor.processes.remote())
    os.kill(judge, signal.SIGKILL)
    thread.join(60)
    assert [report.verdict for report in reports] == [Verdict.AC] * 60
    wait_for(lambda: len(nodes(fragile)) == 2)  # it was started anew
    assert judge not in [ray.get(one.actor.processes.remote())[1] for one in nodes(fragile)]


def test_a_job_that_is_lost_three_times_is_ie_and_no_other(fragile):
    jobs = [Job(sums(1), word) for word in ("a", "b", "break", "c", "d", "e")]
    reports = fragile.run(jobs)
    assert reports[2].verdict is Verdict.IE
    assert "lost with its node 3 times" in reports[2].message
    innocent = [report.verdict for report in (*reports[:2], *reports[3:])]
    assert innocent.count(Verdict.AC) >= 3, "each is handed in alone after the first loss"


def test_a_node_that_dies_costs_no_job_and_one_that_joins_is_used(cluster, fragile):
    reports = []
    jobs = [Job(sums(1), f"sleep {number}") for number in range(80)]
    thread = threading.Thread(target=lambda: reports.extend(fragile.run(jobs)))
    thread.start()
    time.sleep(0.5)
    [second] = cluster.worker_nodes
    cluster.remove_node(second, allow_graceful=False)
    thread.join(90)
    assert [report.verdict for report in reports] == [Verdict.AC] * 80
    wait_for(lambda: len(nodes(fragile)) == 1)
    cluster.add_node(**NODE)
    wait_for(lambda: len(nodes(fragile)) == 2)
    assert len({one.message for one in fragile.run(jobs)}) == 2


def test_a_judge_server_serves_ray_to_those_who_have_none(box, tmp_path):
    jobs = [Job(sums(3), ADD), Job(sums(3), "print(1)"), Job(sums(1), "1/0")] * 20
    with (
        served(box, tmp_path) as server,
        cppo_env.make_sandbox(server.address, token=TOKEN) as client,
    ):
        assert [report.verdict for report in client.run(jobs)] == ["AC", "WA", "RE"] * 20
        assert client.facts["ray"] == ray.__version__


def test_what_cannot_work_is_told_in_one_line(cluster):
    for options, error, message in (
        ({"sandbox": "ray"}, UsageError, "expected what judges on each node"),
        ({"workers": 0}, UsageError, "workers: got 0"),
        ({"sandbox": "dokcer"}, UsageError, "did you mean 'docker'?"),
    ):
        with pytest.raises(error) as raised:
            cppo_env.make_sandbox("ray", **options)
        assert message in str(raised.value) and "\n" not in str(raised.value)


def test_it_is_pickled_as_its_settings_and_closed_it_says_so(fragile):
    make, nothing = fragile.__reduce__()
    assert pickle.loads(pickle.dumps(make)).keywords["sandbox"] == FRAGILE and nothing == ()
    fragile.close()
    [report] = fragile.run([Job(sums(1), "a")])
    assert report.verdict is Verdict.IE and "has been closed" in report.message


def test_a_node_that_gives_ie_is_named_and_another_has_the_last_word(cluster, tmp_path, capfd):
    file = tmp_path / "file"
    file.touch()
    with cppo_env.make_sandbox(
        "ray",
        workers=1,
        sandbox="tests.support.fragile:Ill",
        sandbox_options={"file": str(file)},
    ) as sandbox:
        wait_for(lambda: len(nodes(sandbox)) == 2)
        jobs = [Job(sums(1), f"sleep {number}") for number in range(60)] + [Job(sums(1), None)]
        reports = sandbox.run(jobs)
    assert [report.verdict for report in reports] == [Verdict.AC] * 60 + [Verdict.IE]
    told = capfd.readouterr().err
    assert told.count("could not judge a job, and another one is asked: No space left") == 1
    assert told.count("judge in different sandboxes") == 1


def test_two_drivers_have_judges_of_their_own_on_the_same_nodes(cluster, fragile):
    with cppo_env.make_sandbox("ray", workers=1, sandbox=FRAGILE) as other:
        wait_for(lambda: len(nodes(other)) == 2)
        found = {}
        jobs = [Job(sums(1), f"sleep {number}") for number in range(40)]
        threads = [
            threading.Thread(target=lambda one=one: found.update({one: one.run(jobs)}))
            for one in (fragile, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        judges = [{report.message for report in found[one]} for one in (fragile, other)]
    assert [len(one) for one in judges] == [2, 2] and not judges[0] & judges[1]
    again = fragile.run(jobs)
    assert [report.verdict for report in again] == [Verdict.AC] * 40, "the other one has closed"


def test_a_node_that_cannot_judge_is_named_and_the_others_judge(cluster, tmp_path, capfd):
    file = tmp_path / "file"
    file.touch()
    with cppo_env.make_sandbox(
        "ray",
        workers=1,
        sandbox="tests.support.fragile:Unlucky",
        sandbox_options={"file": str(file)},
    ) as sandbox:
        wait_for(lambda: len(nodes(sandbox)) == 1 and not file.exists())
        reports = sandbox.run([Job(sums(1), "sleep") for _ in range(20)])
        assert [report.verdict for report in reports] == [Verdict.AC] * 20
        wait_for(lambda: len(nodes(sandbox)) == 2)  # it is tried again
    told = capfd.readouterr().err
    assert "cannot judge:" in told and "no engine answers here; it is tried again" in told
