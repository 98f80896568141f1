"""`cppo compare RUN…` on finished evaluations and trainings."""

import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from cppo_grpo import Run, write_report
from cppo_grpo.reports.several import several_runs

import cppo_env
from cppo_env import TestCase, UsageError, load_problems
from cppo_env.evaluation.comparison.behaviour import behaviour
from cppo_env.evaluation.comparison.hard_coded import hard_coded
from cppo_env.evaluation.comparison.loading import load_run
from cppo_env.evaluation.comparison.methods import load_methods
from cppo_env.evaluation.comparison.page import page
from cppo_env.evaluation.comparison.summary import compare_runs
from cppo_env.evaluation.comparison.writers import latex, markdown
from cppo_env.evaluation.folders import find_runs
from cppo_env.testing import make_problem
from tests.support.cli import cppo, fault, without_package
from tests.support.finished_runs import finished, rewrite
from tests.support.tiny_runs import carry_out


def half(problem, episode):
    """Right on even problems, with one program."""
    return (problem % 2 == 0, False, False, False)


def most(problem, episode):
    """Right wherever `half` is, and on problems 1 and 3, with the second program."""
    return (problem % 2 == 0, problem in (1, 3), False, False)


def never(problem, episode):
    return (False,) * 4


@pytest.fixture
def folders(tmp_path):
    """Three methods, of which `half` has two seeds."""
    return [
        f"half={finished(tmp_path / 'half0', half)}",
        f"half={finished(tmp_path / 'half1', half, seed=1)}",
        f"most={finished(tmp_path / 'most', most)}",
        f"never={finished(tmp_path / 'never', never)}",
    ]


def test_every_figure_of_known_outcomes(folders):
    [found] = compare_runs(folders)["sets"].values()
    means = {label: one["pass_at_k"]["4"]["mean"] for label, one in found["methods"].items()}
    assert means == {"half": 0.5, "most": pytest.approx(8 / 12), "never": 0.0}
    assert found["methods"]["half"]["seeds"] == (0, 1)
    assert found["methods"]["half"]["by_seed"] == [0.5, 0.5]
    assert found["methods"]["most"]["pass_at_k"]["1"]["mean"] == pytest.approx(8 / 12 / 4)
    pairs = {(one["a"], one["b"]): one for one in found["pairs"]}
    assert list(pairs) == [("half", "most"), ("half", "never"), ("most", "never")]
    one = pairs["half", "most"]
    assert (one["wins"], one["losses"], one["ties"]) == ([], ["p1", "p3"], 10)
    assert one["difference"]["4"]["mean"] == pytest.approx(-2 / 12)
    assert one["difference"]["4"]["high"] > 0 and one["p"] > 0.05
    assert one["p_permutation"] == 0.5 and one["p_mcnemar"] is None
    best = pairs["most", "never"]
    assert best["p_mcnemar"] == best["p_permutation"] == pytest.approx(2 / 2**8)
    assert best["p_permutation_holm"] == pytest.approx(2 / 2**8 * 3)
    assert best["effect_size"] == pytest.approx((8 / 12) / (8 * 4 / 12 / 11) ** 0.5)
    assert found["methods"]["half"]["successes"] == 12
    assert found["methods"]["half"]["distinct_programs"] == 1.5
    assert found["methods"]["most"]["duplicate_plans"] == 0.0
    assert found["methods"]["never"]["distinct_behaviours"] == 1.0
    assert found["methods"]["half"]["distinct_behaviours"] == 1.5
    assert found["methods"]["never"]["seconds_per_success"] is None


