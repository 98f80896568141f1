r"""Statements for a terminal: their LaTeX as plain characters.

For people only. Agents see the statement as it is, and so do `--json` and `show --raw`. A command
that is not known stays as it is written, with its backslash.
"""

# ruff: noqa: SIM905 - tables of words
from __future__ import annotations

import re
from collections.abc import Callable

DEPTH = 32
"""Commands that may lie in each other; what is deeper stays as it is written."""

_TABLE = """
leq:≤ le:≤ leqslant:≤ geq:≥ ge:≥ geqslant:≥ neq:≠ ne:≠ lt:< gt:> ll:≪ gg:≫ times:× cdot:· div:÷
pm:± ldots:… dots:… cdots:… dotsc:… dotsb:… vdots:⋮ sum:∑ prod:∏ infty:∞ in:∈ notin:∉ subset:⊂
subseteq:⊆ cup:∪ cap:∩ emptyset:∅ varnothing:∅ setminus:∖ forall:∀ exists:∃ land:∧ wedge:∧ lor:∨
vee:∨ neg:¬ lnot:¬ oplus:⊕ odot:⊙ circ:∘ approx:≈ equiv:≡ sim:∼ mid:| lfloor:⌊ rfloor:⌋ lceil:⌈
rceil:⌉ lvert:| rvert:| vert:| langle:⟨ rangle:⟩ lbrace:{ rbrace:} to:→ rightarrow:→
longrightarrow:→ Rightarrow:⇒ implies:⇒ leftarrow:← gets:← leftrightarrow:↔ Leftrightarrow:⇔
iff:⇔ mapsto:↦ ell:ℓ alpha:α beta:β gamma:γ delta:δ Delta:Δ epsilon:ε varepsilon:ε theta:θ
lambda:λ mu:μ pi:π rho:ρ sigma:σ Sigma:Σ tau:τ phi:φ varphi:φ omega:ω Omega:Ω
"""
_SYMBOLS = {name: sign for name, _, sign in (pair.partition(":") for pair in _TABLE.split())}
_WORDS = frozenset(
    "max min gcd lcm log ln exp sin cos tan mod bmod arg det deg sup inf lim".split()
)
_SPACES = frozenset("quad qquad enspace space thinspace".split())
_NOTHING = frozenset(
    "left right big Big bigg Bigg bigl bigr limits displaystyle textstyle mathbin mathrel".split()
)
_COMMAND = re.compile(r"\\([A-Za-z]+) ?")
_BRACED = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_TEXT = re.compile(
    r"\\(?:text|textbf|textit|texttt|textrm|mathrm|mathbf|mathit|mathtt|mathcal|mathbb|mathsf|"
    rf"operatorname\*?|overline|underline|underbrace|emph|bf|tt)\s*{_BRACED}"
)
_FRACTION = re.compile(rf"\\[dt]?frac\s*{_BRACED}\s*{_BRACED}")
_BINOMIAL = re.compile(rf"\\[dt]?binom\s*{_BRACED}\s*{_BRACED}")
_ROOT = re.compile(rf"\\sqrt\s*{_BRACED}")
_COLOUR = re.compile(rf"\\color\s*\{{\w+\}}\s*{_BRACED}")
_MODULO = re.compile(rf"\\pmod\s*{_BRACED}")
_SCRIPT = re.compile(rf"([\^_])\s*(?:{_BRACED}|(\w))")
_POWER = re.compile(r"(?<=\d)\^(?:\{(-?\w+)\}|(-?\d+))")
_INDEX = re.compile(rf"([\^_]){_BRACED}")
_DOLLARS = re.compile(r"(\${1,3})(?=\S)((?:[^$\n]|\n(?!\n)){1,400}?)(?<=\S)\1(?!\d)")
_RAISED = str.maketrans(
    "0123456789+-=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
)
_LOWERED = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_TEXT, lambda match: match[1]),
    (_COLOUR, lambda match: match[1]),
    (_FRACTION, lambda match: f"{_grouped(match[1])}/{_grouped(match[2])}"),
    (_BINOMIAL, lambda match: f"C({match[1]}, {match[2]})"),
    (_ROOT, lambda match: f"√{_grouped(match[1])}"),
    (_MODULO, lambda match: f"(mod {match[1]})"),
)


def readable(statement: str) -> str:
    """The text with its maths in plain characters: a_{i} ≤ 10^5 becomes aᵢ ≤ 10⁵.

    Between dollars everything is maths. Elsewhere only commands are, powers of numbers, and indices
    in braces, so that names such as `max_flow` stay.
    """
    text = _DOLLARS.sub(lambda match: _scripts(_commands(match[2]), _SCRIPT).strip(), statement)
    text = _POWER.sub(lambda match: _script("^", match[1] or match[2]), _commands(text))
    return _scripts(text, _INDEX)


def _commands(text: str) -> str:
    if "\\" not in text:
        return text
    for pattern, form in _FORMS:
        text = _replaced(pattern, form, text)
    text = re.sub(r"\\([{}%#&_$])", r"\1", re.sub(r"\\[,;:! ]", " ", text))
    return _COMMAND.sub(_command, text)


def _command(match: re.Match[str]) -> str:
    name, space = match[1], match[0][len(match[1]) + 1 :]
    if name in _NOTHING:
        return ""
    if name in _SPACES:
        return " "
    if name in _WORDS:
        return name.removeprefix("b") + space
    return _SYMBOLS[name] + space if name in _SYMBOLS else match[0]


def _scripts(text: str, pattern: re.Pattern[str]) -> str:
    return _replaced(pattern, _moved, text)


def _replaced(pattern: re.Pattern[str], form: Callable[[re.Match[str]], str], text: str) -> str:
    """All that the pattern finds; one may lie in another, which each round finds a level of."""
    for _ in range(DEPTH):
        if (changed := pattern.sub(form, text)) == text:
            break
        text = changed
    return text


def _moved(match: re.Match[str]) -> str:
    kind, *contents = match.groups()
    return _script(kind, next(filter(None, contents), ""))


def _script(kind: str, content: str) -> str:
    content = content.strip()
    plain = content.replace(" ", "")
    moved = plain.translate(_RAISED if kind == "^" else _LOWERED)
    if plain and not set(moved) & set(plain):
        return moved
    return kind + _grouped(content)


def _grouped(content: str) -> str:
    content = content.strip()
    return content if re.fullmatch(r"\w*|.", content) else f"({content})"
