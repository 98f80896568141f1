"""Prompts, end tokens and texts of models with any chat template."""

from types import SimpleNamespace

import pytest
from cppo_agents.models.chat_format import ChatFormat

from cppo_env.errors import UsageError
from tests.support.architectures import (
    CHATML,
    NO_SYSTEM,
    SWITCH,
    THINKS,
    TURNS,
    make_tokenizer,
)

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Add."}]
BOS, EOS, TURN_END = 1, 2, 4


def shown(chat: ChatFormat, think: bool = False) -> str:
    return chat.tokenizer.decode(chat.encode(MESSAGES, think))


def generation_config(*ends: int) -> SimpleNamespace:
    return SimpleNamespace(eos_token_id=list(ends))


def test_every_token_that_any_file_names_ends_an_answer() -> None:
    chat = ChatFormat(make_tokenizer(CHATML, eos="<pad>"), generation_config(EOS))
    assert set(chat.end_ids) == {0, EOS, TURN_END}
    assert chat.turn_end == TURN_END
    alone = SimpleNamespace(eos_token_id=EOS)
    assert set(ChatFormat(make_tokenizer(CHATML), alone).end_ids) == {EOS, TURN_END}


def test_a_model_that_nothing_ends_is_refused() -> None:
    tokenizer = make_tokenizer("{% for m in messages %}{{ m['content'] }}{% endfor %}")
    tokenizer.eos_token = None
    with pytest.raises(UsageError, match="names a token that ends an answer"):
        ChatFormat(tokenizer)


def test_targets_hold_no_bos_and_end_the_turn() -> None:
    tokenizer = make_tokenizer(CHATML, eos="</s>")
    assert tokenizer("print(1)")["input_ids"][0] == BOS
    target = ChatFormat(tokenizer).encode_answer("print(1)")
    assert BOS not in target
    assert target[-1] == TURN_END
    assert tokenizer.decode(target[:-1]) == "print(1)"


def test_a_system_text_goes_into_the_users_turn_where_there_is_none_of_its_own() -> None:
    refuses = ChatFormat(make_tokenizer(NO_SYSTEM))
    assert refuses.folds_system
    assert shown(refuses).endswith(
        "<|im_start|>user\nBe brief.\n\nAdd.<|im_end|>\n<|im_start|>assistant\n"
    )
    drops = "{% for m in messages if m['role'] != 'system' %}{{ m['content'] }}</s>{% endfor %}"
    assert "Be brief." in shown(ChatFormat(make_tokenizer(drops)))
    assert "<|im_start|>system\nBe brief." in shown(ChatFormat(make_tokenizer(CHATML)))


def test_a_base_model_gets_the_plain_template_and_keeps_it() -> None:
    tokenizer = make_tokenizer(None, eos="</s>")
    chat = ChatFormat(tokenizer)
    assert chat.plain
    assert shown(chat) == "<s>Be brief.\n\n### Problem\nAdd.\n\n### Answer\n"
    assert chat.encode_answer("x")[-1] == EOS
    assert not ChatFormat(tokenizer).plain  # it is saved with the tokenizer
    unbegun = ChatFormat(make_tokenizer(None, eos="</s>", begins=False))
    assert shown(unbegun).startswith("Be brief.")


def test_the_thinking_switch_is_found_and_off_unless_asked_for() -> None:
    chat = ChatFormat(make_tokenizer(SWITCH))
    assert chat.switch == "enable_thinking"
    assert shown(chat).endswith("<think>\n\n</think>\n\n")
    assert not shown(chat, think=True).endswith("</think>\n\n")
    assert not chat.always_thinks
    assert ChatFormat(make_tokenizer(CHATML)).switch is None


def test_thoughts_that_the_prompt_opened_begin_with_their_tag() -> None:
    tokenizer = make_tokenizer(THINKS)
    chat = ChatFormat(tokenizer)
    assert chat.always_thinks
    ids = tokenizer("hm, A: sort", add_special_tokens=False)["input_ids"]
    assert chat.decode([ids]) == ["<think>\nhm, A: sort"]
    assert ChatFormat(make_tokenizer(CHATML)).decode([[*ids, TURN_END]]) == ["hm, A: sort"]


def test_special_tokens_around_thoughts_stay_in_the_text() -> None:
    tokenizer = make_tokenizer(CHATML)
    tokenizer.add_special_tokens({"additional_special_tokens": ["[THINK]", "[/THINK]"]})
    ids = tokenizer("[THINK]hm[/THINK]A: sort", add_special_tokens=False)["input_ids"]
    assert ChatFormat(tokenizer).decode([[BOS, *ids, TURN_END]]) == ["[THINK]hm[/THINK]A: sort"]


@pytest.mark.parametrize(
    "template", ["{{ nowhere.at_all }}", "a constant", TURNS.replace("content", "text")]
)
def test_a_template_that_cannot_ask_is_refused_in_one_line(template: str) -> None:
    with pytest.raises(UsageError, match="chat template cannot render a question"):
        ChatFormat(make_tokenizer(template))
