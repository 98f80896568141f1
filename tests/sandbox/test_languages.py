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
    "a package with blanks": f"package a . b ;\nclass C {{ {MAIN} }}",
    "an inner public class": f"class A {{\n  public class B {{ }}\n  {MAIN} }}",
    "a public class in a comment": f"/*\npublic class Old {{ }}\n*/\npublic class A {{ {MAIN} }}",
    "a public class in a text": f'class A {{ String t = """\npublic class B\n"""; {MAIN} }}',
    "all in a line": f"import java.util.*; public class A {{ {MAIN} }}",
    "an annotation": f'@SuppressWarnings("all") public class A {{ {MAIN} }}',
    "the modifiers turned": f"final public class A {{ {MAIN} }}",
    "a header of two lines": f"public\nclass A\n{{ {MAIN} }}",
    "an enumeration": f"public enum A {{ B; {MAIN} }}",
    "a record": f"public record A(int b) {{ {MAIN} }}",
    "an interface": f"public interface A {{ {MAIN} }}",
    "a type parameter": f"class B {{ }}\nclass A<T> {{ {MAIN} }}",
    "an inherited main": f"class B {{ {MAIN} }}\npublic class A extends B {{ }}",
    "letters of French": f"public class \u00c9t\u00e9 {{ {MAIN} }}",
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
    failed = {
        name: report.message
        for name, report in zip(JAVA, reports, strict=True)
        if report.verdict != "AC"
    }
    assert failed == {}


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


THREADS = {
    "stack": """new Thread(null, () -> { if (f(200000) == 0) System.out.println(3); }, "", 1 << 29)
        .start();""",
    "many": """for (int i = 0; i < 60; i++) { Thread one = new Thread(() -> { try {
        Thread.sleep(9999); } catch (Exception e) { } }); one.setDaemon(true); one.start(); }
        System.out.println(3);""",
}
RECURSION = "static int f(int n) { return n == 0 ? 0 : f(n - 1); }"


def test_a_java_program_may_reserve_stacks_for_its_threads(sandbox):
    tests = SELF_TEST.tests[:1]
    jobs = [
        Job(replace(SELF_TEST, tests=tests), f"class A {{ {RECURSION} {MAIN % body} }}", "java")
        for body in THREADS.values()
    ]
    reports = sandbox.run(jobs)
    if reports[0].message == NO_COMPILER % "javac":
        pytest.skip("javac is not installed")
    assert [report.verdict for report in reports] == ["AC"] * 2, reports


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
