"""The site builds: every page, link and section is there, and nothing comes from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.docsite.pictures import FOLDER, PICTURES

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = re.compile(
    r"<(?:script|img|iframe|source)[^>]* src=\"(?:https?:)?//[^\"]*|"
    r"<link[^>]*rel=\"(?:stylesheet|preconnect)\"[^>]*href=\"(?:https?:)?//[^\"]*|"
    r"@import[^;]*//[^;]*"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; `make docs` keeps it."""
    folder = Path(os.environ.get("CPPO_SITE") or tmp_path_factory.mktemp("site"))
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", folder.absolute()]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    return folder


def test_nothing_comes_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 60
    assert [found for page in pages for found in ELSEWHERE.findall(page.read_text())] == []


def test_the_parsers_and_docstrings_are_in_it(site):
    grade = (site / "look-up/commands/grade.html").read_text()
    assert "--language" in grade and "python, cpp17, cpp20, java or rust" in grade
    evaluation = (site / "evaluation.html").read_text()
    assert 'href="look-up/commands/compare.html"' in evaluation
    assert "solver_rewards" in (site / "look-up/api/environment.html").read_text()
    formulas = (site / "explain/estimators.html").read_text()
    assert "<math" in formulas and 'class="arithmatex"' not in formulas


def test_the_pictures_are_those_of_the_scripts():
    drawn = {f"{name}.svg": draw() for name, draw in PICTURES.items()}
    assert {file.name: file.read_text() for file in FOLDER.iterdir()} == drawn
