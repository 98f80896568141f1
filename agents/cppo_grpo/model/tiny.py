"""A language model made from scratch for a CPU: tokenizer and Qwen3-shaped weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

END, START, PAD = "<|im_end|>", "<|im_start|>", "<|pad|>"

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

CLAUSE = Regex(r"\d|[^\d\n]+?(?:[,.:;](?=\s)|(?=[\d\n])|$)\n*|\n+")
"""The longest span of one token: a digit, or the text up to a punctuation mark that precedes a
blank, a digit or the end of the line."""


VOCABULARY = 2048
"""Maximum number of tokens of a new tokenizer."""


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer whose merges may cross blanks within a clause or a line of code.

    The texts of one task repeat whole clauses and lines. Each becomes one token, so sequences are
    several times shorter than with word tokens. Any other text still encodes, byte by byte in the
    worst case. Superword merges: Liu et al. 2025, arXiv 2503.13423.

    Args:
        texts: the texts to learn merges from.
        vocabulary: maximum number of tokens, including 256 bytes and 3 special tokens.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(CLAUSE, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, eos_token=END)
    fast.chat_template = CHAT_TEMPLATE
    return fast


def make_model(
    tokenizer: PreTrainedTokenizerFast, *, hidden: int = 128, layers: int = 2, seed: int = 0
) -> Qwen3ForCausalLM:
    """A float32 Qwen3 with seeded random weights, tied embeddings and heads of 32."""
    ids: dict[str, Any] = {
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config = tiny_config(len(tokenizer), hidden, layers, **ids)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Qwen3ForCausalLM(config).float()


def tiny_config(vocabulary: int, hidden: int, layers: int, **ids: Any) -> Qwen3Config:
    """The shape of such a model."""
    return Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 32,
        num_key_value_heads=hidden // 32,
        head_dim=32,
        max_position_embeddings=4096,
        # The usual 0.02 is for wide models; with it, this one is slow to learn how to write K
        # different methods.
        initializer_range=0.12,
        tie_word_embeddings=True,
        bos_token_id=None,
        **ids,
    )
