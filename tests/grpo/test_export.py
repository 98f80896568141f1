"""`cppo export`: merged weights that transformers loads again, with a model card."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from cppo_grpo.commands.export import ExportConfig, export
from cppo_grpo.runs.folder import Run
from cppo_grpo.stages.export import base_license
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from cppo_env import CppoError, UsageError
from tests.support.cli import cppo, fault
from tests.support.disks import small_disk
from tests.support.tiny_runs import LEARNING, carry_out, weights


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return carry_out(tmp_path_factory.mktemp("runs") / "base", **LEARNING, eval_episodes=4)


@pytest.fixture(scope="module")
def adapted(base: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with LoRA on the model of the other run, whose card names a licence."""
    folder = tmp_path_factory.mktemp("models") / "base"
    shutil.copytree(base.model, folder)
    (folder / "README.md").write_text("---\nlibrary_name: transformers\nlicense: gemma\n---\n# x\n")
    settings = {**LEARNING, "warm_start_steps": 0, "lr": 1e-2, "lora_rank": 4}
    return carry_out(folder.with_name("adapted"), model=str(folder), **settings)


def test_merged_weights_are_those_of_the_run(base: Run, adapted: Run, tmp_path: Path) -> None:
    ids = torch.arange(40)[None]
    for run in (base, adapted):
        output = tmp_path / run.path.name
        result = export(ExportConfig(run.path, output))
        model = AutoModelForCausalLM.from_pretrained(output)
        expected = AutoModelForCausalLM.from_pretrained(run.model)
        start = AutoModelForCausalLM.from_pretrained(run.reference)
        with torch.no_grad():
            torch.testing.assert_close(model(ids).logits, expected(ids).logits)
            assert not torch.allclose(model(ids).logits, start(ids).logits)
        assert result["parameters"] == sum(one.numel() for one in model.parameters())
        tokenizer = AutoTokenizer.from_pretrained(output)
        assert tokenizer.chat_template == AutoTokenizer.from_pretrained(run.model).chat_template
        assert not list(output.glob("adapter*"))


def test_the_card_says_base_licence_data_settings_and_figures(
    base: Run, adapted: Run, tmp_path: Path
) -> None:
    export(ExportConfig(base.path, tmp_path / "own"))
    card = (tmp_path / "own" / "README.md").read_text()
    assert "base: made from scratch by this run" in card and "license:" not in card
    assert "CPPO-Strategies-v0" in card and base.recorded[-1]["problems"]["fingerprint"] in card
    [after] = base.log.rows("after")
    assert f"| after | {after['pass_at_k']:.3f} |" in card
    assert "exported after 4 of 4 steps" in " ".join(card.split())

    result = export(ExportConfig(adapted.path, tmp_path / "adapted"))
    card = (tmp_path / "adapted" / "README.md").read_text()
    assert result["license"] == "gemma"
    assert f"base_model: {adapted.config.model}\nlicense: gemma\n" in card
    assert "LoRA adapter (rank 4) merged" in " ".join(card.split())
    assert "The run made no evaluation" in card
    assert "| lora_rank | 4 |" in card
    stored = json.loads((tmp_path / "adapted" / "cppo_config.json").read_text())
    assert stored["lora_rank"] == 4


def test_an_unfinished_run_gives_its_newest_checkpoint(base: Run, tmp_path: Path) -> None:
    path = tmp_path / "killed"
    shutil.copytree(base.path, path)
    shutil.rmtree(path / "model")
    newest = max((path / "checkpoints").iterdir())
    shutil.rmtree(newest)
    assert export(ExportConfig(path))["step"] == 3
    assert (path / "export" / "model.safetensors").exists()
    with pytest.raises(UsageError, match="exists and is not empty"):
        export(ExportConfig(path))
    shutil.rmtree(path / "checkpoints")
    with pytest.raises(UsageError, match="holds no checkpoint"):
        export(ExportConfig(path, tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_the_command_line(base: Run, tmp_path: Path) -> None:
    output, file = tmp_path / "x", tmp_path / "result.json"
    done = cppo("export", base.path, "--output", output, "--json", file)
    assert done.returncode == 0, done.stderr
    assert json.loads(file.read_text())["step"] == 4
    assert weights(base.path).keys() == load_file(output / "model.safetensors").keys()
    assert "holds no run" in fault(cppo("export", tmp_path / "nothing"), 2)


def test_a_licence_is_read_from_the_card_of_the_base_alone(tmp_path: Path) -> None:
    assert base_license(None) is None
    assert base_license(str(tmp_path)) is None
    assert base_license("no-owner/no-such-model") is None
    (tmp_path / "README.md").write_text("license: mit\n")
    assert base_license(str(tmp_path)) is None
    (tmp_path / "README.md").write_text("---\nlicense: 'apache-2.0'\n---\n")
    assert base_license(str(tmp_path)) == "apache-2.0"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
@pytest.mark.parametrize("share", [0.5, 1.02])
def test_a_full_disk_is_one_line_and_leaves_nothing(
    base: Run, tmp_path: Path, share: float
) -> None:
    """While the weights are written, and while the tokenizer is."""
    small, size = tmp_path / "small", (base.model / "model.safetensors").stat().st_size
    with small_disk(small, str(int(share * size))):
        with pytest.raises(CppoError, match=r"cannot write .*No space left.*free some space"):
            export(ExportConfig(base.path, small / "model"))
        assert not [*small.iterdir()]
