"""Prompts are data: bundled templates, a user's, and what is wrong with one of those."""

from pathlib import Path

import pytest

from cppo_env import parsing
from cppo_env.errors import UsageError
from cppo_env.problems.layouts.apps import decode
from cppo_env.prompts import load_prompts, observe
from cppo_env.types import Observation

PROBLEM = Observation(phase=0, problem="Add {{ two }} numbers.\n", starter_code="", methods=())

PLAN = """\
{% set version = "7" %}
{% block user %}
{{ k }} ways ({{ labels }}) for:
{{ task }}
{% endblock %}
"""


def text(messages: list[dict[str, str]]) -> str:
    return "\n".join(message["content"] for message in messages)


@pytest.mark.parametrize("name", ["plain", "strong"])
def test_a_bundled_set_asks_for_k_methods_and_gives_the_solver_its_own(name: str) -> None:
    prompts = load_prompts(name)
    for k in (1, 4, 6):
        asked = text(prompts.plan(PROBLEM, k))
        assert "Add {{ two }} numbers.\n" in asked
        assert f"exactly {k} " in asked
        assert ", ".join(f"{label}:" for label in "ABCDEF"[:k]) in asked
    assert "Method to use: a heap" in text(prompts.solve(PROBLEM, "a heap"))
    assert "Method to use" not in text(prompts.solve(PROBLEM, ""))
    assert "standard input" in text(prompts.solve(PROBLEM, ""))


def test_the_example_of_the_strong_prompt_is_a_plan_that_the_format_judge_accepts() -> None:
    asked = text(load_prompts("strong").plan(PROBLEM, 6))
    methods = parsing.read_plan(asked.split("A good answer:\n")[1].split("\n\n")[0], 6)
    assert len(set(methods)) == 6
    assert all(len(one.split()) <= parsing.MAX_METHOD_WORDS for one in methods)


def test_a_users_folder_replaces_one_prompt_and_a_copy_of_it_is_the_same_set(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "plan.jinja").write_text(PLAN)
    prompts = load_prompts(str(own))
    assert prompts.plan(PROBLEM, 2) == [
        {"role": "user", "content": "2 ways (A:, B:) for:\nAdd {{ two }} numbers.\n"}
    ]
    assert prompts.identity["plan"].startswith("own/plan.jinja 7 sha256:")
    assert prompts.identity["solve"].startswith("plain/solve.jinja 1 sha256:")
    prompts.save(tmp_path / "prompts")
    (own / "plan.jinja").unlink()
    copied = load_prompts(str(tmp_path / "prompts"))
    assert copied.identity == prompts.identity
    assert copied.plan(PROBLEM, 2) == prompts.plan(PROBLEM, 2)


@pytest.mark.parametrize(
    ("template", "line", "said"),
    [
        (PLAN.replace("labels", "lables"), 3, "no variable 'lables'; did you mean 'labels'?"),
        (PLAN.replace("{{ k }}", "{{ k"), 3, "expected token"),
        (PLAN.replace("endblock", "endblok"), 5, "unknown tag 'endblok'"),
        (PLAN.replace("{{ k }}", "{{ k.size }}"), 3, "no attribute 'size'"),
        (PLAN.replace("{{ k }}", "{{ 1 // 0 }}"), 3, "by zero"),
        (PLAN.replace("task", "k"), 1, "it leaves out what {{ task }} tells"),
        (PLAN.replace("task", "problem"), 1, "it leaves out what {{ task }} tells"),
        (PLAN.replace("block user", "block users"), 1, "no block user"),
        (PLAN.replace("version", "edition"), 1, "states no version"),
    ],
)
def test_a_fault_is_one_line_with_file_and_line(
    tmp_path: Path, template: str, line: int, said: str
) -> None:
    file = tmp_path / "plan.jinja"
    file.write_text(template)
    with pytest.raises(UsageError) as caught:
        load_prompts(str(tmp_path))
    message = str(caught.value)
    assert message.startswith(f"prompts: {file}, line {line}: ")
    assert said in message
    assert "\n" not in message


def test_a_name_that_is_no_set_is_refused() -> None:
    with pytest.raises(UsageError, match=r"got 'stron', expected plain or strong.* 'strong'\?"):
        load_prompts("stron")


def test_a_record_says_what_is_called_and_its_problem_is_shown_so_by_hand_too() -> None:
    def shown(**fields: object) -> str:
        record = {"problem_id": 1, "question": "Sum of two numbers.", "solutions": "", **fields}
        problem = decode(record, None)
        by_hand = Observation(
            phase=1, problem=problem.statement, starter_code=problem.starter_code, methods=()
        )
        assert by_hand == observe(problem, (), 1)
        return text(load_prompts("plain").solve(by_hand, ""))

    called = shown(input_output='{"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}')
    assert "it is called from outside" in called
    assert "# Write the function add" in called
    read = shown(input_output='{"inputs": ["1"], "outputs": ["1"]}', starter_code="# here\n")
    assert "reads standard input" in read
    assert "# here" in read
