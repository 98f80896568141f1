"""Blocks of code in other markup than Markdown's fences, written as fences."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Sequence

from cppo_env.parsing.fences import is_python_label, other_language
from cppo_env.parsing.set_aside import has_set_aside

_PAIRS = [
    (
        re.compile(rf"\s*{opening}.*", re.I),
        re.compile(rf"\s*{closing}\s*", re.I),
    )
    for opening, closing in (
        (r"\\begin\{(?:lstlisting|minted|verbatim|python)\}", r"\\end\{\w+\}"),
        (r"#\+begin_src\s+python", r"#\+end_src"),
        (r"\[(?:python|code(?:=\"?python\"?)?)\]", r"\[/(?:python|code)\]"),
        (r"'''(?:python|py)\b", "'''"),
        (r"``(?:python|py)\b", "``"),
    )
]
_ASCIIDOC = re.compile(r"\[source,\s*python[^\]]*\]\s*", re.I)
_DIRECTIVE = re.compile(r"\.\. (?:code|code-block|sourcecode)::\s*python\d?\s*", re.I)
_YAML = re.compile(r"\s*(?:code|program|solution|source):\s*\|[-+]?\s*")
_YAML_LANGUAGE = re.compile(r"\s*(?:-\s+)?lang(?:uage)?:\s*[\"']?([\w+#]+)[\"']?\s*", re.I)
_FILE_TOKEN = re.compile(r"<(?:filename|file_sep|reponame|gh_stars)>[^\n]*")
_NUMBERED = re.compile(r"\s*(\d{1,4})(?: ?[:|])?(|[ \t].*)")


def fenced(lines: Sequence[str]) -> list[str] | None:
    """Lines with blocks of other markup as fenced ones; None where there are none."""
    found: list[str] = []
    never = set[re.Pattern[str]]()
    changed, number = False, 0
    language = functools.cache(lambda: _language_of_yaml(lines))
    is_aside = functools.cache(lambda: has_set_aside("\n".join(lines)))
    while number < len(lines):
        line = lines[number]
        closing = next((end for start, end in _PAIRS if start.fullmatch(line)), None)
        first, last = number + 1, None
        if closing is not None and closing not in never:
            last = next((n for n in range(first, len(lines)) if closing.fullmatch(lines[n])), None)
            never |= {closing} if last is None else set()
        elif _ASCIIDOC.fullmatch(line) and lines[first : first + 1] == ["----"]:
            first += 1
            last = next((n for n in range(first, len(lines)) if lines[n] == "----"), None)
        elif _DIRECTIVE.fullmatch(line) or _YAML.fullmatch(line):
            last = _end_of_indented(lines, number)
            label = language() if _YAML.fullmatch(line) else "python"
            label = "text" if line[:1].isspace() and is_aside() else label
            found += [f"```{label}", *lines[first:last], "```"]
            changed, number = True, last
            continue
        if last is None:
            found.append(line)
            number += 1
        else:
            found += [f"```{other_language(line) or 'python'}", *lines[first:last], "```"]
            changed, number = True, last + 1
    kept = [line for line in found if not _FILE_TOKEN.fullmatch(line)]
    files = [line for line in found if _FILE_TOKEN.fullmatch(line) and "." in line]
    if len(files) > 1 or any(not line.strip().endswith(".py") for line in files):
        return None
    return kept if changed or len(kept) < len(found) else None


def _language_of_yaml(lines: Sequence[str]) -> str:
    """The language that another key says."""
    said = [match[1].casefold() for line in lines if (match := _YAML_LANGUAGE.fullmatch(line))]
    return "python" if all(map(is_python_label, said)) else "text"


def _end_of_indented(lines: Sequence[str], header: int) -> int:
    """The first line behind a header that is neither blank nor indented deeper."""
    depth = len(lines[header]) - len(lines[header].lstrip())
    return next(
        (
            n
            for n in range(header + 1, len(lines))
            if lines[n].strip() and len(lines[n]) - len(lines[n].lstrip()) <= depth
        ),
        len(lines),
    )


def of_html(text: str) -> str | None:
    """What the only `<pre>` of a text holds, with its characters unescaped."""
    start, end = text.find("<pre"), text.find("</pre>")
    if start < 0 or end < start or text.count("<pre") > 1 or text.count("</pre>") > 1:
        return None
    body = text[text.find(">", start) + 1 : end]
    opening = re.match(r"\s*<code[^<>]{0,200}>", body)
    named = text[start : text.find(">", start)] + (opening[0] if opening else "")
    if other_language(named.replace("language-", " ")) or text.rfind("<!--", 0, start) > text.rfind(
        "-->", 0, start
    ):
        return None
    return html.unescape(re.sub(r"\A\s*<code[^<>]{0,200}>|</code>\s*\Z", "", body))


def indented(lines: Sequence[str]) -> list[str] | None:
    """The lines of the only run that is indented by four blanks or a tab, less the lines around."""
    deep = [n for n, line in enumerate(lines) if line.startswith(("    ", "\t"))]
    if not deep:
        return None
    run = list(lines[deep[0] : deep[-1] + 1])
    return run if all(not line.strip() or line[0] in " \t" for line in run) else None


def unnumbered(source: str) -> str | None:
    """A listing without its line numbers, which count from 1."""
    lines = source.rstrip("\n").split("\n")
    found = [_NUMBERED.fullmatch(line) for line in lines]
    if len(lines) < 2 or not all(found):
        return None
    pairs = [(int(match[1]), match[2]) for match in found if match]
    if [number for number, _ in pairs] != list(range(1, len(pairs) + 1)):
        return None
    codes = [code for _, code in pairs]
    margin = min((len(code) - len(code.lstrip()) for code in codes if code.strip()), default=0)
    return "\n".join(code[margin:] for code in codes)