def test_all_views_show_the_same_figures(folders, tmp_path):
    paths = {name: tmp_path / f"out.{name}" for name in ("markdown", "latex", "html", "json")}
    options = [word for name, path in paths.items() for word in (f"--{name}", path)]
    done = cppo("compare", *folders, *options)
    assert done.returncode == 0, done.stderr
    texts = {name: path.read_text() for name, path in paths.items()}
    for text in (done.stdout, *(texts[name] for name in ("markdown", "html"))):
        assert "half − most" in text and "-0.167 (" in text and "p1, p3" in text
    assert "one seed of most, never: its p-values" in texts["markdown"]
    assert "half $-$ most" in texts["latex"] and r"\toprule" in texts["latex"]
    result = json.loads(texts["json"])
    assert (markdown(result), latex(result), page(result)) == (
        texts["markdown"],
        texts["latex"],
        texts["html"],
    )
    # The page needs no other file, and its plots are drawn.
    assert not re.search(r'(?:src|href)="(?!#)', texts["html"])
    plots = re.findall(r"<svg.*?</svg>", texts["html"], re.DOTALL)
    assert len(plots) >= 2
    for plot in plots:
        ElementTree.fromstring(plot)
    blocks = [block.splitlines() for block in texts["markdown"].split("\n\n")]
    tables = [block for block in blocks if block[0].startswith("|")]
    assert len(tables) >= 7
    assert all(len({row.count("|") for row in table}) == 1 for table in tables)


def test_folders_of_seeds_are_methods_with_their_names(tmp_path):
    for seed in (0, 1, 2):
        finished(tmp_path / "first" / str(seed), half, seed=seed)
    finished(tmp_path / "second" / "0", most)
    (tmp_path / "second" / "notes").mkdir()
    [methods] = load_methods([str(tmp_path / "first"), f"other={tmp_path / 'second'}"]).values()
    assert {one.label: one.seeds for one in methods} == {"first": (0, 1, 2), "other": (0,)}


def test_unlabelled_runs_are_named_by_what_differs(tmp_path):
    for name, reward in (("a", "gated"), ("b", "outcome")):
        finished(tmp_path / name, half, reward=reward)
    [methods] = load_methods([str(tmp_path / "a"), str(tmp_path / "b")]).values()
    labels = [one.label.partition("Scripted ")[2] for one in methods]
    assert labels == ["reward=gated", "reward=outcome"]


def started(folder, outcome, model, **settings):
    """A finished run whose settings name the model that it began with."""
    finished(folder, outcome, **settings)
    rewrite(folder, lambda config: config.update(model=model))
    return str(folder)


def test_each_seed_may_start_from_a_model_of_that_seed(tmp_path):
    places = [
        started(tmp_path / f"{name}{seed}", outcome, f"starts/seed-{seed}/{name}", seed=seed)
        for name, outcome in (("a", half), ("b", most))
        for seed in (0, 1)
    ]
    [methods] = load_methods(places).values()
    assert [(one.label.partition("Scripted ")[2], one.seeds) for one in methods] == [
        ("model=starts/seed-*/a", (0, 1)),
        ("model=starts/seed-*/b", (0, 1)),
    ]
    # With one seed for all, the models are what is compared.
    models = [started(tmp_path / f"m{n}", half, f"starts/seed-{n}/a") for n in (0, 1)]
    [methods] = load_methods(models).values()
    assert [one.label.partition("Scripted ")[2] for one in methods] == [
        "model=starts/seed-0/a",
        "model=starts/seed-1/a",
    ]


def test_folders_of_one_name_do_not_make_two_methods_one(tmp_path):
    for method, outcome in (("a", half), ("b", most)):
        for seed in (0, 1):
            started(tmp_path / method / "lr" / str(seed), outcome, method, seed=seed)
    [methods] = load_methods([str(tmp_path / method / "lr") for method in "ab"]).values()
    assert [(one.label.partition("Scripted ")[2], one.seeds) for one in methods] == [
        ("model=a", (0, 1)),
        ("model=b", (0, 1)),
    ]


def test_many_methods_with_long_names_leave_the_plots_their_room(tmp_path):
    names = [f"{'long ' * 30}$\\frac{{{n}$ 漢字" for n in range(5)]
    places = [f"{name}={finished(tmp_path / str(n), half)}" for n, name in enumerate(names)]
    drawn = page(compare_runs(places))  # a warning would fail this
    assert drawn.count("<svg") >= 2


