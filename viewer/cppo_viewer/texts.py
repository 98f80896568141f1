"""Texts of models and problem sets as HTML: all escaped, and no character can hide or move text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

from markupsafe import Markup, escape

from cppo_env.rendering import printable

MATHS_CHARS = 2000
"""Longer formulas stay as they were written."""
AROUND = 60
"""Characters of an excerpt on either side of what was found."""
_MATHS = re.compile(r"\$\$\$(.+?)\$\$\$|\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL)
"""Codeforces writes $$$x$$$, LiveCodeBench $x$."""
_ATTRIBUTES = frozenset(
    {
        *("display", "stretchy", "fence", "form", "lspace", "rspace", "mathvariant", "separator"),
        *("columnalign", "rowspacing", "columnspacing", "displaystyle", "scriptlevel", "accent"),
        *("linethickness", "minsize", "maxsize", "width", "height", "depth", "movablelimits"),
    }
)
"""Attributes of MathML that only lay out."""


def statement(text: str) -> Markup:
    """A problem statement: its text as it stands, its formulas as MathML."""
    ends = [(match.start(), match.end(), match) for match in _MATHS.finditer(text)]
    parts: list[Markup] = []
    for (_, start, _), (end, _, match) in pairwise([(0, 0, None), *ends, (len(text), 0, None)]):
        parts.append(plain(text[start:end]))
        if match is not None:
            source = next(group for group in match.groups() if group is not None)
            parts.append(_formula(source) or plain(match[0]))
    return Markup("").join(parts)


def plain(text: str) -> Markup:
    """A text with control and direction characters made visible."""
    return escape(printable(text))


def excerpt(searched: Sequence[str], phrases: Sequence[str]) -> Markup:
    """The first place in some texts where a phrase occurs, marked; nothing where none does."""
    for phrase in phrases:
        words = r"\W+".join(map(re.escape, re.findall(r"\w+", phrase)))
        pattern = re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
        for text in searched:
            if match := pattern.search(text):
                start, end = match.span()
                before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
                marked = Markup("<mark>{}</mark>").format(plain(match[0]))
                return plain(before) + marked + plain(after)
    return Markup("")


def program(source: str, language: str = "python") -> Markup:
    """A program with highlighting and line numbers."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name("cpp" if language.startswith("cpp") else "python", stripnl=False)
    formatter = HtmlFormatter[str](cssclass="code", linenos="inline", wrapcode=True)
    return Markup(highlight(printable(source), lexer, formatter))  # Pygments escapes


@cache
def program_styles() -> str:
    """The style sheet of highlighted programs, for light and dark."""
    from pygments.formatters import HtmlFormatter

    light = HtmlFormatter[str](style="default").get_style_defs(".code")
    dark = HtmlFormatter[str](style="github-dark").get_style_defs(".code")
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


@cache
def _formula(source: str) -> Markup | None:
    """A TeX formula as MathML; None where it cannot be converted."""
    from latex2mathml import exceptions
    from latex2mathml.converter import convert

    refusals: tuple[type[Exception], ...] = tuple(
        one for one in vars(exceptions).values() if isinstance(one, type)
    )
    if len(source) > MATHS_CHARS:
        return None
    try:
        found = convert(printable(source))
        # The converter does not escape what stands in \text{…}, so its result is not trusted.
        elements = list(ElementTree.fromstring(found).iter())
    except (*refusals, ElementTree.ParseError, IndexError, ValueError, RecursionError):
        return None
    known = all(
        element.tag.startswith("{http://www.w3.org/1998/Math/MathML}m")
        and element.attrib.keys() <= _ATTRIBUTES
        for element in elements
    )
    return Markup(found) if known else None
