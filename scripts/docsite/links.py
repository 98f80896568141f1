"""Links of pages: to other pages, or to files of the repository that are no pages."""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BESIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "reproduce/benchmarks.md",
}
"""File of the repository → the page of the site that it is, too low for docs/ itself."""
FENCED = re.compile(r"^(`{3,}).*?^\1$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s]+)\)")


def rewritten(markdown: str, page: str, repository: str) -> str:
    """A page with links that hold within the site.

    Args:
        markdown: the text of the page.
        page: its path below docs/.
        repository: address of the files of the repository.

    Raises:
        FileNotFoundError: a link leads to no file.
    """
    source = {name: file for file, name in BESIDE.items()}.get(page, f"docs/{page}")
    rewrite = _Rewrite(source, page, repository)
    parts, end = [], 0
    for block in FENCED.finditer(markdown):
        parts += [LINK.sub(rewrite, markdown[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*parts, LINK.sub(rewrite, markdown[end:])])


class _Rewrite:
    """Gives a link of a page the address that it has in the site."""

    def __init__(self, source: str, page: str, repository: str):
        self.source, self.page, self.repository = source, page, repository

    def __call__(self, found: re.Match[str]) -> str:
        label, address = found.groups()
        path, mark, section = address.partition("#")
        if not path or "://" in address or address.startswith("mailto:"):
            return found[0]
        target = (ROOT / self.source).parent / path
        place = Path(os.path.normpath(target)).relative_to(ROOT).as_posix()
        if place in BESIDE:
            place = f"docs/{BESIDE[place]}"
        elif place.startswith("docs/notebooks/") and self.page != _page_of(place):
            place = f"docs/{_page_of(place)}"
        elif place.startswith("docs/"):
            if self.source == f"docs/{self.page}":
                return found[0]
        elif not target.exists():
            raise FileNotFoundError(f"{self.source}: the link to {address} leads to no file")
        else:
            return f"{label}({self.repository}/{place}{mark}{section})"
        near = os.path.relpath(DOCS / place.removeprefix("docs/"), (DOCS / self.page).parent)
        return f"{label}({near}{mark}{section})"


def _page_of(notebook: str) -> str:
    return notebook.removeprefix("docs/").removesuffix(".py") + ".md"
