"""The model that the vLLM tests sample from."""

from pathlib import Path

import pytest
from cppo_grpo.commands.export import ExportConfig, export
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.support.tiny_runs import carry_out


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small model that writes readable plans, with tied and with untied embeddings.

    `exported` is what `cppo export` makes of a run with it.
    """
    made = carry_out(
        tmp_path_factory.mktemp("start") / "run", hidden=64, layers=2, warm_start_steps=120, steps=1
    )
    model = AutoModelForCausalLM.from_pretrained(made.reference)
    config = type(model.config).from_dict(model.config.to_dict() | {"tie_word_embeddings": False})
    untied = type(model)(config)
    untied.load_state_dict(model.state_dict())
    folder = tmp_path_factory.mktemp("untied")
    untied.save_pretrained(folder)
    AutoTokenizer.from_pretrained(made.reference).save_pretrained(folder)
    exported = tmp_path_factory.mktemp("exported") / "model"
    export(ExportConfig(made.path, exported))
    return {"tied": made.reference, "untied": folder, "exported": exported}
