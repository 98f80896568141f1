"""The links in docs/ resolve, the examples print what the pages show, and the commands parse."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cppo_env import cli, plugins

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
PAGES = sorted(DOCS.rglob("*.md"))
EXAMPLES = [(page.name, *pair) for page in PAGES for pair in EXAMPLE.findall(page.read_text())]
BLOCK = re.compile(r"^```(?:sh|bash)\n(.*?)```|^((?:    [^\n]*\n)+)", re.DOTALL | re.MULTILINE)
NAMES = sorted(plugins.names("commands"), key=len, reverse=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(("page", "code", "shown"), EXAMPLES, ids=lambda value: value[:24])
def test_example_prints_what_is_shown(page, code, shown):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown


def test_docstrings_refer_to_sections_that_exist():
    sections = set(re.findall(r"^## (\d)\.", (DOCS / "method.md").read_text(), re.MULTILINE))
    sources = [
        path
        for folder in ("cppo_env", "agents", "sandboxes")
        for path in (DOCS.parent / folder).rglob("*.py")
    ]
    cited = {
        number
        for path in sources
        for number in re.findall(r"docs/method.md, section (\d)", path.read_text())
    }
    assert cited and cited <= sections


def commands_of(page: Path) -> Iterator[list[str]]:
    """The words behind `cppo`, or behind a launcher, of each command in a page's blocks."""
    for block in BLOCK.findall(page.read_text()):
        for line in "".join(block).replace("\\\n", " ").splitlines():
            line = re.sub(r"\$\w+|\bSEED\b|\bSECONDS\b", "0", line)  # stands for a number
            for part in re.split(r"&&|;| do ", line):
                if found := re.search(r"(?:^\s*|-m (?:-- )?)(?:cppo|cppo_env) (.*)", part):
                    words = shlex.split(found[1].rstrip(" &"), comments=True)
                    yield words[:-1] if words[-1:] == ["…"] else words


@cache
def parser(name: str):
    return cli.parser_of(f"cppo {name}", plugins.load("commands", name))[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_commands_parse(page, capsys):
    """Their options exist and take such values; most of them run in other tests."""
    for words in commands_of(page):
        name = next(one for one in NAMES if words[: one.count(".") + 1] == one.split("."))
        rest = words[name.count(".") + 1 :]
        for number, word in enumerate(rest):
            if word == "--config":
                del rest[number : number + 2]
        if not rest or rest[0].startswith("-"):
            parser(name).parse_args(rest, defaults=False)


def test_messages_of_the_errors_page_are_those_of_the_code():
    page = (DOCS / "look-up" / "errors.md").read_text()
    tables = re.findall(r"^\| the message says .*\n\|.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    phrases = re.findall(r"^\| `([^`]+)`", "".join(tables), re.MULTILINE)
    sources = "".join(
        re.sub(r'"\s*\n\s*f?"', "", path.read_text())  # a message over several lines
        for folder in ("cppo_env", "agents", "sandboxes")
        for path in (DOCS.parent / folder).rglob("*.py")
    )
    assert len(phrases) > 10
    assert [phrase for phrase in phrases if phrase not in sources] == []
