"""Tiny random models of many architectures, and small tokenizers with any chat template."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

SIZES: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
OLD: dict[str, Any] = {"vocab_size": 300, "n_embd": 32, "n_layer": 2, "n_head": 4}
HEADS: dict[str, Any] = {**SIZES, "head_dim": 8}
WINDOWS: dict[str, Any] = {**HEADS, "sliding_window": 64}
LINEAR: dict[str, Any] = {
    "layer_types": ["linear_attention", "full_attention"],
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 2,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
}
LATENT: dict[str, Any] = {
    "num_key_value_heads": 4,
    "moe_intermediate_size": 32,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
}

SHAPES: dict[str, Callable[[], PreTrainedConfig]] = {
    "GPT-2": lambda: hf.GPT2Config(**OLD, n_positions=256),
    "GPT-NeoX": lambda: hf.GPTNeoXConfig(**SIZES),
    "OPT": lambda: hf.OPTConfig(**SIZES, ffn_dim=64, word_embed_proj_dim=32),
    "CodeGen": lambda: hf.CodeGenConfig(**OLD, n_positions=256, rotary_dim=8, n_inner=64),
    "BLOOM": lambda: hf.BloomConfig(vocab_size=300, hidden_size=32, n_layer=2, n_head=4),
    "Llama 3": lambda: hf.LlamaConfig(**SIZES),
    "Llama 4": lambda: hf.Llama4TextConfig(
        **HEADS, num_local_experts=2, intermediate_size_mlp=64, attention_chunk_size=64
    ),
    "Mistral": lambda: hf.MistralConfig(**SIZES, sliding_window=64),
    "Mixtral": lambda: hf.MixtralConfig(**SIZES, num_local_experts=2),
    "Qwen2": lambda: hf.Qwen2Config(**SIZES),
    "Qwen3": lambda: hf.Qwen3Config(**HEADS),
    "Qwen3-MoE": lambda: hf.Qwen3MoeConfig(
        **HEADS, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32
    ),
    "Qwen3.5": lambda: hf.Qwen3_5TextConfig(**HEADS, **LINEAR),
    "Gemma 2": lambda: hf.Gemma2Config(**WINDOWS),
    "Gemma 3": lambda: hf.Gemma3TextConfig(**WINDOWS),
    "Gemma 4": lambda: hf.Gemma4TextConfig(
        **WINDOWS,
        vocab_size_per_layer_input=300,
        hidden_size_per_layer_input=8,
        global_head_dim=8,
        final_logit_softcapping=30.0,
        layer_types=["sliding_attention", "full_attention"],
    ),
    "Phi-3": lambda: hf.Phi3Config(**SIZES, pad_token_id=0),
    "Granite": lambda: hf.GraniteConfig(**SIZES, logits_scaling=8.0),
    "DeepSeek-V3": lambda: hf.DeepseekV3Config(**SIZES | LATENT),
    "gpt-oss": lambda: hf.GptOssConfig(**WINDOWS, num_local_experts=2, num_experts_per_tok=2),
    "StarCoder2": lambda: hf.Starcoder2Config(**SIZES),
    "OLMo 2": lambda: hf.Olmo2Config(**SIZES),
}

SPECIAL = ("<pad>", "<s>", "</s>", "<|im_start|>", "<|im_end|>")

TURNS = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
)
CHATML = (
    "{{ bos_token }}" + TURNS + ("{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
)
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
    + CHATML
)
THINKS = TURNS + "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
SWITCH = CHATML + "{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"


def make_tokenizer(
    template: str | None = CHATML, *, eos: str = "<|im_end|>", begins: bool = True
) -> hf.PreTrainedTokenizerFast:
    """A byte-level tokenizer of 261 tokens, whose texts begin with `<s>` as Llama's do."""
    vocabulary = {
        one: i for i, one in enumerate([*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())])
    }
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens([AddedToken(one, special=True) for one in SPECIAL])
    if begins:
        inner.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 1)]
        )
    fast = hf.PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token=eos, pad_token="<pad>"
    )
    fast.chat_template = template
    return fast


def make_random(config: PreTrainedConfig) -> PreTrainedModel:
    """A model whose log-probs differ visibly from token to token."""
    config.bos_token_id, config.eos_token_id = 1, 2
    config.get_text_config(decoder=True).initializer_range = 0.2
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AutoModelForCausalLM.from_config(config).float().eval()


def save(folder: Path, config: PreTrainedConfig, tokenizer: Any) -> Path:
    """A folder as people download it."""
    make_random(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
