"""`cppo pipeline`: the whole recipe with minute settings, interrupted, resumed and changed."""

import gc
import json
import shutil
import signal
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from cppo_grpo.commands.pipeline import pipeline
from cppo_grpo.commands.pipeline.plan import make_plan
from cppo_grpo.commands.pipeline.steps import STEPS, carry_out_stage
from cppo_grpo.config import TrainConfig
from cppo_grpo.model.lora import add_adapter
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.weights import trainable_weights
from cppo_grpo.recipe.pipeline import KINDS, TRAINED, PipelineConfig
from cppo_grpo.stages.start import load_pair, write_model
from rich.console import Console

from cppo_env.errors import CppoError, UsageError

pytestmark = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)

CONFIGS = Path(__file__).parents[2] / "configs"
TRAIN = {"steps": 1, "problems_per_step": 2, "tuples": 2}
TINY = PipelineConfig(
    judge="format*verbaliser",
    judge_options={"verbaliser": {"allow_refused": True}},
    shared={
        **{"env": "CPPO-Strategies-v0", "sandbox": "local", "seed": 0},
        **{"max_tokens_plan": 40, "max_tokens_solve": 16, "allow_untrusted_sandbox": True},
    },
    sft={
        **{"filters": {"size": 16}, "regions": "both", "check_programs": False, "epochs": 2},
        **{"hidden": 32, "layers": 1, "sampled_plans": 4, "lr": 1e-2, "held_out": 0.15},
        "lora_rank": 2,
    },
    labels={"filters": {"size": 16}, "per_problem": 2},
    gate={"filters": {"size": 16}, "epochs": 1, "hidden": 32, "layers": 1},
    warm_up={**TRAIN, "lora_rank": 2},
    audit={"audit_steps": 1, "problems_per_step": 2, "tuples": 2},
    joint={**TRAIN, "eval_episodes": 2},
    evaluation={"limit": 2},
    policies=("sft", "joint+sft"),
)


