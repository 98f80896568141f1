"""`cppo sft` on bundled problems with a tiny model: what it learns, resumes and refuses."""

import json
import shutil
from dataclasses import replace

import pytest
from cppo_grpo.recipe.gold import read_tuples
from cppo_grpo.recipe.json_lines import append_line
from cppo_grpo.recipe.sft import SftConfig
from cppo_grpo.runs.stage_folder import StageFolder
from cppo_grpo.stages.sft import sft
from cppo_grpo.stages.sft_data import sft_data
from rich.console import Console
from safetensors.torch import load_file

from cppo_env import load_problems, make_sandbox
from cppo_env.errors import UsageError

TINY = SftConfig(
    env="CPPO-Strategies-v0",
    filters={"size": 48},
    held_out=0.15,
    plans_per_problem=4,
    epochs=6,
    batch=8,
    temperature_plan=0.5,
    lr=1e-2,
    hidden=64,
    layers=1,
    sampled_plans=12,
    max_tokens_plan=60,
)


def carried_out(config):
    folder = StageFolder.open("sft", config)
    problems = folder.config.source.load()
    return folder, sft(folder, problems, None, Console(quiet=True))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return carried_out(replace(TINY, run=tmp_path_factory.mktemp("runs") / "sft"))


def test_a_tiny_planner_learns_to_write_plans_that_the_judge_accepts(finished):
    folder, result = finished
    before, after = result["plans_before"], result["plans_after"]
    assert (before["parse_rate"], before["acceptance"]) == (0, 0)
    assert after["parse_rate"] >= 0.75 and after["acceptance"] >= 0.2
    assert result["held_out_loss"] < result["held_out_loss_before"] / 3
    assert result["held_out_problems"] == 7 and result["demonstrations"]["train"] == 4 * 41
    assert (folder.model / "tokenizer.json").exists()


def test_a_run_that_was_broken_off_ends_as_the_whole_one(finished, tmp_path):
    folder, result = finished
    other = tmp_path / "sft"
    shutil.copytree(folder.path, other)
    for made in ("model", "result.json", "checkpoints/best"):
        path = other / made
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    again = StageFolder.open("sft", SftConfig(resume=other))
    [last] = [p for p in (other / "checkpoints").iterdir()]
    shutil.rmtree(last)  # nothing is left but the settings and the log
    repeated = sft(again, TINY.source.load(), None, Console(quiet=True))
    assert repeated["held_out_loss"] == result["held_out_loss"]
    first, second = (load_file(p / "model" / "model.safetensors") for p in (folder.path, other))
    assert all((first[name] == second[name]).all() for name in first)


def test_programs_that_fail_are_left_out_and_counted():
    problems = load_problems("strategies", size=3)
    config = replace(TINY, regions="solve", held_out=0.0)
    with make_sandbox("local") as sandbox:
        data = sft_data(config, problems, sandbox)
    assert len(data.train) >= 1
    assert sum(data.left_out.values()) == 12 - len(data.train)
    assert set(data.left_out) == {"program with verdict WA"}
    assert all(one.answer.startswith("```python\n") for one in data.train)


def test_tuples_are_split_by_statement_and_carry_their_programs(tmp_path):
    problems = load_problems("samples")
    file = tmp_path / "gold.jsonl"
    for problem in [problems[0], problems[1], problems[0]]:
        row = {"problem_id": problem.id, "methods": [f"way  {i}" for i in range(4)]}
        append_line(file, row | {"programs": ["print(1)", None, None, None]})
    config = SftConfig(tuples=(str(file),), regions="both", check_programs=False, held_out=0.5)
    data = sft_data(config, problems, None)
    assert {len(data.train), len(data.held_out)} == {2, 4}
    [held] = data.held_out_problems
    for shown, inside in ((data.train, False), (data.held_out, True)):
        for one in shown:
            asked = one.messages[1]["content"]
            assert (held.statement.strip()[:60] in asked) == inside
    assert "A: way 0\nB: way 1" in data.train[0].answer


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"problem_id": "a", "methods": ["x", "y"]}', ":2: 'a' has 2 methods, expected K = 4"),
        ('{"problem_id": "a", "methods": ["x", "y", "z", " "]}', ":2: a method of 'a' is empty"),
        (
            '{"problem_id": "a", "methods": ["sort", "heap", "scan", "Sort."]}',
            ":2: 'a' repeats a method, expected 4 different ones",
        ),
        ('{"problem": "a"}', ":2: got the fields problem, expected"),
        ("[1]", ":2: got list, expected"),
        ("{", ":2 is no JSON"),
        (
            '{"problem_id": "a", "methods": ["1","2","3","4"], "programs": ["p"]}',
            ":2: programs: expected 4 texts or null",
        ),
    ],
)
def test_faulty_tuples_are_one_line_with_their_number(tmp_path, line, message):
    file = tmp_path / "gold.jsonl"
    good = '{"problem_id": "a", "methods": ["1", "2", "3", "4"]}\n'
    file.write_text(good + line + "\n" + good)
    with pytest.raises(UsageError) as caught:
        read_tuples([file], 4)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_write_that_was_cut_off_costs_its_line(tmp_path, caplog):
    file = tmp_path / "gold.jsonl"
    good = '{"problem_id": "a", "methods": ["1", "2", "3", "4"]}\n'
    file.write_text(good + good[:20])
    assert len(read_tuples([file], 4)) == 1
    assert "gold.jsonl:2 was cut off while it was written; dropped" in caplog.text
    append_line(file, json.loads(good))
    assert len(read_tuples([file], 4)) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": 0.0}, "lr: got 0.0, expected more than 0"),
        ({"held_out": 1.0}, "held_out: got 1.0, expected 0 to below 1"),
        ({"batch": 0}, "batch: got 0, expected at least 1"),
        ({"hidden": 16}, "hidden: got 16, expected 32, the width of a head, to 8192"),
    ],
)
def test_settings_out_of_range_are_one_line(settings, message):
    with pytest.raises(UsageError, match=message):
        SftConfig(**settings).check()


def test_what_cannot_be_learnt_is_one_line(tmp_path):
    problems = load_problems("samples")
    with pytest.raises(UsageError, match="cannot be read"):
        sft_data(SftConfig(tuples=("no/such.jsonl",)), problems, None)
    file = tmp_path / "gold.jsonl"
    append_line(file, {"problem_id": "nowhere", "methods": ["1", "2", "3", "4"]})
    with pytest.raises(UsageError, match="nowhere"):
        sft_data(SftConfig(tuples=(str(file),)), problems, None)
    with pytest.raises(UsageError, match=r"nothing to learn \(41 left out: fewer than 9 named"):
        sft_data(SftConfig(k=9), problems, None)
    with pytest.raises(UsageError, match="holds no run of cppo sft"):
        StageFolder.open("sft", SftConfig(resume=tmp_path))
