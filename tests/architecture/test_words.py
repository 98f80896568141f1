"""Docstrings, comments, messages and pages avoid turns of phrase that have to be read twice."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLUMSY = re.compile(
    r"\bso many\b|, too[.,;:)]|, too$|\bof before\b|\bthe own\b|\ban own\b|\bMETHOD\b(?![_=])",
    re.MULTILINE,
)
JUDGED = ("/references/", "/wrong/", "/tests/", "statement.md")
FILES = [
    path
    for pattern in ("*/**/*.py", "docs/*.md", "*.md", "Makefile")
    for path in sorted(ROOT.glob(pattern))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    and not any(one in f"/{path.relative_to(ROOT)}" for one in JUDGED)
]


def test_there_are_files_to_read():
    assert len(FILES) > 250


@pytest.mark.parametrize("phrase", ["so many of them", "it does, too.", "the run of before"])
def test_clumsy_phrases_are_found(phrase):
    assert CLUMSY.search(phrase)


def test_no_file_has_a_clumsy_phrase():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]!r} in {line.strip()[:80]!r}"
        for path in FILES
        for line in path.read_text(encoding="utf-8").splitlines()
        if (match := CLUMSY.search(line))
    ]
    assert not found