def other_image(config):
    config["recorded"][-1]["sandbox"]["image_id"] = "sha256:other"


def same_image(config):
    config["recorded"][-1]["sandbox"]["image_id"] = "sha256:one"


def other_language(config):
    config["recorded"][-1]["sandbox"]["language"] = "CPython 2.7"


def other_problems(config):
    config["recorded"][-1]["problems"]["fingerprint"] = "sha256:abc"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_image, "image: "),
        (other_language, "language: "),
        (other_problems, "problem set: "),
    ],
)
def test_runs_that_were_judged_otherwise_are_refused(tmp_path, change, said):
    a, b = finished(tmp_path / "a", half), finished(tmp_path / "b", most)
    for folder in (a, b):
        rewrite(folder, same_image)
        rewrite(folder, lambda config: config["recorded"][-1]["sandbox"].update(language="CPython"))
    compare_runs([f"a={a}", f"b={b}"])
    rewrite(b, change)
    with pytest.raises(UsageError, match=f"{said}.*{b}"):
        compare_runs([f"a={a}", f"b={b}"])


def test_other_k_limits_and_checkers_are_refused(tmp_path):
    a = finished(tmp_path / "a", half)
    b = finished(tmp_path / "b", lambda problem, episode: (True,) * 3, k=3)
    with pytest.raises(UsageError, match=f"k: {a} has 4, {b} has 3"):
        compare_runs([f"a={a}", f"b={b}"])
    lines = (a / "rollouts" / "episodes.jsonl").read_text()
    for old, new in (("checker=strict", "checker=unordered"), ("cpu_s=4", "cpu_s=8")):
        changed = finished(tmp_path / new, half)
        (changed / "rollouts" / "episodes.jsonl").write_text(lines.replace(old, new))
        with pytest.raises(UsageError, match=f"rules of problem p0: .*{new}"):
            compare_runs([f"a={a}", f"b={changed}"])


def test_options_that_finished_runs_have_are_refused_in_one_line(folders):
    agents = '{"a": {"agent": "oracle"}, "b": {"agent": "random"}}'
    both = fault(cppo("compare", *folders, "--agents", agents), 2)
    assert "expected one of them" in both
    assert "k: finished runs have their settings" in fault(cppo("compare", *folders, "--k", 3), 2)
    assert "got one method (half)" in fault(cppo("compare", *folders[:2]), 2)


def test_without_scipy_nothing_is_played_in_vain(tmp_path):
    agents = '{"a": {"agent": "oracle"}, "b": {"agent": "random"}}'
    done = cppo(
        *("compare", "--agents", agents, "--run", tmp_path / "run"),
        env=without_package(tmp_path, "scipy"),
    )
    assert "needs the package 'scipy'" in fault(done, 1) and "[stats]" in done.stderr
    assert not (tmp_path / "run").exists()


