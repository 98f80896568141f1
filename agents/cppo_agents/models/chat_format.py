"""Between chat messages and token ids: one rule for back ends, samplers and the learner.

messages → prompt ids     the tokenizer's template; a plain one where it has none
target text → ids         what supervised learning learns: no BOS, ends with the turn's end
end ids                   every token that ends an answer, wherever the model names it
sampled ids → text        without special tokens, but with the marks around thoughts
thoughts on               the prompt opens them: the template does, or their tag is put behind it
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cppo_agents.models.turns import (
    Templates,
    adopt_plain_template,
    folded,
    thinking_switch,
    turn_end,
)
from cppo_env.errors import UsageError
from cppo_env.parsing import (
    closing_tag,
    is_thought_mark,
    open_thought,
    thought_tag,
    writes_channels,
)
from cppo_env.prompts import Messages

PROBE: Messages = [{"role": "user", "content": "x"}]

CHARACTER = 4
"""Most tokens of one character: UTF-8 has at most as many bytes."""

KNOWN_PROMPTS = 16_384
"""Size of the cache of encoded prompts."""


class ChatFormat:
    """The chat format of one model.

    Args:
        tokenizer: a tokenizer of transformers. One without a chat template is given the plain one,
            so that it is saved with the model.
        generation_config: the model's, if it is known; it also names end tokens.

    Raises:
        UsageError: the template cannot render a question, or nothing ends an answer.
    """

    def __init__(self, tokenizer: Any, generation_config: Any = None) -> None:
        self.tokenizer = tokenizer
        self.plain = adopt_plain_template(tokenizer)
        """Whether the tokenizer had no chat template."""
        templates = Templates(tokenizer)
        self.folds_system = templates.folds_system()
        """Whether the system text is put before the user's, since there is no system turn."""
        self.switch = thinking_switch(templates)
        """The template's argument that switches thoughts on and off; None: it has none."""
        self.turn_end = turn_end(templates)
        """The token that ends an answer in the template; None: it names none."""
        self.end_ids = end_ids(tokenizer, generation_config, self.turn_end)
        """All tokens that end an answer; each is part of the answer that it ends."""
        prompts = {think: templates.prompt(**self._arguments(think)) for think in (False, True)}
        self._openings = {think: open_thought(prompt) for think, prompt in prompts.items()}
        self.always_thinks = bool(self._openings[False])
        """Whether prompts open thoughts even where none are wanted."""
        self._opener: tuple[int, ...] = ()
        if not self._openings[True]:
            self._openings[True] = thought_tag(prompts[False]) or _own_tag(tokenizer) or "<think>"
            self._opener = self._ids(f"{self._openings[True]}\n")
        self.closing = self._ids(f"\n{closing_tag(self._openings[True])}\n\n")
        """Ends thoughts that have used up their budget."""
        self._silent = _silent_ids(tokenizer) | set(self.end_ids)
        self._known: dict[tuple[object, ...], tuple[int, ...]] = {}

    @property
    def opening(self) -> str:
        """The tag with which a prompt opens thoughts that are wanted."""
        return self._openings[True]

    @property
    def writes_channels(self) -> bool:
        """Whether the model writes its thoughts into a channel (gpt-oss), which has no tags."""
        added: dict[int, Any] = self.tokenizer.added_tokens_decoder
        return any(writes_channels(one.content) for one in added.values())

    @property
    def thinking_tokens(self) -> int:
        """Tokens that thinking adds beside the thoughts: to the prompt, and to end them."""
        longer, plain = (len(self.encode(PROBE, think)) for think in (True, False))
        return len(self.closing) + max(0, longer - plain)

    def encode(self, messages: Messages, think: bool = False) -> tuple[int, ...]:
        """The prompt's token ids, up to the start of the answer.

        A batch repeats few prompts many times and every epoch repeats all of them, so encoded
        prompts are cached.
        """
        key = (think, *(message["content"] for message in messages))
        known = self._known.get(key)  # rollouts may be played in several threads
        if known is None:
            if len(self._known) >= KNOWN_PROMPTS:
                self._known.clear()
            ids = self.tokenizer.apply_chat_template(
                folded(messages) if self.folds_system else messages,
                add_generation_prompt=True,
                return_dict=False,
                **self._arguments(think),
            )
            known = self._known[key] = (*ids, *(self._opener if think else ()))
        return known

    def encode_answer(self, text: str) -> tuple[int, ...]:
        """The ids of an answer to learn: never a BOS, and the token that ends the turn."""
        return (*self._ids(text), self.end_ids[0] if self.turn_end is None else self.turn_end)

    def decode(self, sequences: Iterable[Sequence[int]], think: bool = False) -> list[str]:
        """The texts of sampled answers; thoughts that the prompt opened begin with their tag."""
        kept = [[token for token in ids if token not in self._silent] for ids in sequences]
        opening = self._openings[think]
        texts: list[str] = self.tokenizer.batch_decode(kept, skip_special_tokens=False)
        return [f"{opening}\n{text}" for text in texts] if opening else texts

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The text that each token adds; of a character in several tokens, the last one has it."""
        pieces: list[str] = []
        open_ids: list[int] = []
        for token in ids:
            open_ids.append(token)
            text: str = self.tokenizer.decode(open_ids, skip_special_tokens=False)
            whole = not text.endswith("\ufffd") or len(open_ids) >= CHARACTER
            pieces.append(text if whole else "")
            if whole:
                open_ids.clear()
        return pieces

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _arguments(self, think: bool) -> dict[str, Any]:
        return {self.switch: think} if self.switch else {}


def end_ids(tokenizer: Any, generation_config: Any, turn_end: int | None) -> tuple[int, ...]:
    """The union of the template's turn end, the tokenizer's and the generation config's.

    A model's files often disagree: a chat model may end its turn with a token that only its
    template names, and an answer that ended so would run on to its limit.

    Raises:
        UsageError: there is none.
    """
    stated = getattr(generation_config, "eos_token_id", None)
    several: list[int | None] = stated if isinstance(stated, list) else [stated]
    found = [turn_end, tokenizer.eos_token_id, *several]
    ends = tuple(dict.fromkeys(int(one) for one in found if one is not None))
    if not ends:
        raise UsageError(
            "model: neither its tokenizer nor its generation config nor its chat template names a "
            "token that ends an answer; set the tokenizer's eos_token"
        )
    return ends


def _silent_ids(tokenizer: Any) -> set[int]:
    """Special tokens that are no part of a text; marks of thoughts are."""
    added: dict[int, Any] = tokenizer.added_tokens_decoder
    special = {token for token, one in added.items() if one.special} | set(
        tokenizer.all_special_ids
    )
    return {one for one in special if not is_thought_mark(tokenizer.convert_ids_to_tokens(one))}


def _own_tag(tokenizer: Any) -> str:
    """A tag that begins thoughts and is a token of its own; empty if there is none."""
    added: dict[int, Any] = tokenizer.added_tokens_decoder
    return next(filter(None, (thought_tag(one.content) for one in added.values())), "")
