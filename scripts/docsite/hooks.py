"""Hooks of MkDocs: pages that are made, links that leave docs/, formulas, inlined pictures."""

from __future__ import annotations

import os
import re
from typing import Any

from mkdocs.structure.files import File

from scripts.docsite import commands, formulas, links, notebooks

DRAWING = re.compile(r'<img alt="([^"]*)" src="((?:[^"]*/)?pictures/[^"]+\.svg)"[^>]*>')
MARK = "COMMANDS"
"""Stands in the navigation for the pages of the commands."""


def on_config(config: Any) -> Any:
    """Put the pages of the commands into the navigation."""
    made = [page for page in commands.pages() if page.startswith("look-up/commands/")]

    def filled(entry: Any) -> Any:
        if isinstance(entry, list):
            return [filled(one) for one in entry]
        if isinstance(entry, dict):
            return {title: filled(one) for title, one in entry.items()}
        return made if entry == MARK else entry

    config.nav = filled(config.nav)
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that lie elsewhere or are made."""
    for file, page in links.BESIDE.items():
        files.append(File.generated(config, page, content=(links.ROOT / file).read_text()))
    for page, text in (commands.pages() | notebooks.pages()).items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Give links to files of the repository their address there; the first page stands alone."""
    if page.is_homepage:
        page.meta["hide"] = ["navigation", "toc"]
    return links.rewritten(markdown, page.file.src_uri, config.extra["repository"])


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Turn formulas into MathML, put drawings into the page, and link commands."""
    here = page.file.src_uri
    html = re.sub(
        r'<img alt="([^"]*)" src="((?:[^"]*/)?pictures/[^"]+\.svg)"[^>]*>', _drawing, html
    )
    return _commands_linked(formulas.as_mathml(html), here)


def _drawing(found: re.Match[str]) -> str:
    """The drawing itself, which takes the colours of the page, light or dark."""
    name = found[2].rpartition("/")[2]
    drawn = (links.DOCS / "pictures" / name).read_text()
    drawn = re.sub(r"<style>.*?</style>", "", drawn, flags=re.DOTALL)
    return f'<span role="img" aria-label="{found[1]}" class="picture">{drawn}</span>'


def _commands_linked(html: str, here: str) -> str:
    folder = os.path.relpath("look-up/commands", os.path.dirname(here) or ".")
    known = commands.links()

    def link(found: re.Match[str]) -> str:
        place = known.get(found[1])
        return f'<a href="{folder}/{place}">{found[0]}</a>' if place else found[0]

    return re.sub(r"(?<!\">)<code>(cppo [a-z ]+)</code>(?!</a>)", link, html)
