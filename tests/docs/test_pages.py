"""The links in docs/ resolve, and the examples print what the pages show."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
PAGES = sorted(DOCS.glob("*.md"))
EXAMPLES = [(page.name, *pair) for page in PAGES for pair in EXAMPLE.findall(page.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    assert [link for link in links if "://" not in link and not (DOCS / link).exists()] == []


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
