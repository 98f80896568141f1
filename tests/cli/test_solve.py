"""`cppo solve`: one problem for a person."""

import json
from pathlib import Path

import pytest

from cppo_env.commands.solve import SolveConfig, examples_in, solve
from cppo_env.errors import CppoError, UsageError

STATEMENT = """\
# Sum

Print the sum of the numbers of a line.

Sample Input 1:

```
1 2 3
```

Sample Output 1:
```
6
```
**Input**

```text
5 5
```

**Output**
```
10
```
"""
AGENT = """
PROGRAMS = "print(0)", "print(sum(map(int, input().split())))", "no code", "1/0"


class Agent:
    independent_attempts = False

    def act(self, observations):
        return [self._write(one["phase"]) for one in observations]

    def _write(self, phase):
        if phase == 0:
            return tuple(f"Way {n} to add up the numbers." for n in range(4))
        return tuple(one if one == "no code" else f"```\\n{one}\\n```" for one in PROGRAMS)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sum.md").write_text(STATEMENT)
    Path("agent.py").write_text(AGENT)
    return tmp_path


def config(**changes):
    settings = {"statement": Path("sum.md"), "agent": "./agent.py:Agent", "sandbox": "local"}
    return SolveConfig(**settings | changes)


def test_the_program_that_passes_the_examples_is_kept(folder, capsys):
    result = solve(config())
    assert Path("solution.py").read_text() == "print(sum(map(int, input().split())))\n"
    assert [one["passed"] for one in result["branches"]] == [0, 2, 0, 0]
    assert [one["verdict"] for one in result["branches"]] == ["WA", "AC", "CE", "RE"]
    assert result["examples"] == 2 and result["plan_accepted"] is True
    printed = capsys.readouterr().out
    assert "Way 1 to add up the numbers." in printed and "expected: 6" in printed
    with pytest.raises(UsageError, match=r"solution.py exists; give another file"):
        solve(config())


def test_it_says_so_if_none_passes(folder):
    Path("e.json").write_text(json.dumps([{"input": "1 2", "output": "4"}]))
    with pytest.raises(CppoError, match="none of the 4 programs passes all 1 examples") as caught:
        solve(config(examples=Path("e.json")))
    assert caught.value.result["output"] is None and not Path("solution.py").exists()


def test_examples_are_read_from_the_statement():
    assert [(one.input, one.output) for one in examples_in(STATEMENT)] == [
        ("1 2 3\n", "6\n"),
        ("5 5\n", "10\n"),
    ]
    assert examples_in("Input\n\nno block\n```\nx\n```\n") == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "holds none, and without one nothing tells"),
        ("[1]", "entry 1 of e.json is 1, expected an object with the texts input and output"),
        ("{", "e.json is no JSON"),
    ],
)
def test_examples_that_cannot_be_read_are_named(folder, content, said):
    Path("e.json").write_text(content)
    with pytest.raises(UsageError, match=said):
        solve(config(examples=Path("e.json")))


def test_a_folder_of_examples_needs_pairs(folder):
    Path("tests").mkdir()
    Path("tests/1.in").write_text("1")
    with pytest.raises(UsageError, match=r"1.in has no 1.out beside it"):
        solve(config(examples=Path("tests")))
