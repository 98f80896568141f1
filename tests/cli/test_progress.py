"""`--progress`: one rule for every command, and `cppo completion`."""

import json
import shutil
import subprocess

import pytest

from tests.support.cli import cppo, fault

EVAL = "eval", "--agent", "oracle", "--limit", "8", "--sandbox", "local"


def test_json_lines_are_all_that_standard_output_holds(tmp_path):
    out = tmp_path / "out.json"
    done = cppo(*EVAL, "--progress", "json", "--json", out)
    *steps, end = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, end["event"], end["code"]) == (0, "end", 0)
    assert {one["event"] for one in steps} == {"progress"}
    assert steps[-1]["done"] == steps[-1]["total"] == 8
    assert json.loads(out.read_text())["n_problems"] == 8


def test_an_error_is_the_last_json_line_and_one_line_on_standard_error():
    done = cppo("eval", "--agent", "oracel", "--progress", "json")
    message = fault(done, 2)
    end = json.loads(done.stdout)
    assert end["code"] == 2 and end["error"] in message


def test_none_prints_nothing_and_the_environment_sets_the_rule_for_all():
    for rule in ({"CPPO_PROGRESS": "none"}, {}):
        done = cppo(*EVAL, *(() if rule else ("--progress", "none")), env=rule)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    plain = cppo(*EVAL, "--progress", "plain", env={"CPPO_PROGRESS": "none"})
    assert "pass@4" in plain.stdout and "8/8" in plain.stderr
    message = fault(cppo("problems", "list", env={"CPPO_PROGRESS": "loud"}), 2)
    assert "got 'loud', expected one of auto, plain, json, none" in message


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_shell_completes_commands_options_and_names_of_plug_ins(tmp_path):
    pytest.importorskip("shtab")
    script = tmp_path / "cppo.bash"
    script.write_text(cppo("completion", "bash").stdout)
    ask = (
        f"source {script}; COMP_WORDS=(cppo $@); COMP_CWORD=$#; "
        '_shtab_cppo cppo "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; echo "${COMPREPLY[@]}"'
    )

    def offered(*words):
        done = subprocess.run(["bash", "-c", ask, "bash", *words], capture_output=True, text=True)
        assert done.stderr == "" and done.returncode == 0
        return done.stdout.split()

    assert offered("tr") == ["train"]
    assert "list" in offered("problems", "l")
    assert offered("train", "--algorithm", "pk") == ["pkpo", "pkpo_loo", "pkpo_plain"]
    assert offered("eval", "--progress", "j") == ["json"]
    assert offered("train", "--tokens") == ["--tokens_every"]
