"""Plots as SVG elements, in one style for reports and comparisons."""

from __future__ import annotations

import io
import warnings
from typing import Any

COLOURS = ("#4f46e5", "#059669", "#dc2626", "#d97706", "#0891b2", "#7c3aed", "#65a30d", "#be185d")


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
    return text[text.index("<svg") :]