def test_what_is_no_comparison_is_refused(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    other = finished(tmp_path / "copy", half)
    for places, said in (
        ([*folders, folders[0]], "is given twice"),
        ([f"{'A' * 5000}={tmp_path / 'nowhere'}", "B" * 5000], "there is no folder"),
        (["cppo=", folders[0]], "got 'cppo=', expected PATH or LABEL=PATH"),
        ([f"={folders[0]}", folders[1]], "expected PATH or LABEL=PATH"),
        ([str(tmp_path / "empty")], "holds no run"),
        ([*folders, f"half={other}"], "both half with seed 0"),
    ):
        with pytest.raises(UsageError, match=said):
            load_methods(places)


def test_damaged_folders_are_one_line(tmp_path):
    names = "config.json", "rollouts/episodes.jsonl"
    whole = finished(tmp_path / "whole", half)
    settings, records = ((whole / name).read_text() for name in names)
    deep = "[" * 100_000 + "]" * 100_000
    for name, text, said in (
        ("config.json", "null", "config.json: got NoneType"),
        ("config.json", "[]", "config.json: got list"),
        ("config.json", deep, "recursion"),
        ("config.json", settings.replace('"k": 4', '"k": "4"'), "k is '4'"),
        ("config.json", settings.replace('"seed": 0', '"seed": 1e400'), "seed is 'inf'"),
        (names[1], records + deep + "\n", r":\d+: got JSON that is nested too deeply"),
        (names[1], records.replace('"episode": 0', '"episode": "0"', 1), ":1: episode: got '0'"),
        (names[1], records.replace('"methods": [', '"methods": [null, ', 1), "not all texts"),
    ):
        folder = tmp_path / "damaged"
        shutil.copytree(whole, folder, dirs_exist_ok=True)
        (folder / name).write_text(text)
        with pytest.raises(UsageError, match=said):
            load_run(folder)
        assert [one.name for one in find_runs([tmp_path])][-1] == "whole"


def test_a_negative_seed_is_refused(folders):
    assert "seed: got -1, expected 0 or more" in fault(cppo("compare", *folders, "--seed", "-1"), 2)


def test_problems_that_not_all_have_played_are_left_out_by_name(tmp_path):
    a = finished(tmp_path / "a", half)
    b = finished(tmp_path / "b", most, limit=9)
    [found] = compare_runs([f"a={a}", f"b={b}"])["sets"].values()
    assert found["n_problems"] == 9
    assert found["left_out"] == ["p10", "p11", "p9"]


def test_methods_on_several_sets(tmp_path):
    places = []
    for label, outcome in (("half", half), ("most", most)):
        for name in ("one", "two"):
            folder = finished(tmp_path / f"{label}-{name}", outcome)
            rewrite(folder, lambda config, name=name: config.update(problems=name))
            places.append(f"{label}={folder}")
    result = compare_runs(places)
    assert list(result["sets"]) == ["one", "two"]
    means = result["aggregates"]["interquartile_mean"]
    assert means["most"]["mean"] == pytest.approx(8 / 12)
    assert "could not be loaded" in result["sets"]["one"]["notes"][0]
    with pytest.raises(UsageError, match="most was not played on two"):
        load_methods(places[:3])


def test_trainings_are_compared_by_their_evaluation(tmp_path):
    for seed in (0, 1):
        carry_out(tmp_path / "cppo" / str(seed), seed=seed, eval_episodes=6, eval_every=2)
    carry_out(tmp_path / "grpo", algorithm="grpo", planner="none", eval_episodes=6)
    out = tmp_path / "out.json"
    done = cppo("compare", tmp_path / "cppo", tmp_path / "grpo", "--json", out)
    assert done.returncode == 0, done.stderr
    [found] = json.loads(out.read_text())["sets"].values()
    assert found["n_problems"] == 6
    assert found["methods"]["cppo"]["seeds"] == [0, 1]
    assert found["methods"]["cppo"]["independent_attempts"] is False
    assert found["methods"]["grpo"]["independent_attempts"] is True
    report = write_report(Run.find(tmp_path / "grpo")).read_text()
    assert "after training − before training" in report
    without = carry_out(tmp_path / "unplayed")
    message = fault(cppo("compare", tmp_path / "grpo", without.path), 2)
    assert "train it to its end with --eval_episodes N" in message
    _report_of_several(tmp_path, without.path)


def _report_of_several(folder, interrupted):
    """The page of all these runs, of a damaged one, and of a pipeline."""
    (folder / "pipe").mkdir()
    (folder / "pipe" / "pipeline.json").write_text("{}")
    shutil.copytree(folder / "grpo", folder / "pipe" / "joint")
    rewrite(folder / "pipe" / "joint", lambda config: config.update(lr=0.5, seed=7))
    damaged = shutil.copytree(folder / "grpo", folder / "damaged")
    (damaged / "rollouts" / "after.jsonl").write_text("<script>\n")
    with (folder / "cppo" / "0" / "metrics.jsonl").open("a") as file:
        file.write("half a row\n")
    places = [folder / name for name in ("cppo", "grpo", "pipe", interrupted.name, "damaged")]
    done = cppo("report", *places, "--html", folder / "all.html", "--json", folder / "all.json")
    assert done.returncode == 0, done.stderr
    assert f"damaged: {damaged}" in done.stderr
    result = json.loads((folder / "all.json").read_text())
    assert [len(runs) for runs in result["methods"].values()] == [2, 1, 1, 1]
    assert [one["run"] for one in result["interrupted"]] == [str(interrupted)]
    assert [one["run"] for one in result["damaged"]] == [str(damaged)]
    [found] = result["compared"]["sets"].values()
    points = {one["label"]: one for [*some] in result["evaluations"].values() for one in some}
    for label, one in found["methods"].items():
        assert points[label]["mean"][-1] == one["pass_at_k"]["4"]["mean"]
        assert points[label]["low"][-1] == one["pass_at_k"]["4"]["low"]
    assert points["cppo"]["steps"] == [0, 2, 4]
    page = (folder / "all.html").read_text()
    assert "1 run without a last evaluation" in page and "1 run cannot be shown" in page
    assert "1 lines are no JSON objects" in page
    assert "<script>" not in page and "http" not in page.replace("http://www.w3.org", "")
    assert page.count("<svg") > 8
    rewrite(folder / "grpo", lambda config: config.update(k=2))
    message = fault(cppo("report", folder / "grpo", folder / "cppo"), 2)
    assert "k: " in message and "has 2" in message
    assert "there is no folder" in fault(cppo("report", folder / "nowhere"), 2)


def test_a_report_of_several_runs_reads_their_problems_once(folders, monkeypatch):
    for folder in folders:
        rewrite(Path(folder.partition("=")[2]), lambda config: config.update(problems="samples"))
    loads = []
    monkeypatch.setattr(
        "cppo_env.sources.load_problems", lambda *a, **b: loads.append(a) or load_problems(*a, **b)
    )
    several_runs(folders)
    assert [source for source, *_ in loads if isinstance(source, str)] == ["samples"]


def test_signs_of_written_down_outputs():
    problem = replace(
        make_problem("p"), public_tests=(TestCase("10 20 30\n", "60\n"), TestCase("1\n", "1\n"))
    )
    assert "without reading" in hard_coded("print(60)", problem)
    assert "as a literal" in hard_coded("s = input()\nprint(60 if s == '10 20 30' else 0)", problem)
    assert hard_coded("print(sum(map(int, input().split())))", problem) is None
    assert hard_coded("import sys\nprint(sum(map(int, sys.stdin)))", problem) is None
    assert hard_coded("not python (", problem) is None
    samples = load_problems("samples")
    clean = [hard_coded(program, one) is None for one in samples for program in one.references]
    assert sum(clean) / len(clean) > 0.97


def test_records_tell_public_from_hidden_tests_and_how_they_were_judged(tmp_path):
    class Echo:
        """Right on the first public test of the problem only."""

        def act(self, observations):
            program = "s = input()\nprint({'1 2': 3}.get(s, 0))"
            return [
                (f"```python\n{program}\n```" if one["phase"] else "Echo.",) for one in observations
            ]

    tests = TestCase("1 2\n", "3\n"), TestCase("3 4\n", "7\n")
    problem = replace(make_problem("p"), tests=tests, public_tests=tests[:1])
    cppo_env.evaluate(Echo(), problems=[problem], k=1, sandbox="local", run=tmp_path / "run")
    run = load_run(tmp_path / "run")
    assert [record.outcomes for record in run.records] == [("aW",)]
    assert "checker=strict cpu_s=" in run.records[0].rules and "tests=2" in run.records[0].rules
    found = behaviour(run.records, {"p": problem})
    assert found["public_pass_hidden_fail"] == {"count": 1, "of": 1}
