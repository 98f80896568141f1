"""One spelling for texts that look alike, so that no disguise hides a repeated method."""

from __future__ import annotations

import unicodedata

_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u03bf\u03b1\u03bd"
    "\u03c1\u03b9\u0261\u0131\u043a\u043c\u0442\u0432\u043d",
    "aeopcyxijsdhoavpigikmtbh",
)
"""Cyrillic, Greek and other letters that look like Latin ones."""


def same_letters(text: str) -> str:
    """The text in lower case, without accents and invisible characters, in Latin where it looks so.

    It is for comparing: a Cyrillic word becomes a mixture, but always the same one.
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = (c for c in apart if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return "".join(kept).translate(_LOOKALIKES)
