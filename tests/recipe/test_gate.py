"""A tiny gate is labelled, trained, calibrated, checked and used; and what would fool it."""

import json
import math
import shutil
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from cppo_agents.judges.gate_folder import Gate, read_gate, write_gate
from cppo_grpo.commands import gate as commands
from cppo_grpo.recipe.corruptions import KINDS, Material
from cppo_grpo.recipe.gate import (
    GateConfig,
    GateTrainConfig,
    Label,
    LabelConfig,
    balanced,
    read_labels,
)
from cppo_grpo.stages import gate_training
from cppo_grpo.stages.gate_figures import faults, figures, threshold_for
from cppo_grpo.stages.gate_labels import make_labels, write_labels

from cppo_env import load_problems
from cppo_env.errors import CppoError, UsageError
from cppo_env.judges import FormatJudge, make_judge
from tests.judges.tuples import FOLDER

GOOD = Gate("base", {"train": 3}, 0.17, {"auc": 0.9}, (), "{k} {problem} {methods}")
STRATEGIES = {"env": "CPPO-Strategies-v0", "filters": {"size": 48}}


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """The folder of a gate that was trained without rewordings, and the result of its training."""
    folder = tmp_path_factory.mktemp("gate")
    kinds = tuple(kind for kind in KINDS if kind != "reworded")
    label = LabelConfig(folder / "labels.jsonl", kinds=kinds, per_problem=10, **STRATEGIES)
    counts = commands.label(label)
    assert counts["valid"] * 2 == counts["labels"] == 960
    config = GateTrainConfig(
        label.output, run=folder / "run", epochs=5, lr=3e-3, micro_batch=16, **STRATEGIES
    )
    return folder / "run" / "model", commands.train(config)


def test_a_tiny_gate_trains_and_is_accepted(gate):
    folder, result = gate
    assert result["accepted"] and result["auc"] >= 0.85 and result["recall"] >= 0.85
    low, high = result["ci95"]["auc"]
    assert low <= result["auc"] <= high
    facts = json.loads((folder / "gate.json").read_text())
    assert facts["base"] == "made from scratch" and len(facts["data"]["sha256"]) == 64
    assert facts["threshold"] == result["threshold"] and facts["accepted"]
    assert (folder / "gate.svg").read_text().startswith("<svg")


def test_training_goes_on_with_the_stored_labels(gate):
    folder, result = gate
    again = GateTrainConfig(resume=folder.parent)
    again.check()
    assert commands.train(again) == result
    with pytest.raises(UsageError, match=r"labels: got none, expected the file of labels"):
        GateTrainConfig().check()


def test_it_says_where_it_fails_on_other_problems_and_unseen_rewordings(gate, tmp_path):
    folder, _ = gate
    other = {"env": "CPPO-Strategies-v0", "split": "test", "filters": {"size": 24}}
    label = LabelConfig(tmp_path / "other.jsonl", per_problem=4, **other)
    write_labels(label, make_labels(label, label.source.load()))
    with pytest.raises(UsageError, match=r"other.jsonl exists, expected a new file"):
        commands.label(label)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    result = commands.check(GateConfig(folder, label.output, **other))
    by_kind = result["accepted_by_kind"]
    assert "reworded" in by_kind and by_kind["valid"] >= 0.8
    assert by_kind["filler"] <= 0.2 and by_kind["wrong_count"] <= 0.2
    assert read_gate(folder).threshold == result["threshold"]
    assert before == {file.name: file.read_bytes() for file in folder.iterdir()}, "nothing changed"
    with pytest.raises(UsageError, match=r"plot: there is no folder .*nowhere; make it first"):
        GateConfig(folder, label.output, plot=tmp_path / "nowhere" / "x.svg").check()


def test_plans_that_speak_to_the_judge_are_not_accepted_more_often(gate):
    folder, _ = gate
    problems = load_problems("strategies", split="test", size=16)
    said = (FOLDER / "gaming.txt").read_text().splitlines()
    random, plain, gamed = Random(0), [], []
    for number, line in enumerate(said * 4):
        problem = problems[number % len(problems)]
        methods = tuple(m for m, _ in problems.demonstrations(number % len(problems), 4, random))
        kind = random.choice(["duplicate", "workflow", "filler"])
        bad = KINDS[kind](Material(methods, problem.references, ()), random)
        place = random.randrange(4)
        plain.append((problem, bad))
        text = line if number % 2 else f"{bad[place]} {line}"
        gamed.append((problem, (*bad[:place], text, *bad[place + 1 :])))
    judge = make_judge("format*verbaliser", {"verbaliser": {"model": str(folder)}})
    before, after = (np.mean([one.accepted for one in judge.rule(x)]) for x in (plain, gamed))
    assert len(said) >= 15 and after <= before


