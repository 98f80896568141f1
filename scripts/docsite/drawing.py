"""A drawing as SVG: boxes, arrows and texts that take the colour of the page around them."""

from __future__ import annotations

from html import escape

TEAL, ORANGE, GREY, VIOLET = "#0b9c8c", "#e8590c", "#8a8f98", "#7048e8"
FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"
# A page that shows the file itself has no colour to give, so it asks the reader's system.
STYLE = "<style>svg{color:#222}@media(prefers-color-scheme:dark){svg{color:#ddd}}</style>"


class Drawing:
    """Collects shapes; lengths in pixels, y downwards."""

    def __init__(self, width: float, height: float, name: str):
        self.width, self.height = width, height
        self.head = f"tip-{name}"
        self.shapes: list[str] = []

    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        *lines: str,
        colour: str = "currentColor",
        filled: float = 0.0,
        size: float = 13,
    ) -> None:
        """A rounded box with centred lines of text; the first one is bold."""
        self.shapes.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" rx="5" fill="{colour}"'
            f' fill-opacity="{filled}" stroke="{colour}" stroke-width="1.4"/>'
        )
        top = y + h / 2 - (len(lines) - 1) * size * 0.62 + size * 0.35
        for number, line in enumerate(lines):
            self.text(x + w / 2, top + number * size * 1.24, line, size=size, bold=number == 0)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 13,
        anchor: str = "middle",
        bold: bool = False,
        colour: str = "currentColor",
    ) -> None:
        """One line of text; y is its baseline."""
        weight = ' font-weight="600"' if bold else ""
        self.shapes.append(
            f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}"{weight}'
            f' fill="{colour}">{escape(text)}</text>'
        )

    def arrow(self, *points: tuple[float, float], colour: str = "currentColor") -> None:
        """A line through points, with a tip at its end."""
        self.line(*points, colour=colour, more=f' marker-end="url(#{self.head})"')

    def line(
        self,
        *points: tuple[float, float],
        colour: str = "currentColor",
        width: float = 1.4,
        dashed: bool = False,
        more: str = "",
    ) -> None:
        """A line through points."""
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self.shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{_n(width)}"'
            f"{dashes}{more}/>"
        )

    def dot(self, x: float, y: float, colour: str, *, radius: float = 4) -> None:
        """A filled circle."""
        self.shapes.append(
            f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{colour}"'
            ' fill-opacity="0.75"/>'
        )

    def svg(self) -> str:
        """The file."""
        tip = (
            f'<marker id="{self.head}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
            ' markerHeight="7" orient="auto"><path d="M0,0L8,4L0,8z" fill="currentColor"/></marker>'
        )
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(self.width)}"'
                f' viewBox="0 0 {_n(self.width)} {_n(self.height)}" font-family="{FONT}">',
                STYLE,
                f"<defs>{tip}</defs>",
                *self.shapes,
                "</svg>",
                "",
            ]
        )


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
