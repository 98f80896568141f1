"""The model check on tiny random models of many architectures, as a table.

    PYTHONPATH=. python benchmarks/architectures.py --json benchmarks/results/architectures.json

For each: its layers, whether the learner computes a shared prompt once, its final function, and how
far the log-probs of learner and sampler are from those of the model's own logits (nats, float32).
The shapes are those of the tests.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import torch
import transformers
from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.models.check import check_model, context_of
from cppo_agents.models.lengths import Lengths
from cppo_grpo.model.own_log_probs import own_log_probs
from cppo_grpo.model.policy import PROBES, Policy, completion_mask
from cppo_grpo.samplers.transformers import TransformersSampler
from cppo_grpo.stages.model_check import DRAWN, PROMPTS, learner_rows, sampler_rows

from cppo_env.provenance import commit, machine, versions
from tests.support.architectures import SHAPES, make_random, make_tokenizer

COLUMNS = ("layers", "prompts shared", "logits", "learner's gap", "sampler's gap")


def row(name: str) -> dict[str, Any]:
    """What the check finds out about one architecture."""
    config = SHAPES[name]()
    model = make_random(config)
    sampler = TransformersSampler(model)
    drawn = sampler.sample(PROMPTS, DRAWN)
    written = [one.token_ids for one in drawn]
    sampled = torch.tensor([logp for one in drawn for logp in one.log_probs])
    limits = Lengths(16, 64, context_of(config))
    check = check_model(name, config, ChatFormat(make_tokenizer()), limits).plus(
        [*sampler_rows(sampler), *learner_rows(model)]
    )
    found = {one.name: one.value for one in check.required().rows}
    with torch.no_grad():
        learnt = Policy(model)(*PROBES, 1.0)[completion_mask(PROBES[1])]
    plain = make_random(SHAPES[name]())  # the learner's has its attention replaced
    return {
        "layers": found["attention"],
        "prompts shared": found["prompts shared"],
        "logits": found["logits"],
        "learner's gap": gap(plain, *PROBES, learnt),
        "sampler's gap": gap(plain, PROMPTS, written, sampled),
    }


def gap(model: Any, prompts: Any, completions: Any, logps: torch.Tensor) -> float:
    """The largest difference of log-probs from those of the model's own logits."""
    pairs = zip(prompts, completions, strict=True)
    own = torch.cat([own_log_probs(model, *pair) for pair in pairs])
    return float((logps - own).abs().max())


def main() -> None:
    """Print the table in Markdown, and store it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, required=True, help="the table as data")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    rows = {name: row(name) for name in SHAPES}
    content = {"versions": versions(), "commit": commit(), "machine": machine(), "rows": rows}
    options.json.write_text(json.dumps(content, indent=2) + "\n")
    print("| architecture |", " | ".join(COLUMNS), "|")
    print("| --- |", " | ".join("---" for _ in COLUMNS), "|")
    for name, found in rows.items():
        shown = [f"{one:.1e}" if isinstance(one, float) else one for one in found.values()]
        print(f"| {name} |", " | ".join(shown), "|")


if __name__ == "__main__":
    main()
