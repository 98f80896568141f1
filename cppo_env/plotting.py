"""Plots as SVG elements, in one style for reports and comparisons."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

COLOURS = ("#4f46e5", "#059669", "#dc2626", "#d97706", "#0891b2", "#7c3aed", "#65a30d", "#be185d")


_THEME = {"#1f2937": "ink", "#6b7280": "soft", "#e5e7eb": "line", "#9ca3af": "axis"}
"""Colours of texts and axes → the CSS variable by which a page may have them otherwise."""


_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_PATH, _DIGITS = re.compile(r' d="[^"]*"'), re.compile(r"(\.\d\d)\d+")
"""What says nothing; a path, and digits of its points that nobody sees."""


def axes_of(size: tuple[float, float]) -> tuple[Any, Any]:
    """A figure of that size in inches, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes: Any = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#9ca3af")
    axes.tick_params(colors="#6b7280", labelsize=8)
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.7)
    return figure, axes


def svg(figure: Any) -> str:
    """The figure as an SVG element."""
    import matplotlib

    buffer = io.StringIO()
    with (
        matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cppo"}),  # pyright: ignore[reportUnknownMemberType] - typed in part
        warnings.catch_warnings(),
    ):
        # Texts stay texts, so the browser's fonts draw what matplotlib's has not.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = _METADATA.sub("", text)
    text = _PATH.sub(lambda path: _DIGITS.sub(r"\1", path[0]), text)
    for colour, name in _THEME.items():
        text = text.replace(f": {colour}", f": var(--{name}, {colour})")
    return text[text.index("<svg") :]
