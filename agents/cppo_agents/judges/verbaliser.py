"""`verbaliser`: P(Pass) of a small language model at the answer token; the paper's gate.

A frozen model reads the rubric, the problem and the methods; the softmax over the logits of its two
answer tokens at the last prompt token is p_ψ(Pass | x, S) (docs/method.md, section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cppo_agents.judges.gate_folder import check_threshold, read_gate
from cppo_agents.judges.rubric import FAIL, PASS, load_template, rubric_messages
from cppo_env.errors import UsageError
from cppo_env.plugins import missing_extra
from cppo_env.prompts import Messages
from cppo_env.types import Problem, Ruling

VERBALISER = "verbaliser"
"""The name of this judge."""

BATCH_SIZE = 16
DTYPE = "float32"
"""Plans that it reads side by side, and the type of its weights, unless its options differ."""

PAPER_THRESHOLD = 0.17
"""τ of the paper, a point of high recall of its own gate; another model needs another."""


class VerbaliserJudge:
    """Accepts a plan if the model's probability of "Pass" reaches τ.

    Args:
        model: folder that `cppo gate train` wrote, or folder or hub name of a chat model.
        threshold: τ. Default: that of the gate's folder, and .17 of a model without one.
        device: of the judge; it need not be the learner's. "auto" takes a GPU where there is one.
        batch_size: plans judged side by side.
        dtype: of the weights, such as "bfloat16".
        rubric: file of another rubric. Default: the gate's own, or the project's.
        allow_refused: use a gate that `cppo gate check` did not accept.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        UsageError: the model cannot be loaded, its answers are not one token each, or it is a gate
            that was not accepted.
    """

    def __init__(
        self,
        model: str,
        threshold: float | None = None,
        device: str = "auto",
        batch_size: int = BATCH_SIZE,
        dtype: str = DTYPE,
        rubric: str | None = None,
        allow_refused: bool = False,
    ):
        try:
            import torch

            from cppo_agents.models.chat_format import ChatFormat
            from cppo_agents.models.check import context_of
            from cppo_agents.models.loading import load_config, load_model, load_tokenizer
        except ModuleNotFoundError as error:
            raise missing_extra(error, "the verbaliser") from error
        gate = read_gate(model, allow_refused=allow_refused)
        if threshold is None:
            threshold = PAPER_THRESHOLD if gate is None else gate.threshold
        check_threshold(threshold)
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.threshold = threshold
        self._torch: Any = torch
        self._template = gate.rubric if gate and rubric is None else load_template(rubric)
        load_config(model)
        tokenizer = load_tokenizer(model)
        self._model = load_model(model, dtype).to(device).eval().requires_grad_(False)
        self._chat = ChatFormat(tokenizer, self._model.generation_config)
        self._answers = answer_tokens(tokenizer)
        self._context = context_of(self._model.config)
        self._batch_size = batch_size

    def rule(self, cases: Sequence[tuple[Problem, tuple[str, ...]]]) -> list[Ruling]:
        """Rule on each case; the score is P(Pass), to four digits whatever the batch."""
        rulings: list[Ruling] = []
        for score, fault in self.scores([self.question(*case) for case in cases]):
            if fault:
                rulings.append(Ruling(False, 0.0, fault))
                continue
            accepted = score >= self.threshold
            reason = "" if accepted else f"P(Pass) {score:.4f} is below {self.threshold:g}"
            rulings.append(Ruling(accepted, score, reason))
        return rulings

    def question(self, problem: Problem, methods: tuple[str, ...]) -> Messages:
        """What the model reads of one case."""
        return rubric_messages(problem, methods, self._template)

    def scores(self, questions: Sequence[Messages]) -> list[tuple[float, str]]:
        """P(Pass) of each question, and why there is none: it does not fit the model's context."""
        torch = self._torch
        encoded = [self._chat.encode(one) for one in questions]
        fits = [
            place
            for place, ids in enumerate(encoded)
            if self._context is None or len(ids) <= self._context
        ]
        found = {
            place: f"problem and plan have {len(ids)} tokens, more than the judge's {self._context}"
            for place, ids in enumerate(encoded)
        }
        scores = dict.fromkeys(found, 0.0)
        by_length = sorted(fits, key=lambda place: len(encoded[place]))
        for start in range(0, len(by_length), self._batch_size):
            places = by_length[start : start + self._batch_size]
            with torch.inference_mode():
                logits_B2 = answer_logits(
                    self._model, [encoded[place] for place in places], self._answers
                )
            passes = logits_B2.softmax(-1)[:, 0].tolist()
            for place, value in zip(places, passes, strict=True):
                scores[place], found[place] = round(value, 4), ""
        return [(scores[place], found[place]) for place in range(len(questions))]


def answer_tokens(tokenizer: Any) -> tuple[int, int]:
    """The first tokens of "Pass" and "Fail".

    Raises:
        UsageError: they begin with the same token.
    """
    passes, fails = (
        tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in (PASS, FAIL)
    )
    if passes == fails:
        raise UsageError(
            f"verbaliser: {PASS!r} and {FAIL!r} begin with the same token in this model's "
            "tokenizer; use another model"
        )
    return passes, fails


def answer_logits(model: Any, prompts: Sequence[Sequence[int]], answers: tuple[int, int]) -> Any:
    """Logits of Pass and Fail at the last token of each prompt: float32 (prompts, 2)."""
    import torch

    longest, device = max(map(len, prompts)), model.device
    ids_BL = torch.tensor([[*ids, *[0] * (longest - len(ids))] for ids in prompts], device=device)
    lengths_B = torch.tensor([len(ids) for ids in prompts], device=device)
    mask_BL = (torch.arange(longest, device=device) < lengths_B[:, None]).long()
    body = model.get_decoder()
    hidden_BLD = body(ids_BL, attention_mask=mask_BL, use_cache=False).last_hidden_state
    last_BD = hidden_BLD[torch.arange(len(prompts), device=device), lengths_B - 1]
    head = model.get_output_embeddings()
    chosen = head.weight[list(answers)]
    logits_B2 = last_BD @ chosen.T
    if head.bias is not None:
        logits_B2 = logits_B2 + head.bias[list(answers)]
    return logits_B2.float()