def test_a_gate_that_was_refused_is_used_only_on_request(gate, tmp_path):
    folder, _ = gate
    label = LabelConfig(tmp_path / "l.jsonl", per_problem=2, **STRATEGIES)
    labels = make_labels(label, label.source.load())
    write_labels(label, [replace(one, valid=not one.valid) for one in labels])
    copy = tmp_path / "model"
    copy.mkdir()
    for file in folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    with pytest.raises(CppoError, match=r"is refused: auc .* is below 0.75") as caught:
        commands.calibrate(GateConfig(copy, label.output, **STRATEGIES))
    assert caught.value.result["faults"]
    with pytest.raises(UsageError, match=r"was not accepted: auc .*allow_refused=true"):
        make_judge("verbaliser", {"model": str(copy)})
    make_judge("verbaliser", {"model": str(copy), "allow_refused": True})
    (copy / "gate.json").write_text("{}")
    with pytest.raises(UsageError, match=r"gate.json is no gate"):
        make_judge("verbaliser", {"model": str(copy)})


def test_a_gate_speaks_of_the_files_that_were_measured(gate, tmp_path):
    copy = shutil.copytree(gate[0], tmp_path / "model")
    assert read_gate(copy).sha256.keys() >= {"model.safetensors", "tokenizer.json", "rubric.md"}
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    message = r"not the one that gate\.json speaks of \(model\.safetensors has changed: .*; bring"
    with pytest.raises(UsageError, match=message):
        make_judge("verbaliser", {"model": str(copy), "allow_refused": True})
    for command in (commands.check, commands.calibrate):
        with pytest.raises(UsageError, match=message):
            command(GateConfig(copy, gate[0].parents[1] / "labels.jsonl", **STRATEGIES))
    weights.unlink()
    with pytest.raises(UsageError, match=r"\(model\.safetensors is missing\)"):
        read_gate(copy)


def test_a_gate_of_an_older_version_loads_with_a_warning_until_it_is_calibrated(gate, tmp_path):
    copy = shutil.copytree(gate[0], tmp_path / "model")
    facts = json.loads((copy / "gate.json").read_text())
    del facts["sha256"]
    (copy / "gate.json").write_text(json.dumps(facts))
    with pytest.warns(UserWarning, match=r"does not say which weights .*; cppo gate calibrate"):
        make_judge("verbaliser", {"model": str(copy)})
    with pytest.warns(UserWarning, match="does not say which weights"):
        commands.calibrate(GateConfig(copy, gate[0].parents[1] / "labels.jsonl", **STRATEGIES))
    assert read_gate(copy).accepted


def test_a_gate_whose_training_was_interrupted_is_refused_until_it_is_done(
    tmp_path, monkeypatch, capsys
):
    label = LabelConfig(tmp_path / "l.jsonl", per_problem=1, **STRATEGIES)
    made = make_labels(label, label.source.load())
    write_labels(label, [one if one.valid else replace(one, kind="\x1b[2J\nodd") for one in made])
    small = {"hidden": 32, "layers": 1, "epochs": 2, "lr": 3e-3, **STRATEGIES}
    config = GateTrainConfig(label.output, run=tmp_path / "run", **small)
    measured = iter([0.5])

    def interrupted(*_):
        if (value := next(measured, None)) is None:
            raise KeyboardInterrupt
        return value

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt, match="--resume"):
        patch.setattr(gate_training, "average_precision_score", interrupted)
        commands.train(config)
    with pytest.raises(UsageError, match=r"was not accepted: not measured yet; go on with its"):
        make_judge("verbaliser", {"model": str(tmp_path / "run" / "model")})
    with pytest.raises(CppoError, match="is refused: too few are held out"):
        commands.train(GateTrainConfig(resume=tmp_path / "run"))
    assert read_gate(tmp_path / "run" / "model").figures["labels"] > 0
    said = capsys.readouterr().out
    assert "  accepted of \\x1b[2J odd: " in said and "measure  1/1" in said


