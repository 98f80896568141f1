"""What the commands do, through the executable: results for people, and as JSON."""

import json
import os
import signal
import subprocess
import threading
import time

import pytest

from tests.support.chat_server import Reply, chat_server, prompt_of
from tests.support.cli import CPPO, NO_ENGINE, cppo, fault

RECORD = {
    "problem_id": 7,
    "question": "Read two integers and print their sum.",
    "solutions": json.dumps(["print(sum(map(int, input().split())))", "print(0)"]),
    "input_output": json.dumps({"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7\n"]}),
    "difficulty": "introductory",
    "url": "",
    "starter_code": "",
}


@pytest.fixture
def records(tmp_path):
    """A file of three APPS records, the second of which is malformed."""
    path = tmp_path / "records.jsonl"
    malformed = {**RECORD, "problem_id": 8, "input_output": '{"inputs": ["1'}
    unsolved = {**RECORD, "problem_id": 9, "question": "Print it twice.", "solutions": ""}
    path.write_text("".join(json.dumps(record) + "\n" for record in (RECORD, malformed, unsolved)))
    return path


def test_eval_replays_references_and_says_what_it_left_out(records, tmp_path):
    out = tmp_path / "out.json"
    done = cppo(
        *("eval", "--env", "CPPO-APPS-v0", "--problems", records, "--agent", "oracle"),
        *("--sandbox", "local", "--json", out),
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert result["pass_at_k"] == pytest.approx({"1": 0.5, "2": 5 / 6, "4": 1.0})
    assert result["verdicts"] == {"AC": 2, "WA": 2}
    assert (result["n_problems"], result["void"]) == (1, 0)
    assert result["tests_per_s"] > 0
    [malformed, unsolved] = result["excluded"]
    assert f"{records}:2: problem 8: input_output" in malformed["problem"]
    assert unsolved == {"problem": "9", "reason": "the record holds no reference solutions"}
    [failed] = result["failed_references"]
    assert (failed["problem"], failed["reference"], failed["verdict"]) == ("7", 1, "WA")
    assert "pass@4" in done.stdout
    assert "7, reference 1: WA" in done.stdout


def test_eval_hands_options_to_the_judge_and_the_sandbox(tmp_path):
    out = tmp_path / "out.json"
    common = ("eval", "--agent", "random", "--limit", 1, "--sandbox", "local", "--json", out)
    for max_words, validity in ((1, 0.0), (99, 1.0)):
        options = ("--sandbox_options.workers=1", f"--judge_options.max_words={max_words}")
        done = cppo(*common, *options)
        assert done.returncode == 0, done.stderr
        result = json.loads(out.read_text())
        assert result["validity"] == validity
        assert result["setting"]["judge_options"] == {"max_words": max_words}


def test_eval_without_an_engine_falls_back_with_one_visible_line():
    done = cppo("eval", "--limit", 2, "--agent", "random", env=NO_ENGINE)
    assert done.returncode == 0, done.stderr
    [warning] = [line for line in done.stderr.splitlines() if "warning" in line]
    assert "without Docker's isolation" in warning


def test_eval_of_a_chat_agent_over_http(records, tmp_path):
    out = tmp_path / "out.json"

    def reply(request):
        if "You plan attempts" in prompt_of(request):
            return Reply("A: Add them.\nB: Print zero.\nC: Print one.\nD: Print two.")
        right = "Method to use: Add them." in prompt_of(request)
        return Reply(
            "```python\nprint(sum(map(int, input().split())))\n```"
            if right
            else "```python\nprint(0)\n```"
        )

    with chat_server(reply) as server:
        done = cppo(
            *(
                "eval",
                "--problems",
                records,
                "--env",
                "CPPO-APPS-v0",
                "--sandbox",
                "local",
                "--json",
                out,
            ),
            *("--agent", "chat", "--options.model=m", f"--options.base_url={server.url}"),
            *("--options.solve_tokens=99", "--options.seed=5"),
        )
    assert done.returncode == 0, done.stderr
    assert {request["max_tokens"] for request in server.requests} == {512, 99}
    assert len({request["seed"] for request in server.requests}) == 10
    result = json.loads(out.read_text())
    assert result["pass_at_k"] == pytest.approx({"1": 0.25, "2": 0.5, "4": 1.0})
    assert (result["validity"], result["reward"], result["tokens"]) == (1.0, 1.0, 2 * 25)
    assert len(server.requests) == 2 * 5


def test_eval_of_an_endpoint_that_is_down_is_one_line():
    with chat_server(lambda request: Reply()) as server:
        pass
    options = [
        "--agent",
        "chat",
        "--options.model=m",
        f"--options.base_url={server.url}",
        "--options.retries=0",
    ]
    done = cppo("eval", "--sandbox", "local", "--limit", 2, *options)
    assert done.returncode == 1
    assert "no episode counts; no answer for 2 of 2 episodes" in done.stderr.splitlines()[-1]


def test_an_interrupted_eval_goes_on(tmp_path):
    """Ctrl-C while the agent waits for its endpoint, after two of three batches."""
    released = threading.Event()

    def reply(request):
        if len(server.requests) > 10:
            released.wait(timeout=300)
        return Reply(
            "A: One.\nB: Two.\nC: Three.\nD: Four."
            if "You plan" in prompt_of(request)
            else "no program"
        )

    out = tmp_path / "out.json"
    with chat_server(reply) as server:
        command = [
            *(
                CPPO,
                "eval",
                "--sandbox",
                "local",
                "--limit",
                "3",
                "--batch",
                "1",
                "--run",
                tmp_path / "run",
            ),
            *(
                "--json",
                out,
                "--agent",
                "chat",
                "--options.model=m",
                f"--options.base_url={server.url}",
            ),
        ]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 300
        while len(server.requests) < 11 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        released.set()
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 130
        assert "Traceback" not in errors
        assert (
            "2 of 3 episodes are done; run the same command again to go on"
            in errors.splitlines()[-1]
        )
        assert not out.exists()
        again = subprocess.run(
            command, env={**os.environ}, capture_output=True, text=True, timeout=300
        )
    assert again.returncode == 0, again.stderr
    assert json.loads(out.read_text())["n_episodes"] == 3
    assert len((tmp_path / "run/rollouts/episodes.jsonl").read_text().splitlines()) == 3
    other = fault(cppo("eval", "--k", "3", "--run", tmp_path / "run"), 2)
    assert "give the same settings to go on with it" in other


def test_compare_gives_paired_intervals(tmp_path):
    config = tmp_path / "compare.yaml"
    config.write_text(
        "sandbox: local\nlimit: 6\nagents:\n  oracle: {agent: oracle}\n  random: {agent: random}\n"
        "  other: {agent: random, options: {seed: 3}}\n"
    )
    out = tmp_path / "out.json"
    done = cppo("compare", "--config", config, "--json", out)
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert result["agents"]["oracle"]["pass_at_k"]["4"] == 1.0
    at_four = result["comparisons"]["4"]
    assert at_four["n_problems"] == 6
    assert at_four["left_out"] == 0
    assert "difference" not in at_four["agents"]["oracle"]  # the one that others are compared with
    random = at_four["agents"]["random"]
    assert random["difference"]["mean"] < random["difference"]["high"] < 0
    assert random["difference"]["mean"] == pytest.approx(random["pass_at_k"]["mean"] - 1.0)
    assert "oracle − random" in done.stdout


@pytest.mark.parametrize("command", ["eval", "compare"])
def test_attempts_that_break_a_tuple_up_are_refused_in_one_line(command):
    agents = ["--agents", '{"a": {"agent": "oracle"}, "b": {"agent": "random"}}']
    done = cppo(command, "--attempts", 6, "--limit", 1, *(agents if command == "compare" else []))
    assert "attempts: got 6 with K=4, expected whole tuples of 4; give 4 or 8" in fault(done, 2)


def test_compare_needs_two_agents():
    assert "agents: got 0, expected at least two" in fault(cppo("compare"), 2)


def test_grade_prints_the_report_of_one_program(records, tmp_path):
    program, out = tmp_path / "program.py", tmp_path / "out.json"
    program.write_text("a, b = map(int, input().split())\nprint(3)\n")
    grade = (
        "grade",
        program,
        "--problems",
        records,
        "--problem",
        7,
        "--sandbox",
        "local",
        "--json",
        out,
    )
    done = cppo(*grade)
    assert "WA on 7: hidden test 2 of 2 is WA, wrong answer" in fault(done, 1)
    assert done.stdout.startswith("WA 7")
    assert "1 of 2 tests passed, 2 ran" in done.stdout
    result = json.loads(out.read_text())
    assert (result["problem_id"], result["verdict"], result["n_tests"]) == ("7", "WA", 2)
    assert [test["verdict"] for test in result["tests"]] == ["AC", "WA"]
    program.write_text("a, b = map(int, input().split())\nprint(a + b)\n")
    assert cppo(*grade).stdout.startswith("AC 7")
    unknown = fault(
        cppo("grade", program, "--problems", records, "--problem", "70", "--sandbox", "local"), 2
    )
    assert "no problem '70'" in unknown


def test_doctor_names_what_is_there_and_what_to_do(tmp_path):
    out = tmp_path / "out.json"
    done = cppo("doctor", "--json", out, env={**NO_ENGINE, "CPPO_DATA": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    findings = {one["what"]: one for one in json.loads(out.read_text())["findings"]}
    state = findings["sandbox local"]["state"]
    assert state.startswith("judges a right and a wrong program rightly, in CPython 3.")
    assert findings["sandbox docker"]["state"] == "cannot be used"
    assert findings["sandbox docker"]["advice"]
    assert "--sandbox http://…" in findings["sandbox http"]["state"]
    assert (
        findings["data apps"]["advice"]
        == "pass --problems PATH, or run: cppo problems download apps"
    )
    assert "grpo" in " ".join(findings)
