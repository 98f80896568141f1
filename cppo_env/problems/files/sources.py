"""From a path to the files of one layout, and where downloads lie."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path

from cppo_env.errors import ProblemDataError, UsageError
from cppo_env.problems.files.damage import damage_of
from cppo_env.problems.files.formats import (
    FileState,
    JsonLines,
    ParquetRows,
    RawFolders,
    RecordFile,
    open_parquet,
    split_of,
)
from cppo_env.problems.records import FieldError

LAYOUTS: dict[str, frozenset[str]] = {
    "taco": frozenset({"question", "input_output", "skill_types"}),
    "apps": frozenset({"question", "input_output"}),
    "code_contests": frozenset({"description", "public_tests"}),
    "livecodebench": frozenset({"question_content", "public_test_cases"}),
    "deepcoder": frozenset({"problem", "tests", "solutions"}),
    "codeforces": frozenset({"input_format", "official_tests"}),
    "code_contests_plus": frozenset({"description", "checker", "correct_submissions"}),
    "aethercode": frozenset({"description", "checker", "contest_category"}),
    "prime_intellect": frozenset({"prompt", "verification_info"}),
    "humaneval_plus": frozenset({"task_id", "prompt", "entry_point", "canonical_solution"}),
    "mbpp_plus": frozenset({"task_id", "prompt", "test_list", "test"}),
    "gsm8k": frozenset({"question", "answer"}),
    "hendrycks_math": frozenset({"problem", "solution"}),
}
"""Layout → fields by which its records are recognised; the first that fits counts."""

FORMS: dict[str, str] = {
    "apps": "APPS folders (train/0001/question.txt, …) or JSON lines",
    "code_contests": "CodeContests Parquet files or JSON lines",
    "livecodebench": "LiveCodeBench test*.jsonl",
    "deepcoder": "DeepCoder Parquet folders (taco, lcbv5, …)",
    "codeforces": "open-r1/codeforces Parquet files",
    "code_contests_plus": "CodeContests+ Parquet files",
    "aethercode": "AetherCode Parquet files",
    "taco": "TACO Parquet files or JSON lines",
    "prime_intellect": "verifiable-coding-problems Parquet files",
    "humaneval_plus": "HumanEval+ JSON lines of EvalPlus",
    "mbpp_plus": "MBPP+ JSON lines of EvalPlus",
    "gsm8k": "GSM8K Parquet files or JSON lines",
    "hendrycks_math": "MATH Parquet files or JSON lines",
}
"""Layout → what its files are called in messages."""

MORE_TESTS = frozenset({"problem_id", "input", "output"})
"""Fields of the files that hold further tests of Codeforces problems."""

KNOWN_PROGRAMS = frozenset({"key", "code", "expected"})
"""Fields of a file of programs with known verdicts, which may lie beside the problems."""

RECORDS_TO_TRY = 20
"""Records that are looked at before a file's layout counts as unknown."""


def data_folder() -> Path:
    """Where downloads and imports lie: $CPPO_DATA, else the platform's cache folder."""
    return Path(given).expanduser() if (given := os.environ.get("CPPO_DATA")) else cache_folder()


