"""The frame of every report: its style, and templates that escape what models wrote."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from cppo_env.evaluation.folders import title_of

if TYPE_CHECKING:
    import jinja2

VERDICT_COLOURS = {
    **{"AC": "#059669", "WA": "#dc2626", "RE": "#be185d", "TLE": "#d97706", "MLE": "#b45309"},
    **{"OLE": "#92400e", "CE": "#6b7280", "IE": "#374151"},
}


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """A page of `templates/`."""
    return _environment().get_template(template).render(**values)


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values with the names joined by blanks."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= flat(cast(dict[str, Any], value), f"{prefix}{name} ")
        else:
            found[prefix + name] = value
    return found


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    folder = files("cppo_grpo.reports") / "templates"
    loader = jinja2.FunctionLoader(lambda name: (folder / name).read_text("utf-8"))
    environment: Any = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(verdict_colours=VERDICT_COLOURS)
    environment.filters.update(figure=_figure, when=title_of)
    return environment


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
