"""A trained model as others use it: merged weights, tokenizer, settings and a model card."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import torch
from cppo_agents.models.loading import load_model, load_tokenizer

from cppo_env.errors import UsageError
from cppo_grpo.changes import unusual
from cppo_grpo.model.lora import add_adapter
from cppo_grpo.model.policy import Policy
from cppo_grpo.model.weights import save_whole, state_to_save
from cppo_grpo.runs.atomic import whole_folder
from cppo_grpo.runs.checkpoints import best_checkpoint, load_weights, newest_checkpoint
from cppo_grpo.runs.folder import Run


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote."""

    output: Path
    step: int
    """Steps that the weights were trained for."""
    base: str | None
    """The model that the run started from; None for one made from scratch."""
    license: str | None
    """Licence of the base, where its model card names one."""
    parameters: int


def export_model(run: Run, output: Path) -> Exported:
    """Write the run's weights as transformers reads them.

    They are those of its newest intact checkpoint, or of the best one with `final_weights=best`.

    Raises:
        CppoError: the best checkpoint is lost or damaged.
        UsageError: the run has no checkpoint, or `output` exists and is not an empty folder.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(f"output: {output} exists and is not empty; give another --output")
    checkpoint, config = _checkpoint(run), run.config
    model = load_model(str(run.reference), torch.float32)
    parameters: int = model.num_parameters()
    tokenizer = load_tokenizer(str(run.reference))
    adapted = add_adapter(model, config) if config.lora_rank else model
    policy = Policy(adapted, share_prompts=False)
    step = load_weights(checkpoint, policy)
    exported = Exported(output, step, config.model, base_license(config.model), parameters)
    with whole_folder(output) as partial:
        save_whole(policy.model, partial, state_to_save(policy.model))
        tokenizer.save_pretrained(partial)
        run.prompts.save(partial / "prompts")
        (partial / "cppo_config.json").write_text(config.to_json())
        (partial / "README.md").write_text(model_card(run, exported))
    return exported


def _checkpoint(run: Run) -> Path:
    """The checkpoint of the weights that the run ends with, as far as it got."""
    if run.config.final_weights == "best" and run.log.rows("eval"):
        return best_checkpoint(run.checkpoints)
    newest = newest_checkpoint(run.checkpoints)
    if newest is None:
        raise UsageError(
            f"{run.path} holds no checkpoint, so nothing was learnt yet; go on with cppo train "
            f"--resume {run.path}"
        )
    return newest


def model_card(run: Run, exported: Exported) -> str:
    """The text of `README.md`: base, licence, data, settings, figures."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    template = environment.from_string(
        files("cppo_grpo.runs").joinpath("templates/model_card.md").read_text("utf-8")
    )
    recorded = run.recorded[-1] if run.recorded else {}
    return template.render(
        name=run.path.resolve().name,
        config=run.config,
        step=exported.step,
        base=exported.base,
        license=exported.license,
        parameters=exported.parameters,
        dtype="float32",
        prompts=run.prompts.identity,
        problems=recorded.get("problems"),
        versions=recorded.get("versions"),
        commit=recorded.get("commit"),
        figures={when: rows[-1] for when in ("before", "after") if (rows := run.log.rows(when))},
        changed={
            name: json.dumps(value, default=str) for name, value in unusual(run.config).items()
        },
    )


def base_license(base: str | None) -> str | None:
    """The `license` in the front matter of the base's model card, if it is on this machine."""
    if base is None:
        return None
    card = Path(base) / "README.md"
    if not card.exists():
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError

        try:
            cached = try_to_load_from_cache(base, "README.md")
        except HFValidationError:  # a folder that is not there any more
            return None
        if not isinstance(cached, str):
            return None
        card = Path(cached)
    front = re.match(r"---\r?\n(.*?)\r?\n---", card.read_text("utf-8"), re.DOTALL)
    named = front and re.search(r"^license:\s*(\S+)\s*$", front[1], re.MULTILINE)
    return named[1].strip("'\"") if named else None
