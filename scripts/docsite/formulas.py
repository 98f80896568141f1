"""Formulas as MathML, which browsers show without a script or a font from elsewhere."""

from __future__ import annotations

import html
import re

from latex2mathml.converter import convert

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def as_mathml(page: str) -> str:
    """A page whose formulas, as the extension `arithmatex` leaves them, are MathML."""

    def one(found: re.Match[str]) -> str:
        tag, bracket, text = found.groups()
        display = "inline" if bracket == "(" else "block"
        formula = convert(html.unescape(text).strip(), display=display)
        return f'<{tag} class="formula">{formula}</{tag}>'

    return FORMULA.sub(one, page)
