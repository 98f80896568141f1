"""The model check on tiny shapes of many architectures, and through the commands."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.models.check import ModelCheck, check_model, context_of, prompts_row
from cppo_agents.models.lengths import Lengths
from cppo_agents.models.loading import load_tokenizer
from cppo_grpo.samplers.transformers import TransformersSampler
from cppo_grpo.stages.model_check import learner_rows, sampler_rows

from cppo_env.errors import UsageError
from cppo_env.prompts import load_prompts
from tests.support.architectures import (
    CHATML,
    NO_SYSTEM,
    SHAPES,
    THINKS,
    make_random,
    make_tokenizer,
    save,
)
from tests.support.cli import cppo, fault

SHORT = ("--max_tokens_plan", 16, "--max_tokens_solve", 64)


def checked(config: Any, tokenizer: Any, *, solve: int = 64) -> ModelCheck:
    chat = ChatFormat(tokenizer)
    return check_model("tiny", config, chat, Lengths(16, solve, context_of(config)))


def values(check: ModelCheck) -> dict[str, str]:
    return {row.name: row.value for row in check.rows}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_an_architecture_is_accepted_by_sampler_and_learner(name: str) -> None:
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    config = SHAPES[name]()
    model = make_random(config)
    check = checked(config, make_tokenizer()).plus(
        [*sampler_rows(TransformersSampler(model)), *learner_rows(model)]
    )
    found = values(check.required())
    assert found["sampler"] == "draws with the model's own log-probs"
    assert found["end tokens"] == "<|im_end|> (4)"
    layers = {"BLOOM": "2 full, ALiBi positions", "DeepSeek-V3": "2 full, latent keys and values"}
    layers |= {"Gemma 2": "1 sliding (64), 1 full", "Qwen3.5": "1 linear, 1 full"}
    assert found["attention"] == layers.get(name, found["attention"])
    logits = {"Granite": "scaled by 0.125", "Gemma 2": "soft-capped at 30"}
    assert found["logits"] == logits.get(name, found["logits"])


def test_what_deserves_a_note_is_noted() -> None:
    config = SHAPES["Llama 3"]()
    assert checked(config, make_tokenizer()).lines == ["model check: tiny: fine in all 11 points"]
    for template, name, value in (
        (None, "chat template", "none, so the plain one of docs/models.md"),
        (NO_SYSTEM, "system text", "no turn of its own, so it goes into the user's"),
        (THINKS, "special tokens", "texts begin with <s>, but the template leaves it out"),
        ("{{ bos_token }}" + CHATML, "special tokens", "prompts begin with 2 <s>"),
    ):
        check = checked(config, make_tokenizer(template, eos="</s>"))
        assert f"model check: {name}: {value}" in check.lines
        assert check.required() is check
    thinks = checked(config, make_tokenizer(THINKS))
    assert values(thinks)["thinking"].startswith("always on")


def test_prompts_that_no_problem_fits_are_noted() -> None:
    chat = ChatFormat(make_tokenizer())
    for context, standing in ((256, "note"), (4096, "ok")):
        row = prompts_row(chat, load_prompts("plain"), Lengths(16, 64, context))
        assert row.standing == standing
        assert ("no problem fits" in row.value) == (standing == "note")


def test_ids_beyond_the_embedding_and_limits_beyond_the_context_are_refused() -> None:
    small = SHAPES["GPT-2"]()
    small.vocab_size = 200
    with pytest.raises(UsageError, match="ids up to 260, the embedding only 200 rows"):
        checked(small, make_tokenizer()).required()
    with pytest.raises(UsageError, match="256 tokens leave 40 for a prompt beside a solution of"):
        checked(SHAPES["GPT-2"](), make_tokenizer(), solve=200).required()


def test_the_command_writes_its_table_and_refuses_in_one_line(tmp_path: Path) -> None:
    model = save(tmp_path / "model", SHAPES["Gemma 2"](), make_tokenizer(NO_SYSTEM))
    done = cppo("model", "check", model, *SHORT, "--json", tmp_path / "check.json")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "check.json").read_text())
    assert result["works"]
    assert {"name": "logits", "value": "soft-capped at 30", "standing": "ok"} in result["rows"]
    assert "no turn of its own" in done.stdout
    refused = cppo("model", "check", model, "--json", tmp_path / "check.json")
    assert "256 tokens leave 0 for a prompt" in fault(refused, 1)
    assert not json.loads((tmp_path / "check.json").read_text())["works"]
    assert "expected a folder" in fault(cppo("model", "check", tmp_path / "nothing"), 2)


def test_an_empty_tokenizer_in_place_of_a_missing_one_is_refused(tmp_path: Path) -> None:
    """transformers makes one for Qwen3; its prompts were empty."""
    model = save(tmp_path / "model", SHAPES["Qwen3"](), make_tokenizer())
    for file in model.glob("*token*"):
        file.unlink()
    (model / "chat_template.jinja").unlink(missing_ok=True)
    with pytest.raises(UsageError, match="tokenizer turns text into no tokens; put the files"):
        load_tokenizer(str(model))


@pytest.mark.parametrize("missing", ["tokenizer", "config", "weights"])
def test_a_damaged_folder_is_refused_in_one_line(tmp_path: Path, missing: str) -> None:
    model = save(tmp_path / "model", SHAPES["Llama 3"](), make_tokenizer())
    names = {"tokenizer": "tokenizer*", "config": "config.json", "weights": "model.safetensors"}
    for file in model.glob(names[missing]):
        file.unlink() if missing != "weights" else file.write_bytes(b"torn")
    assert "expected a folder or hub name" in fault(cppo("model", "check", model, *SHORT), 2)


def test_a_name_that_is_nowhere_is_one_line_though_the_hub_is_silent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub = {"HF_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        hub["HF_HOME"] = str(tmp_path)
        done = cppo("train", "--dry_run", "true", "--model", "no/such", env=hub, timeout=60)
    said = fault(done, 2)
    assert "got 'no/such', expected a folder" in said
    assert "the hub does not answer; correct the name" in said
