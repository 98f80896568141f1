"""Languages beside Python: each with its standard, and Java whatever its classes are called."""

from dataclasses import replace

import pytest
from cppo_sandboxes.commands import BuildConfig, build
from cppo_sandboxes.languages import LANGUAGES, OPTIONAL, SELF_TEST
from cppo_sandboxes.worker.frames import NO_COMPILER

from cppo_env.errors import UsageError
from cppo_env.types import MIB, Job

POPCOUNT = """\
#include <bit>
#include <iostream>
int main() {
    unsigned a, b;
    std::cin >> a >> b;
    std::cout << (std::popcount(7u) == 3 ? a + b : 0) << std::endl;
}
"""
IN_JAVA = """\
System.out.println(new java.util.Scanner(System.in).tokens().mapToInt(Integer::parseInt).sum());
"""
MAIN = "public static void main(String[] words) { %s }"
JAVA = {
    "a public class": f"public class A {{ {MAIN} }}",
    "the second class": f"class B {{ int b; }}\nclass A {{ {MAIN} }}",
    "a package": f"package a.b;\npublic final class C {{ {MAIN} }}",
}


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_language_is_judged_or_says_what_is_not_installed(sandbox, name):
    [report] = sandbox.run([Job(SELF_TEST, LANGUAGES[name].self_test, name)])
    if name not in OPTIONAL or report.message != NO_COMPILER % LANGUAGES[name].compiler:
        assert report.verdict == "AC", report.message


def test_a_standard_of_cpp_is_kept(sandbox):
    old, new = sandbox.run([Job(SELF_TEST, POPCOUNT, name) for name in ("cpp17", "cpp20")])
    assert (old.verdict, new.verdict) == ("CE", "AC"), new.message


def test_a_java_file_may_name_its_classes_as_it_likes(sandbox):
    jobs = [Job(SELF_TEST, source % IN_JAVA, "java") for source in JAVA.values()]
    [none, *reports] = sandbox.run([Job(SELF_TEST, "class A { }", "java"), *jobs])
    if none.message == NO_COMPILER % "javac":
        pytest.skip("javac is not installed")
    assert (none.verdict, none.message) == ("CE", "no class has a method main")
    assert [report.verdict for report in reports] == ["AC"] * 3, reports


GREEDY = {
    "its heap is full": ("int[][] a = new int[4096][]; %s", "MLE"),
    "it does with less": ("try { int[][] a = new int[4096][]; %s } catch (Error all) { }", "AC"),
    "no memory is lacking": ("int[] a = new int[1]; System.out.println(a[2]);", "RE"),
}
FILL = "for (int i = 0; i < 4096; i++) a[i] = new int[1 << 16];"


def test_a_java_program_without_memory_gets_mle(sandbox):
    small = replace(SELF_TEST, limits=replace(SELF_TEST.limits, memory_bytes=64 * MIB))
    jobs = [
        Job(small, f"class A {{ {MAIN % (body.replace('%s', FILL) + IN_JAVA)} }}", "java")
        for body, _ in GREEDY.values()
    ]
    reports = sandbox.run(jobs)
    if reports[0].message == NO_COMPILER % "javac":
        pytest.skip("javac is not installed")
    assert [report.verdict for report in reports] == [verdict for _, verdict in GREEDY.values()]
    assert "ArrayIndexOutOfBoundsException: Index 2 out of bounds" in reports[-1].message


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (BuildConfig(python="three"), "got 'three', expected a version such as 3.13"),
        (BuildConfig(python="3.13", base="debian"), "expected one of them"),
        (BuildConfig(languages=["java", "go"]), "got go, expected some of java, rust"),
    ],
)
def test_an_image_that_cannot_be_built_is_refused_first(config, said):
    with pytest.raises(UsageError, match=said):
        build(config)
