"""The languages of judged programs: one row each, with a program that tests it."""

# ruff: noqa: E501 - tables of names
from __future__ import annotations

import re
from dataclasses import dataclass

from cppo_env.errors import UnknownNameError
from cppo_env.types import MIB, Limits, Problem, TestCase

TIERS: tuple[tuple[str, ...], ...] = (
    (),
    (
        "collections", "heapq", "bisect", "itertools", "functools", "math", "string", "operator", "re", "typing", "copy",
        "json", "datetime", "random", "decimal", "fractions", "statistics", "dataclasses", "enum", "io", "array", "cmath",
        "threading", "queue", "time", "types", "abc", "contextlib", "numbers", "warnings", "traceback", "textwrap",
    ),
    ("numpy",),
)  # fmt: skip
"""What the warm interpreters have imported: nothing, common stdlib modules, and numpy as well.

A program is forked from the smallest one that has its imports, because the cost of a test is what
the forked process maps. It imports anything else itself.
"""

_BUILT_IN = frozenset(
    {"sys", "os", "time", "math", "itertools", "builtins", "__future__", "gc", "marshal", "errno"}
)
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([\w., \t]+))|;[ \t]*import[ \t]+([\w., \t]+)",
    re.M,
)


@dataclass(frozen=True, slots=True)
class Language:
    """How programs of one language become processes."""

    name: str
    file_name: str
    """Name of the program's file."""
    self_test: str
    """A program that solves SELF_TEST."""
    compile: tuple[str, ...] | None = None
    """Command with {source} and {binary}; None for Python, which needs no compiler process."""
    run: tuple[str, ...] = ()
    """Command with {binary}, and perhaps the problem's {memory_mib}."""
    compiler: str = ""
    """What must be installed; empty for Python."""
    spare_bytes: int = 0
    """Memory that its runtime may take beside the problem's limit, which `run` hands to it."""
    unused_bytes: int = 0
    """Memory that it may ask for and not use, such as the stacks of threads."""

    def tier(self, program: str, *, call_based: bool) -> int:
        """Index into TIERS of the interpreter to fork for a program."""
        if self.compile is not None:
            return 0
        modules = imported(program)
        if "numpy" in modules or "scipy" in modules or "pandas" in modules:
            return 2
        return 1 if call_based or modules - _BUILT_IN else 0


SELF_TEST = Problem(
    "self-test",
    "Print the sum of two integers.",
    (TestCase("1 2\n", "3\n"), TestCase("30 40\n", "70\n")),
    limits=Limits(cpu_s=10.0, wall_s=20.0),
)

_ADD_IN_CPP = "#include <iostream>\nint main() { long long a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }\n"
_ADD_IN_JAVA = """\
import java.util.*;
public class Adder {
    public static void main(String[] words) {
        Scanner in = new Scanner(System.in);
        System.out.println(in.nextLong() + in.nextLong());
    }
}
"""
_ADD_IN_RUST = """\
fn main() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!("{}", line.split_whitespace().map(|word| word.parse::<i64>().unwrap()).sum::<i64>());
}
"""
_JAR = r"""
source=$1 words='((abstract|final|strictfp)[[:space:]]+)*'
name=$(sed -nE "s/^[[:space:]]*public[[:space:]]+${words}class[[:space:]]+([[:alnum:]_$]+).*/\3/p" "$source" | head -n 1)
package=$(sed -nE 's/^[[:space:]]*package[[:space:]]+([[:alnum:]_.]+)[[:space:]]*;.*/\1./p' "$source" | head -n 1)
build() {
    cp "$source" "java-source/$name.java" && javac -J-Xmx1g -J-Duser.language=en -nowarn -encoding UTF-8 -d java-classes "java-source/$name.java" 2> java-errors
}
mkdir java-classes java-source && name=${name:-Main}
if ! build; then
    name=$(sed -nE 's/.* ([^ /]+) is public, should be declared in a file named .*/\1/p' java-errors | head -n 1)
    { [ "$name" ] && build; } || { cat java-errors >&2; exit 1; }
fi
main=$package$name
if ! [ -e "java-classes/$(echo "$main" | tr . /).class" ]; then
    main=$(find java-classes -name '*.class' ! -name '*$*' -exec javap {} + | sed -nE '
        s/^.*(class|interface) ([^ <]+).*\{$/\2/; T end; h; d; :end; / public static .*void main\(java.lang.String/ { g; p; q }')
fi
[ "$main" ] || { echo 'no class has a method main' >&2; exit 1; }
jar cfe "$2" "$main" -C java-classes .
"""
"""Makes a jar of a Java file, whatever its public class and package are called.

The file is named after what looks like its public class; where that was a comment's or an inner
one, or looks otherwise, `javac` says the name.
"""


def _cpp(name: str, standard: str) -> Language:
    command = ("g++", f"-std={standard}", "-O2", "-pipe", "-o", "{binary}", "{source}")
    return Language(
        name, "solution.cpp", _ADD_IN_CPP, compile=command, run=("{binary}",), compiler="g++"
    )


LANGUAGES = {
    row.name: row
    for row in (
        Language("python", "solution.py", "a, b = map(int, input().split())\nprint(a + b)\n"),
        _cpp("cpp17", "c++17"),
        _cpp("cpp20", "c++20"),
        Language(
            "java",
            "solution.java",
            _ADD_IN_JAVA,
            compile=(
                "sh",
                "-c",
                _JAR.replace("{", "{{").replace("}", "}}"),
                "sh",
                "{source}",
                "{binary}",
            ),
            run=(
                "/usr/bin/java",
                "-Xms8m",
                "-Xmx{memory_mib}m",
                "-Xss64m",  # the main thread's stack; of the others, unless they ask for more:
                "-XX:ThreadStackSize=1024",
                "-XX:+UseSerialGC",
                "-XX:MaxJavaStackTraceDepth=16",  # what went wrong stays in the end of stderr
                "-jar",
                "{binary}",
            ),
            compiler="javac",
            spare_bytes=256 * MIB,  # code, classes, its compilers' work, the main thread's stack
            unused_bytes=2 << 30,
        ),
        Language(
            "rust",
            "solution.rs",
            _ADD_IN_RUST,
            compile=("rustc", "--edition=2021", "-O", "-o", "{binary}", "{source}"),
            run=("{binary}",),
            compiler="rustc",
        ),
    )
}

OPTIONAL = ("java", "rust")
"""Languages whose compilers the image has only if asked for."""


def language(name: str) -> Language:
    """The language of that name.

    Raises:
        UnknownNameError: there is none.
    """
    try:
        return LANGUAGES[name]
    except KeyError:
        raise UnknownNameError(f"no language {name!r}; known: {', '.join(LANGUAGES)}") from None


def imported(program: str) -> set[str]:
    """Top-level modules that a Python program seems to import; a guess without parsing."""
    found: set[str] = set()
    for match in _IMPORT.finditer(program):
        for part in (match[1] or match[2] or match[3]).split(","):
            found.update(part.partition(".")[0].split()[:1])
    return found
