"""Completions that players draw in parts, so that an update reaches those that take long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cppo_grpo.samplers import Completion, SamplingParams

from cppo_cluster.draws import SentCompletions, SentPrompts
from cppo_env.errors import SamplerError

NOTHING = Completion((), (), "length")


@dataclass(eq=False, slots=True)
class Parts:
    """The completions of one call of the sampler, as far as they are drawn.

    Args:
        prompts: all of the call.
        params: how to draw.
        tokens: of a part at most; None: completions are drawn as a whole.
    """

    prompts: Sequence[Sequence[int]]
    params: SamplingParams
    tokens: int | None
    _begun: dict[int, Completion] = field(default_factory=dict[int, Completion])

    def asked(self, rows: Sequence[int]) -> tuple[SentPrompts, SamplingParams]:
        """What a player is asked for: the next part of prompts that have equally many."""
        begun = [self._begun.get(i, NOTHING).token_ids for i in rows]
        streams = self.params.streams_of(len(self.prompts))
        return SentPrompts.of(
            [(*self.prompts[i], *tokens) for i, tokens in zip(rows, begun, strict=True)]
        ), replace(
            self.params,
            streams=tuple(streams[i] for i in rows),
            drawn=len(begun[0]),
            part=self.tokens,
        )

    def take(
        self, rows: Sequence[int], sent: SentCompletions
    ) -> tuple[dict[int, Completion], list[int]]:
        """Those of the prompts that are finished now, and the numbers of the others.

        Raises:
            SamplerError: the engine has drawn more than a part.
        """
        finished: dict[int, Completion] = {}
        others: list[int] = []
        for i, one in zip(rows, sent.completions(), strict=True):
            begun, count = self._begun.pop(i, NOTHING), len(one.token_ids)
            if self.tokens is not None and count > self.tokens:
                raise SamplerError(
                    f"segment_tokens: the engine drew {count} tokens, expected at most "
                    f"{self.tokens}; leave segment_tokens out, it knows no parts"
                )
            whole = replace(
                one,
                token_ids=begun.token_ids + one.token_ids,
                log_probs=begun.log_probs + one.log_probs,
                versions=tuple(dict.fromkeys(begun.versions + one.versions)),
            )
            cut = one.finish_reason == "length" and count == self.tokens
            if cut and len(whole.token_ids) < self.params.max_tokens:
                self._begun[i] = whole
                others.append(i)
            else:
                finished[i] = whole
        return finished, others