def cache_folder() -> Path:
    """The platform's folder for what can be made again."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "cppo"


def imported(name: str) -> Path:
    """The store that `cppo problems import NAME` writes, and that the name NAME prefers."""
    return data_folder() / f"{name}-store"


def imported_names() -> list[str]:
    """The names of all sets that were imported, those of paths included."""
    return sorted(folder.name.removesuffix("-store") for folder in data_folder().glob("*-store"))


def detect(path: Path) -> str:
    """The layout of what lies at a path.

    Raises:
        ProblemDataError: there is nothing there, no layout that is known, or more than one.
    """
    found = {name for file in record_files(path) if (name := layout_of(file)) is not None}
    if len(found) == 1:
        return found.pop()
    if not found:
        raise ProblemDataError(
            f"{path}: holds no problems{_first_fault(path)}; expected one of the layouts "
            f"{', '.join(sorted(LAYOUTS))} (docs/problems.md)"
        )
    raise ProblemDataError(
        f"{path}: holds several layouts ({', '.join(sorted(found))}); give the path of one of them"
    )


def _first_fault(path: Path) -> str:
    """The first record that cannot be read, if any, with its line and what is wrong."""
    for file in record_files(path):
        for found in file.scan() if isinstance(file, JsonLines) else ():
            if isinstance(found.record, FieldError):
                return f" ({file.refusal(found.number, found.record)})"
            break
    return ""


def files_of(
    layout: str, source: Path | str | None, subset: str | None = None, *, also: str | None = None
) -> list[RecordFile]:
    """The files of one layout at a path, or at the layout's place in the data folder.

    Args:
        layout: one of `LAYOUTS`.
        source: the path; None for the layout's place in the data folder.
        subset: take the files of the folder with this name only.
        also: another layout, which cannot be told from this one by its fields.

    Raises:
        ProblemDataError: there are none; the message says what to put where.
    """
    path = data_folder() / layout if source is None else Path(source).expanduser()
    if source is None and not path.exists():
        raise ProblemDataError(
            f"{layout} is not on this machine; run: cppo problems download {layout}, "
            f"or put {FORMS[layout]} into {path}, or pass problems=PATH"
        )
    files = [file for file in record_files(path) if layout_of(file) in (layout, also, None)]
    if subset is not None:
        folders = {file.state()[0].path.split(os.sep)[-2] for file in files}
        files = [file for file in files if file.state()[0].path.split(os.sep)[-2] == subset]
        if not files:
            known = ", ".join(sorted(folders))
            raise UsageError(f"subset: got {subset!r}, expected one of the folders {known}")
    if not files or all(layout_of(file) is None for file in files):
        raise ProblemDataError(f"{path}: holds no {layout} problems; expected {FORMS[layout]}")
    return files


def record_files(path: Path) -> list[RecordFile]:
    """The files and folders of records at a path, whatever their layout.

    Raises:
        ProblemDataError: the path does not exist, is a file of an unknown kind, or a file there is
            damaged.
    """
    if not path.exists():
        raise ProblemDataError(
            f"{path}: no such file or folder; expected problems in a published layout, or a name: "
            "cppo problems list"
        )
    if path.is_file():
        if path.suffix not in (".parquet", ".jsonl", ".json", ".ndjson"):
            raise ProblemDataError(f"{path}: expected a .jsonl or .parquet file, or a folder")
        return [_whole(path)]
    if raw := _raw_folders(path):
        return raw
    inner = sorted(
        file for file in path.rglob("*") if file.suffix in (".jsonl", ".parquet") and file.is_file()
    )
    return [file for file in map(_whole, inner) if not _is_beside(_fields(file))]


def _is_beside(fields: frozenset[str]) -> bool:
    """Whether a file with these fields belongs to problems and holds none."""
    return fields >= KNOWN_PROGRAMS or (fields >= MORE_TESTS and "question" not in fields)


def _whole(path: Path) -> RecordFile:
    """A file of records.

    Raises:
        ProblemDataError: it is something else under that name, or only a part of it is there.
    """
    if (damage := damage_of(path)) is not None:
        raise ProblemDataError(f"{path}: {damage}")
    return ParquetRows(path) if path.suffix == ".parquet" else JsonLines(path)


def _raw_folders(path: Path) -> list[RecordFile]:
    """The splits of an APPS archive, of one split of it, or of one problem of it."""
    if _is_problem(path):
        return [RawFolders((path,), split_of(path.resolve().parent.name))]
    inside = sorted(entry for entry in path.iterdir() if entry.is_dir())
    if problems := tuple(filter(_is_problem, inside)):
        return [RawFolders(problems, split_of(path.resolve().name))]
    splits = [(split, tuple(filter(_is_problem, sorted(split.iterdir())))) for split in inside]
    return [RawFolders(problems, split_of(split.name)) for split, problems in splits if problems]


def _is_problem(folder: Path) -> bool:
    return (folder / "question.txt").is_file() or (folder / "input_output.json").is_file()


def layout_of(file: RecordFile) -> str | None:
    """The layout of a file by the fields of its first readable record."""
    if isinstance(file, RawFolders):
        return "apps"
    names = _fields(file)
    return next((layout for layout, required in LAYOUTS.items() if names >= required), None)


def _fields(file: RecordFile) -> frozenset[str]:
    """The names of the fields in a file's first readable record."""
    return _fields_of(file, *file.state())


@lru_cache(maxsize=256)
def _fields_of(file: RecordFile, *_: FileState) -> frozenset[str]:
    if isinstance(file, ParquetRows):
        with open_parquet(file.path) as table:
            return frozenset(table.schema_arrow.names)
    for count, found in enumerate(file.scan()):
        if not isinstance(found.record, FieldError):
            return frozenset(found.record)
        if count >= RECORDS_TO_TRY:
            break
    return frozenset()
