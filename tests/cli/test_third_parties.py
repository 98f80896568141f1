"""Users' typos and third-party failures give one line; exit code 2 for usage, 1 for failure."""

import json

import gymnasium as gym
import pytest

from cppo_env import UsageError, load_problems
from cppo_env.complaints import plain
from tests.support.cli import cppo, fault

LOCAL = ("--sandbox", "local")
ONE = ("--limit", "1", *LOCAL)
PAIR = (*ONE, "--agents", '{"one": {"agent": "random"}, "two": {"agent": "random"}}')
TWO_SUM = ("--problem", "two-sum", *LOCAL)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "config.yaml").write_text("agnt: oracle\n")
    (tmp_path / "bad.jsonl").write_text('\n{"problem_id": 1, "question": \n')
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and not much more")
    (tmp_path / "evaluation/rollouts").mkdir(parents=True)
    (tmp_path / "evaluation/rollouts/episodes.jsonl").touch()
    (tmp_path / "evaluation/config.json").write_text('{"agent": "oracle"}')
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["eval", "--agnt", "x"], "no option --agnt; did you mean --agent?", 2),
        (["eval", "--config", "{}/config.yaml"], "no option 'agnt'; did you mean agent?", 2),
        (["train", "--solver_group", "x"], "got x, expected tuple, problem or null", 2),
        (["eval", *ONE, "--judge_options.words=3"], "judge 'format': got an unexpected", 2),
        (["compare", *PAIR, "--judge_options.words=3"], "judge 'format': got an unexpected", 2),
        (["eval", *ONE, "--sandbox_options.workers=x"], "workers: got 'x', expected", 2),
        (["compare", *PAIR, "--sandbox_options.wrokers=1"], "its options are: workers", 2),
        (
            ["grade", "{}/bad.jsonl", *TWO_SUM, "--sandbox_options.a=1"],
            "its options are: workers",
            2,
        ),
        (["train", "--run", "{}/run", "--judge_options.words=3"], "judge 'format': got an", 2),
        (["train", "--run", "{}/run", *LOCAL, "--sandbox_options.a=1"], "its options are", 2),
        (["eval", "--problems", "[]"], "no path and no problems named '[]'", 2),
        (["eval", "--json", "/proc/out.json"], "expected a file in a folder", 2),
        (["problems", "list", "samples", "--filters.min_tests=lots"], "got 'lots'", 2),
        (["problems", "stats", "samples", "--plot", "x.xyz"], "ends in .png, .svg, .pdf", 2),
        (["report", "{}/evaluation"], "none of the 1 runs can be shown", 2),
        (["problems", "list", "{}/bad.jsonl"], "bad.jsonl:2: not JSON", 1),
        (["problems", "list", "{}/cut.parquet"], "cut.parquet: half a download", 1),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_one_line_and_the_exit_code_of_its_kind(files, arguments, message, code):
    done = cppo(*(argument.replace("{}", str(files)) for argument in arguments))
    assert message in fault(done, code)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sanbox": "local"}, "no argument 'sanbox'; did you mean 'sandbox'"),
        ({"k": 1.5}, "k: got 1.5, expected a whole number"),
        ({"k": "4"}, "k: got '4', expected a whole number"),
        ({"dificulty": "easy"}, "did you mean 'difficulty'"),
    ],
    ids=str,
)
def test_arguments_of_make_that_cannot_work(arguments, message):
    with pytest.raises(UsageError, match=message):
        gym.make("CPPO-Samples-v0", **{"sandbox": "local", **arguments})


def test_a_union_becomes_a_list_of_names():
    dump = (
        """Parser key "loss": Does not validate against any of the Union subtypes Subtypes: """
        """[typing.Literal['a', 'b'], <class 'NoneType'>] Errors: """
        """- Expected a typing.Literal['a', 'b'] """
        """- Expected a <class 'NoneType'> Given value type: <class 'str'> Given value: c"""
    )
    assert plain(dump, []) == "loss: got c, expected a, b or null"
    assert plain("something else", []) == "something else"


def test_what_nobody_foresaw_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import platform\n"
        "def broken():\n    raise RuntimeError('the clock is gone')\n"
        "platform.python_version = broken\n"
    )
    message = fault(cppo("doctor", env={"PYTHONPATH": str(tmp_path)}), 1)
    assert "RuntimeError: the clock is gone; CPPO_TRACEBACK=1 shows where" in message


def test_an_imported_path_is_a_set_with_a_name(tmp_path):
    from tests.support.records import apps, write_lines

    path = write_lines(tmp_path / "mine.jsonl", [apps()])
    environment = {"CPPO_DATA": str(tmp_path / "data")}
    done = cppo("problems", "import", path, env=environment)
    assert done.returncode == 0, done.stderr
    assert "--problems mine" in done.stdout
    out = tmp_path / "sets.json"
    cppo("problems", "list", "--json", out, env=environment)
    assert json.loads(out.read_text())["sets"]["mine"] == 1
    assert "1 problem" in cppo("problems", "list", "mine", env=environment).stdout
    assert len(load_problems(tmp_path / "data/mine-store")) == 1
