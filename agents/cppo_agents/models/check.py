"""The model check: what a model and its tokenizer are, and what of it cannot work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.models.lengths import Lengths
from cppo_env.errors import UsageError
from cppo_env.prompts import Prompts
from cppo_env.types import Observation

Standing = Literal["ok", "note", "refused"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    value: str
    standing: Standing = "ok"
    """"note": it works, but differs from what one may expect. "refused": it cannot work."""


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """The rows of one model."""

    source: str
    rows: tuple[Row, ...]

    @property
    def findings(self) -> list[Row]:
        """The rows that are not simply fine."""
        return [row for row in self.rows if row.standing != "ok"]

    @property
    def refused(self) -> list[Row]:
        """The rows for which the model cannot work."""
        return [row for row in self.rows if row.standing == "refused"]

    @property
    def lines(self) -> list[str]:
        """What the start of a run shows: one line if all is well, else a line for each finding."""
        if not self.findings:
            return [f"model check: {self.source}: fine in all {len(self.rows)} points"]
        return [f"model check: {row.name}: {row.value}" for row in self.findings]

    def required(self) -> ModelCheck:
        """The same check; refuses a model that cannot work.

        Raises:
            UsageError: in one line, what cannot work and what to do.
        """
        if self.refused:
            faults = "; ".join(f"{row.name}: {row.value}" for row in self.refused)
            raise UsageError(f"model: {self.source}: {faults}")
        return self

    def plus(self, rows: Iterable[Row]) -> ModelCheck:
        """With further rows."""
        return ModelCheck(self.source, (*self.rows, *rows))

    def to_json(self) -> dict[str, Any]:
        """The result of `cppo model check`."""
        return {
            "model": self.source,
            "works": not self.refused,
            "rows": [asdict(row) for row in self.rows],
        }


def check_model(source: str, config: Any, chat: ChatFormat, lengths: Lengths) -> ModelCheck:
    """What configuration and tokenizer tell; no weights are needed."""
    text = config.get_text_config(decoder=True)
    return ModelCheck(
        source,
        (
            *_chat_rows(chat),
            _thinking_row(chat, lengths),
            Row("end tokens", _named(chat.tokenizer, chat.end_ids)),
            _begin_row(chat),
            _context_row(lengths),
            _vocabulary_row(chat.tokenizer, text),
            Row("attention", describe_attention(text)),
            Row("embeddings", "tied" if tied(config) else "input and output apart"),
            Row("dropout", _dropout(text)),
            Row("stored as", str(text.dtype or config.dtype or "float32").removeprefix("torch.")),
        ),
    )


def prompts_row(chat: ChatFormat, words: Prompts, lengths: Lengths) -> Row:
    """How long the prompts are beside the problem, in tokens of this model."""
    empty = Observation(phase=0, problem="", starter_code="", methods=())
    sizes = (len(chat.encode(words.plan(empty))), len(chat.encode(words.solve(empty, ""))))
    value = f"{words.shown}; {sizes[0]} and {sizes[1]} tokens beside the problem"
    if why := lengths.obstacle(*sizes):
        return Row("prompts", f"{value}: no problem fits, {why.replace('its', 'a')}", "note")
    return Row("prompts", value)


def context_of(config: Any) -> int | None:
    """Positions that a model has; None where its configuration states no end."""
    text = config.get_text_config(decoder=True)
    return getattr(text, "max_position_embeddings", None)


def tied(config: Any) -> bool:
    """Whether input and output embeddings are one weight."""
    text = config.get_text_config(decoder=True)
    return bool(getattr(config, "tie_word_embeddings", text.tie_word_embeddings))


def describe_attention(text: Any) -> str:
    """The kinds of attention layers, and how many there are of each."""
    layers: int = text.num_hidden_layers
    window = getattr(text, "sliding_window", None)
    kinds: list[str] | None = getattr(text, "layer_types", None)
    if kinds is None:
        sliding = window is not None and getattr(text, "use_sliding_window", True)
        kinds = ["sliding_attention" if sliding else "full_attention"] * layers
    sizes = {
        "sliding_attention": window,
        "chunked_attention": getattr(text, "attention_chunk_size", None),
    }
    parts = [
        f"{count} {kind.removesuffix('_attention')}"
        + (f" ({sizes[kind]})" if sizes.get(kind) else "")
        for kind, count in Counter(kinds).items()
    ]
    if getattr(text, "kv_lora_rank", None):
        parts.append("latent keys and values")
    if getattr(text, "alibi", False) or text.model_type == "bloom":
        parts.append("ALiBi positions")
    return ", ".join(parts)


def _chat_rows(chat: ChatFormat) -> list[Row]:
    return [
        Row("chat template", "none, so the plain one of docs/models.md", "note")
        if chat.plain
        else Row("chat template", "its own"),
        Row("system text", "no turn of its own, so it goes into the user's", "note")
        if chat.folds_system
        else Row("system text", "a turn of its own"),
    ]


def _thinking_row(chat: ChatFormat, lengths: Lengths) -> Row:
    """Whether the model is asked to think, and how."""
    budgets = {"a plan": lengths.plan_thoughts, "a solution": lengths.solve_thoughts}
    wanted = [f"{budget:,} tokens before {what}" for what, budget in budgets.items() if budget]
    if wanted and chat.writes_channels:
        value = "its thoughts go into a channel, which can have no budget; set the budgets to 0"
        return Row("thinking", value, "refused")
    if wanted:
        how = f"switch {chat.switch}" if chat.switch else "no switch"
        return Row("thinking", f"{how}; {chat.opening} opens at most {' and '.join(wanted)}")
    if chat.always_thinks:
        value = (
            "always on; thoughts use the tokens of the answer, so raise its limits, or give "
            "thoughts a budget"
        )
        return Row("thinking", value, "note")
    return Row("thinking", f"switch {chat.switch}" if chat.switch else "no switch")


def _begin_row(chat: ChatFormat) -> Row:
    """Whether prompts begin as texts of this tokenizer do."""
    tokenizer, bos = chat.tokenizer, chat.tokenizer.bos_token_id
    prompt = chat.encode([{"role": "user", "content": "x"}])
    count = sum(token == bos for token in prompt[:3]) if bos is not None else 0
    begins = bos is not None and tokenizer("x")["input_ids"][:1] == [bos]
    if count > 1:
        return Row("special tokens", f"prompts begin with {count} {tokenizer.bos_token}", "note")
    if begins and not count:
        value = f"texts begin with {tokenizer.bos_token}, but the template leaves it out"
        return Row("special tokens", value, "note")
    begin = f"prompts begin with {tokenizer.bos_token}" if count else "no BOS"
    return Row("special tokens", f"{begin}; answers to learn hold none")


def _context_row(lengths: Lengths) -> Row:
    if fault := lengths.fault():
        return Row("context", fault, "refused")
    if lengths.context is None:
        return Row("context", "no end is stated")
    return Row(
        "context",
        f"{lengths.context:,} tokens, of which {lengths.room_solve:,} are left for a prompt",
    )


def _vocabulary_row(tokenizer: Any, text: Any) -> Row:
    size, rows = len(tokenizer), int(text.vocab_size)
    highest = max(tokenizer.get_vocab().values(), default=0)
    if highest >= rows:
        value = (
            f"the tokenizer has ids up to {highest:,}, the embedding only {rows:,} rows; take the "
            "tokenizer that belongs to the model"
        )
        return Row("vocabulary", value, "refused")
    spare = f", {rows - size:,} rows to spare" if rows > size else ""
    return Row("vocabulary", f"{size:,} tokens in {rows:,} rows{spare}")


def _dropout(text: Any) -> str:
    found = {
        name: value
        for name, value in text.to_dict().items()
        if name.endswith(("dropout", "drop", "pdrop")) and isinstance(value, float) and value
    }
    shown = ", ".join(f"{name} {value:g}" for name, value in sorted(found.items()))
    return f"{shown}; off in training" if found else "none"


def _named(tokenizer: Any, ids: Iterable[int]) -> str:
    return ", ".join(f"{tokenizer.convert_ids_to_tokens(one)} ({one})" for one in ids)
