r"""Statements for people: LaTeX as plain characters, and everything else untouched."""

import pytest

from cppo_env.problems.readable import readable
from tests.support.cli import cppo
from tests.support.records import apps, write_lines

READABLE = {
    r"print $\sum_{i = 0}^{h} a_{i}$ integers": "print ∑ᵢ₌₀ʰ aᵢ integers",
    r"h ≤ 10^5, 2·10^{-6}, a_{h}": "h ≤ 10⁵, 2·10⁻⁶, aₕ",
    r"$\frac{|a - b|}{\operatorname{max}(1,|b|)} \leq 10^{-6}$": "(|a - b|)/(max(1,|b|)) ≤ 10⁻⁶",
    r"$$$a_1, \ldots, a_n$$$ ($$$1 \le a_i$$$)": "a₁, …, aₙ (1 ≤ aᵢ)",
    r"\left\lfloor \frac{n}{2} \right\rfloor": "⌊ n/2 ⌋",
    r"$\sqrt{a^2+b^2} < 2^{2^n}$": "√(a²+b²) < 2^(2ⁿ)",
    r"$\sum_{k=1}^{\infty}\frac{1}{\frac{k}{2}}$": "∑ₖ₌₁^∞1/(k/2)",
    r"\mathrm{ans}_i, $\{-1, 0\}$, $998\,244\,353$, $x_{max}$": "ans_i, {-1, 0}, 998 244 353, xₘₐₓ",
    r"a = [1, \color{blue}{3, 2}, 5], $\binom{n}{k} \bmod 7$": "a = [1, 3, 2, 5], C(n, k) mod 7",
}
UNTOUCHED = [
    "It costs $5 and $7.",
    "max_flow of a_b, x = a ^ b, {x}",
    r"a command that is not known: \foo{x}, C:\new",
    "$one\n\nparagraph$",
    "$" * 5000,
    "{" * 5000 + r"\frac{",
]


@pytest.mark.parametrize("text", READABLE)
def test_maths_is_readable(text: str):
    assert readable(text) == READABLE[text]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_other_text_stays(text: str):
    assert readable(text) == text


def test_show_has_both_forms(tmp_path):
    path = write_lines(
        tmp_path / "train.jsonl", [apps(problem_id=7, question=r"Print $a_i \leq 10^5$.")]
    )
    shown, raw = (
        cppo("problems", "show", "7", "--problems", path, "--raw", raw) for raw in ("false", "true")
    )
    assert "Print aᵢ ≤ 10⁵." in shown.stdout
    assert r"Print $a_i \leq 10^5$." in raw.stdout


def test_what_lies_deeper_than_any_formula_stays():
    deep = readable(r"\sqrt{" * 1000 + "x" + "}" * 1000)
    assert 0 < deep.count("√") < 100
    assert deep.count(r"\sqrt{") == 1000 - deep.count("√")
