"""Every command answers --help, and bad usage gives one line that says what to do."""

import os
import subprocess
import sys

import pytest

from cppo_env import plugins
from tests.support.cli import NO_ENGINE, cppo, fault, without_package

COMMANDS = plugins.names("commands")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name):
    done = cppo(*name.split("."), "--help", anew=True)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith(f"usage: cppo {name.replace('.', ' ')} ")
    assert "--json PATH" in done.stdout


def test_a_config_that_is_no_text_is_one_line(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_bytes(b"\xff\xfe")
    assert "--config: got a file that is no text" in fault(cppo("eval", "--config", str(config)), 2)


def test_a_key_that_a_config_has_twice_is_refused(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("filters: {split: test}\nk: 2\nfilters: {size: 3}\n")
    said = fault(cppo("eval", "--config", str(config)), 2)
    assert "line 3: filters is given a second time" in said
    config.write_text("filters: &a {split: test}\noptions: {<<: *a, k: 2}\nk: 2\n")  # no repeat
    assert "second time" not in fault(cppo("eval", "--config", str(config), "--agent", "no"), 2)


def test_a_config_that_is_nested_too_deeply_is_refused(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(f"filters: {'[' * 3000}{']' * 3000}\n")
    assert "it is nested too deeply" in fault(cppo("eval", "--config", str(config)), 2)


@pytest.mark.parametrize(
    "text", ["filters: &a {x: *a}", "filters: &a [*a]", "no: &a {b: &b {c: *a}}", "&a {<<: *a}"]
)
def test_a_value_that_is_a_part_of_itself_is_refused(text, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(f"{text}\n")
    said = fault(cppo("eval", "--config", str(config), timeout=60), 2)
    assert "line 1: an alias (*) stands for a value that it is a part of" in said


def test_without_arguments_it_lists_the_commands_with_a_line_each():
    done = cppo()
    assert done.returncode == 0
    for name in COMMANDS:
        [line] = [
            line
            for line in done.stdout.splitlines()
            if line.strip().startswith(name.replace(".", " ") + " ")
        ]
        assert len(line.split()) > 3


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_lists_of_commands_and_help_keep_to_the_width_of_the_terminal(columns: int):
    wide = {"COLUMNS": str(columns)}
    for arguments in ([], ["problems"], ["run", "--help"]):
        shown = cppo(*arguments, anew=True, env=wide).stdout
        assert max(map(len, shown.splitlines())) <= columns


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evl"], "no command 'evl'; did you mean 'eval'?"),
        (["problems", "lst"], "no command 'problems lst'; did you mean 'problems list'?"),
        (["eval", "--agnet", "oracle"], "--agnet"),
        (["eval", "--k", "four"], "k: got four, expected a whole number"),
        (["eval", "--agent", "orcale"], "did you mean 'oracle'"),
        (["eval", "--sandbox", "dcoker"], "did you mean 'docker'"),
        (["grade"], "program"),
    ],
)
def test_bad_usage_is_one_line(arguments, message):
    assert message in fault(cppo(*arguments), 2)


def test_a_page_that_cannot_be_written_is_told_before_anything_is_compared(tmp_path):
    page = tmp_path / "nowhere" / "page.html"
    said = fault(cppo("compare", tmp_path, tmp_path, "--html", page), 2)
    assert f"--html: got {page}, expected a file in a folder that exists" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "CPPO-APS-v0"], "CPPO-APPS"),
        (["--env", "CartPole-v1"], "expected one of CPPO-"),
        (["--problems", "/no/such/folder"], "/no/such/folder"),
        (["--problems", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--k", "0"], "k: got 0, expected 1 to 26"),
        (["--k", "27"], "k: got 27, expected 1 to 26"),
        (["--batch", "0"], "batch: got 0, expected 1 or more"),
        (["--judge", "strict"], "no judges named 'strict'"),
        (
            ["--agent", "chat", "--options.model=m", "--options.strategy=tupel"],
            "did you mean 'tuple'",
        ),
        (["--agent", "chat"], "model: got none for the planner and the solver"),
        (
            ["--json", "/no/such/folder/out.json"],
            "--json: got /no/such/folder/out.json, expected a file in a folder",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_said_in_one_line(arguments, message):
    done = cppo("eval", "--sandbox", "local", *arguments)
    assert message in fault(done, done.returncode)
    assert done.returncode in (1, 2)


def test_a_program_that_does_not_exist_or_is_no_text(tmp_path):
    assert "nothing.py" in fault(cppo("grade", tmp_path / "nothing.py"), 1)
    program = tmp_path / "program.py"
    program.write_bytes(b"print('\xff')")
    assert "not UTF-8" in fault(cppo("grade", program, "--problem", "echo"), 2)


def test_no_engine_is_said_in_one_line():
    message = fault(cppo("eval", "--sandbox", "docker", "--limit", 1, env=NO_ENGINE), 1)
    assert "engine" in message


def test_a_missing_extra_is_named(tmp_path):
    absent = without_package(tmp_path, "docker", "openai", "scipy")
    message = fault(cppo("eval", "--sandbox", "docker", "--limit", 1, env=absent), 1)
    assert "[docker]'" in message
    chat = ["--agent", "chat", "--options.model=m", "--options.base_url=http://127.0.0.1:9/v1"]
    assert "[openai]'" in fault(cppo("eval", *chat, env=absent), 1)


def test_a_missing_torch_is_named_and_the_core_does_without(tmp_path):
    absent = without_package(tmp_path, "torch")
    assert "[grpo]'" in fault(cppo("train", env=absent), 1)
    assert cppo("problems", "list", env=absent).returncode == 0


def test_a_reader_that_leaves_ends_the_command_without_a_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", "from cppo_env.cli import main; main(['--help'])"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 1