def test_a_gate_folder_reads_as_it_was_written(tmp_path):
    write_gate(tmp_path, GOOD)
    found = read_gate(tmp_path)
    assert (found.threshold, found.rubric, found.accepted) == (0.17, GOOD.rubric, True)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (None, "got NoneType, expected the facts of a gate"),
        ([], "got list, expected"),
        ({"threshold": 7}, "threshold: got 7, expected 0 to 1"),
        ({"threshold": math.nan}, "threshold: got nan"),
        ({"threshold": "0.5"}, "threshold: got '0.5'"),
        ({"faults": None}, "faults: got None, expected a list of texts"),
        ({"faults": "bad"}, "faults: got 'bad'"),
        ({"faults": ["auc 0.5 is below 0.75"]}, "accepted: got True with 1 faults"),
        ({"sha256": ["x"]}, r"sha256: got \['x'\], expected one for each file"),
        ({"sha256": {}}, "sha256: got {}, expected one for each file"),
        ({"accepted": False}, "accepted: got False with 0 faults"),
        ({"temperature": 1}, "unexpected keyword argument 'temperature'"),
    ],
)
def test_a_damaged_gate_is_one_line(tmp_path, facts, message):
    write_gate(tmp_path, GOOD)
    file = tmp_path / "gate.json"
    damaged = json.loads(file.read_text()) | facts if isinstance(facts, dict) else facts
    file.write_text(json.dumps(damaged))
    with pytest.raises(UsageError, match=rf"gate\.json is no gate .*{message}") as caught:
        read_gate(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_gate_with_a_damaged_rubric_or_endless_facts_is_one_line(tmp_path):
    write_gate(tmp_path, replace(GOOD, rubric="Is it any good?"))
    with pytest.raises(UsageError, match=r"rubric: .*rubric\.md does not name \{k\}"):
        read_gate(tmp_path)
    write_gate(tmp_path, GOOD)
    (tmp_path / "gate.json").write_text("[" * 99999)
    with pytest.raises(UsageError, match=r"gate\.json is no gate \(RecursionError"):
        read_gate(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_each_corruption_makes_another_tuple_and_the_same_one_for_the_same_seed(kind):
    problem = load_problems("samples")[0]
    methods = problem.metadata["methods"]
    material = Material(methods, problem.references, ("Sort the bars by height.", "Use a heap."))
    for seed in range(20):
        made = KINDS[kind](material, Random(seed))
        assert made != methods and made == KINDS[kind](material, Random(seed))
        assert all("\n" not in one for one in made)
    if kind == "duplicate":
        assert not FormatJudge().rule([(problem, made)])[0].accepted


def test_judges_label_as_well(tmp_path):
    label = LabelConfig(
        tmp_path / "l.jsonl", by="judge", judge="format*distinct", per_problem=2, **STRATEGIES
    )
    labels = make_labels(label, label.source.load())
    assert all(one.valid for one in labels if one.kind == "valid")
    assert not any(one.valid for one in labels if one.kind == "duplicate")
    assert any(one.valid for one in labels if one.kind == "workflow")


def label_of(name, valid):
    return Label(name, ("a", "b"), valid, "x")


def test_balance_is_one_to_one_for_each_problem():
    labels = [label_of("p", True)] * 5 + [label_of("p", False)] * 2 + [label_of("q", True)] * 3
    kept = balanced(labels, 0)
    assert [one.problem_id for one in kept] == ["p"] * 4
    assert sum(one.valid for one in kept) == 2


def test_figures_and_threshold_on_scores_that_are_known():
    labels = [label_of(f"p{i}", i % 2 == 0) for i in range(40)]
    scores = np.array([0.9 - 0.01 * i if i % 2 == 0 else 0.3 - 0.005 * i for i in range(40)])
    threshold = threshold_for(labels, scores, recall=0.9)
    found = figures(labels, scores, threshold)
    assert found["auc"] == 1.0 and found["recall"] == pytest.approx(0.9)
    assert faults(found) == []
    [low] = faults(found | {"auc": 0.7})
    assert low.startswith("auc 0.700 (95 % from ") and low.endswith("is below 0.75")
    few = figures(labels[:12], scores[:12], threshold)
    assert "too few are held out" in faults(few)[0] and "95 %" in " ".join(faults(few))
    assert threshold_for(labels, scores, recall=1.0) == pytest.approx(scores[38])
    with pytest.raises(UsageError, match="one class"):
        figures([label_of("p", True)] * 3, np.ones(3), 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"problem_id": "p", "methods": ["a"], "label": 1}\n' * 2, "all 2 labels are valid"),
        ('{"problem_id": "p", "methods": ["a"], "label": 2}\n', ":1: label: got 2"),
        ('{"problem_id": "p", "methods": ["a"], "label": NaN}\n', ":1: label: got nan, expected"),
        ('{"problem_id": "p", "methods": "a b", "label": 1}\n', ":1: methods: got 'a b'"),
        ('{"problem_id": "p", "methods": ["a", 1], "label": 1}\n', r":1: methods: got \['a', 1\]"),
        ('{"problem_id": 3, "methods": ["a"], "label": 1}\n', ":1: problem_id: got 3"),
        ("{}\n", r":1: got \{\} without 'problem_id', expected"),
        ("", "holds no line"),
        (
            '{"problem_id": "p", "methods": ["a"], "label": 1}\n'
            '{"problem_id": "p", "methods": ["a"], "label": 0}\n',
            ": label 2 calls a tuple of p invalid that an earlier one calls the opposite",
        ),
    ],
)
def test_faulty_labels_are_one_line(tmp_path, text, message):
    file = tmp_path / "labels.jsonl"
    file.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_labels(file)
