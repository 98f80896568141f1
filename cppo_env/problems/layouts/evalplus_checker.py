"""EvalPlus' comparison as a checker program.

It calls the canonical solution where the file gives no expected value. Floats are compared within
the record's `atol` (1e-6 if 0) plus 1e-7 of the value. Some functions have rules of their own.
"""

from __future__ import annotations

from cppo_env.types import CheckerProgram

RULES = {
    "find_zero": "zero",
    **dict.fromkeys(("check_str", "text_match_three", "text_starta_endb"), "found"),
    **dict.fromkeys(
        (
            "similar_elements",
            "find_char_long",
            "common_in_nested_lists",
            "extract_singly",
            "larg_nnum",
            "intersection_array",
            "find_dissimilar",
            "Diff",
        ),
        "set",
    ),
}
"""Entry point → rule, as in EvalPlus' evaluator: "zero": a root of the polynomial; "found": a match
object is as good as True; "set": elements in any order."""

_PROGRAM = """\
import contextlib, copy, io, json, sys


def same(want, have):
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(map(same, want, have))
    if isinstance(want, dict) and isinstance(have, dict):
        return want.keys() == have.keys() and all(same(want[key], have[key]) for key in want)
    if isinstance(want, float) and isinstance(have, (int, float)) and not isinstance(have, bool):
        if want == have or (want != want and have != have):
            return True
        return abs(want - have) <= (TOLERANCE or 1e-6) + 1e-7 * abs(want)
    return isinstance(want, bool) == isinstance(have, bool) and want == have


def right(arguments, want, have):
    if RULE == "zero":
        value = sum(c * have**n for n, c in enumerate(arguments[0]))
        return abs(value) <= (TOLERANCE or 1e-6)
    if RULE == "found":
        return have == want if isinstance(have, bool) else want == (have is not None)
    if RULE == "set":
        return {json.dumps(one) for one in want} == {json.dumps(one) for one in have}
    return same(want, have)


with open(sys.argv[1]) as file:
    arguments = json.load(file)
if REFERENCE is None:
    with open(sys.argv[2]) as file:
        want = json.load(file)
else:
    space = {"__name__": "reference"}
    with contextlib.redirect_stdout(io.StringIO()):  # ours is for the verdict
        exec(compile(REFERENCE, "reference.py", "exec"), space)
        want = space[ENTRY](*copy.deepcopy(arguments))
    want = json.loads(json.dumps(want, default=list))
try:  # whatever fails from here on, the answer is to blame
    with open(sys.argv[3]) as file:
        have = json.load(file)
    verdict = int(right(arguments, want, have))
except (ArithmeticError, MemoryError, RecursionError, TypeError, ValueError):
    verdict = 0
print(verdict)
"""


def checker_of(entry: str, tolerance: float, reference: str | None = None) -> CheckerProgram:
    """The checker of one problem.

    Args:
        entry: name of the function.
        tolerance: `atol` of the record.
        reference: the canonical solution, which gives the expected value; None if the tests do.
    """
    settings = {
        "ENTRY": entry,
        "TOLERANCE": tolerance,
        "RULE": RULES.get(entry, ""),
        "REFERENCE": reference,
    }
    head = "\n".join(f"{name} = {value!r}" for name, value in settings.items())
    return CheckerProgram("python", f"{head}\n{_PROGRAM}")