def begun(folder: Path) -> dict[str, float]:
    """Stage → when its folder was made."""
    return {name: (folder / name).stat().st_mtime_ns for name in KINDS if (folder / name).exists()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A pipeline that was interrupted at its audit, a no-go, and went on without it."""
    folder = tmp_path_factory.mktemp("pipeline") / "run"
    with pytest.raises(CppoError, match=r"audit: no-go.*--skip") as stopped:
        pipeline(replace(TINY, run=folder))
    return folder, stopped.value.result, pipeline(replace(TINY, run=folder, skip=("audit",)))


def test_all_stages_are_carried_out_and_reported(finished):
    folder, stopped, result = finished
    status = {one["name"]: one["status"] for one in stopped["stages"]}
    assert (status["warm_up"], status["joint"]) == ("done", "not begun")
    assert "no-go" in stopped["failed"] and result["failed"] is None
    status = {one["name"]: one["status"] for one in result["stages"]}
    assert status == dict.fromkeys(KINDS, "done") | {"audit": "skipped"}
    assert json.loads((folder / "report.json").read_text()) == result
    page = (folder / "report.html").read_text()
    assert all(name.replace("_", " ") in page.replace("_", " ") for name in KINDS)
    [evaluation] = [one["result"] for one in result["stages"] if one["name"] == "evaluation"]
    assert {policy: found["n_problems"] for policy, found in evaluation.items()} == {
        "sft": 2,
        "joint+sft": 2,
    }
    used = json.loads((folder / "joint" / "config.json").read_text())
    assert used["model"] == str(folder / "warm_up" / "model")
    assert used["judge_options"]["verbaliser"]["model"] == str(folder / "gate" / "model")


def test_an_adapter_is_handed_on_merged_and_loads_over_the_base_that_it_names(finished, tmp_path):
    root = finished[0]
    named = json.loads((root / "warm_up" / "adapter" / "adapter_config.json").read_text())
    assert named["base_model_name_or_path"] == str(root / "sft" / "model")
    base, tokenizer = load_pair(str(root / "sft" / "model"))
    ids = tokenizer("Read the log, then", return_tensors="pt")["input_ids"]
    before = base(ids).logits
    policy = Policy(add_adapter(base, TrainConfig(lora_rank=2)))
    for weight in trainable_weights(policy.model).values():
        torch.nn.init.normal_(weight, std=0.1, generator=torch.Generator().manual_seed(0))
    source = str(root / "sft" / "model")
    write_model(policy, tokenizer, tmp_path / "model", tmp_path / "adapter", base=source)
    merged, adapted = (load_pair(str(tmp_path / one))[0] for one in ("model", "adapter"))
    torch.testing.assert_close(adapted(ids).logits, merged(ids).logits)
    assert not torch.allclose(before, merged(ids).logits)
    with pytest.raises(UsageError, match=r"an adapter that names no base; give .*model"):
        load_pair(str(root / "sft" / "adapter"))  # its base was made from scratch
    with pytest.raises(UsageError, match=r"did you mean '.*model'"):
        load_pair(str(tmp_path))


def test_what_is_done_is_not_done_again_and_a_change_redoes_what_follows(finished, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(finished[0], folder)
    before = begun(folder)
    again = replace(TINY, run=folder, skip=("audit",))
    pipeline(again)
    assert begun(folder) == before
    pipeline(replace(again, evaluation={"limit": 1}))
    after = begun(folder)
    assert {name for name in after if after[name] != before[name]} == {"evaluation"}
    assert [path.name for path in (folder / "replaced").iterdir()] == ["evaluation-1"]


def test_it_goes_on_from_another_folder_and_says_what_a_move_costs(finished, tmp_path, monkeypatch):
    here, moved = tmp_path / "here", tmp_path / "moved"
    shutil.copytree(finished[0], here / "run")
    monkeypatch.chdir(here)
    again = replace(TINY, skip=("audit",), policies=("sft",), evaluation={"limit": 2})

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(gc, "collect", stop)  # the evaluation is played and not noted yet
        pipeline(replace(again, run=Path("run")))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(here, moved)
    assert pipeline(replace(again, run=Path("here/run")))["failed"] is None
    with pytest.raises(UsageError, match=r"evaluation began in .*here/run.*; move .* or remove"):
        pipeline(replace(again, run=moved / "run"))
    shutil.rmtree(moved / "run" / "evaluation")
    assert pipeline(replace(again, run=moved / "run"))["failed"] is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"skip": ("warmup",)}, "skip: got 'warmup'; did you mean 'warm_up'"),
        ({"skip": ("gate", "labels")}, "but the gate is skipped; name its folder"),
        ({"joint": {"model": "x"}}, "joint.model: got 'x', but the pipeline decides it"),
        ({"joint": {"stepz": 1}}, "joint.stepz: unknown; did you mean 'steps'"),
        ({"joint": {"steps": "many"}}, "joint.steps: "),
        ({"warm_up": {"steps": -1}}, "warm_up.steps: got -1"),
        ({"policies": ("base",)}, "policies: got 'base'"),
        ({"shared": {"seed_": 1}}, "shared.seed_: no stage has it; did you mean 'seed'"),
        ({"gate": {"labels": "no-such-file"}}, "gate.labels: expected the stage labels"),
        ({"joint": None}, "joint: got None; input should be a valid dictionary"),
        ({"evaluation": {"env": "CPPO-Sample-v0"}}, "evaluation.env: got 'CPPO-Sample-v0'"),
        ({"joint": {2: 1}}, "joint: got {2: 1}; input should be a valid string"),
        ({"policies": ()}, "policies: got none, expected one, or --skip '[evaluation]'"),
        ({"labels": {"per_problem": 0}}, "labels.per_problem: got 0, expected at least 1"),
        ({"labels": {"kinds": ["fillers"]}}, "labels.kinds: got 'fillers'; did you mean 'filler'"),
        ({"labels": {"by": "judge", "judge": "lm"}}, "labels: no judges named 'lm'; did you mean"),
        ({"gate": {"rubric": "no-such-file"}}, "gate.rubric: there is no file no-such-file"),
        ({"policies": ("sft:tupel",)}, "policies: got 'sft:tupel'; did you mean 'tuple'"),
        (
            {"judge": "formatt*verbaliser"},
            "warm_up: no judges named 'formatt'; did you mean 'format'",
        ),
        (
            {"judge_options": {"verbaliser": {"threshold": 7}}},
            "warm_up: judge verbaliser: threshold: got 7, expected 0 to 1",
        ),
        (
            {"judge": "distinct*verbaliser", "judge_options": {"distinct": {"threshold": 7}}},
            "warm_up: judge distinct: threshold: got 7",
        ),
    ],
)
def test_faulty_settings_are_one_line_before_anything_begins(changes, message, tmp_path):
    with pytest.raises(UsageError) as raised:
        pipeline(replace(TINY, run=tmp_path / "run", **changes))
    assert message in str(raised.value) and "\n" not in str(raised.value)
    assert not (tmp_path / "run").exists()


def test_a_ctrl_c_while_a_stage_is_cleared_away_is_not_lost(tmp_path, monkeypatch):
    class Cycle:
        pass

    def make(*_):
        one = Cycle()
        one.itself = one
        weakref.finalize(one, signal.raise_signal, signal.SIGINT)  # Python swallows what it raises
        return {}

    monkeypatch.setitem(STEPS, "labels", make)
    [_, labels, *_] = make_plan(TINY)
    with pytest.raises(KeyboardInterrupt):
        carry_out_stage(labels, TINY, tmp_path, Console(quiet=True))


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    for run in (tmp_path, tmp_path / "thesis.tex"):
        with pytest.raises(UsageError, match="holds something else than a pipeline"):
            pipeline(replace(TINY, run=run))


@pytest.mark.parametrize(
    "record", ["null", '{"stages": 5}', '{"stages": {"sft": null}}', "[" * 9999]
)
def test_a_damaged_record_of_a_pipeline_is_one_line(record, tmp_path):
    (tmp_path / "pipeline.json").write_text(record)
    with pytest.raises(UsageError, match=r"pipeline\.json is no record of a pipeline"):
        pipeline(replace(TINY, run=tmp_path))


DEVICES = {"tiny": "cpu:8", "paper-4b": "h100x8", "paper-9b": "h100x8"}


@pytest.mark.parametrize("name", DEVICES)
def test_the_presets_are_planned_on_the_devices_that_they_are_for(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = yaml.safe_load((CONFIGS / f"pipeline-{name}.yaml").read_text())
    if name != "tiny":
        settings["gate"] = {"model": "Qwen/Qwen3-0.6B"}
    config = PipelineConfig(**settings, dry_run=True, assume=DEVICES[name])
    stages = pipeline(config)["stages"]
    assert [*stages] == [*KINDS] and not any(tmp_path.iterdir())
    for stage in TRAINED:
        plan = stages[stage]["memory"]
        assert plan["fits"] and plan["processes"] == config.processes
    assert stages["sft"]["memory"]["fits"]
    gates = [one for one in stages["joint"]["memory"]["parts"] if one["name"] == "gate"]
    assert len(gates) == (name != "tiny"), "a tiny gate is as good as none"
    assert stages["warm_up"]["memory"]["evaluation_programs"] == 0, "it plays plans only"
    steps = {"tiny": 8, "paper-4b": 13, "paper-9b": 13}[name]
    audit = stages["audit"]["memory"]
    assert audit["programs_per_run"] == steps * audit["programs_per_step"] > 0
    assert audit["disk_bytes"] == 4 * audit["parameters"], "it trains nothing"
    assert {path.stem for path in CONFIGS.glob("pipeline-*.yaml")} == {
        f"pipeline-{one}" for one in DEVICES
    }


def test_a_dry_run_plans_for_the_processes_of_the_pipeline(tmp_path, capsys):
    config = replace(TINY, run=tmp_path / "run", dry_run=True, skip=("warm_up", "audit"))
    found = pipeline(replace(config, assume="h100x8"))
    assert found["stages"]["joint"]["memory"]["processes"] == 1
    said = capsys.readouterr().out
    assert "sft: takes the references that its problems name, a tiny model made from" in said
    with pytest.raises(UsageError, match=r"processes: got 8, but 4 x h100 hold one each"):
        pipeline(replace(config, assume="h100x4", processes=8))
