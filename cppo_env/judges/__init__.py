"""Judges: gates J on a tuple of methods. Those here need no model; each is one small file.

    format      form: K non-empty lines of at most `max_words` words, no code, no exact duplicates
    accept      accepts everything: the ablation without a gate
    A*B         the product of judges A and B (`cppo_env.judges.product`)

`distinct`, `verbaliser` and `llm` are in `cppo_agents.judges`. docs/gates.md says what each can see
and what it cannot.
"""

from cppo_env.judges.accept import AcceptJudge
from cppo_env.judges.form import MAX_JUDGED_WORDS, FormatJudge, folded, repeats_a_method
from cppo_env.judges.product import ProductJudge, check_judge, make_judge

__all__ = [
    "MAX_JUDGED_WORDS",
    "AcceptJudge",
    "FormatJudge",
    "ProductJudge",
    "check_judge",
    "folded",
    "make_judge",
    "repeats_a_method",
]
