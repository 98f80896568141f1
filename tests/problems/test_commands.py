"""`cppo problems list | show | stats` through the executable."""

import json
from pathlib import Path

from tests.support.cli import cppo, fault, without_package
from tests.support.records import apps, livecodebench, write_lines


def test_list_show_and_stats_agree_on_a_set(tmp_path: Path):
    records = [
        apps(problem_id=1, question="Short one, with a picture <image>."),
        apps(problem_id=2, question="If there are several answers, print any of them. " * 5),
        apps(problem_id=3, difficulty="competition"),
        b"{",
    ]
    path = write_lines(tmp_path / "train.jsonl", records)
    listing, shown, stats = (tmp_path / f"{name}.json" for name in ("list", "show", "stats"))
    done = cppo("problems", "list", path, "--difficulty", "interview", "--json", listing)
    assert done.returncode == 0, done.stderr
    assert "2 problems" in done.stdout and "train.jsonl:4: not JSON" in done.stdout
    assert [row["id"] for row in json.loads(listing.read_text())["problems"]] == ["1", "2"]

    done = cppo("problems", "show", "0002", "--problems", path, "--tests", "true", "--json", shown)
    assert done.returncode == 0, done.stderr
    assert "4 s CPU" in done.stdout and "test 2" in done.stdout
    result = json.loads(shown.read_text())
    assert (result["id"], result["cues"], result["tests"]) == ("2", ["several right answers"], 2)

    options = ("--plot", tmp_path / "plot.png", "--timed", 1, "--sandbox", "local")
    done = cppo("problems", "stats", path, *options, "--json", stats)
    assert done.returncode == 0, done.stderr
    result = json.loads(stats.read_text())
    assert result["problems"] == sum(result["histogram"]["counts"]) == 3
    assert (result["losses"], result["cues"]) == (
        {"images": 1, "images_only": 1},
        {"several right answers": 1},
    )
    cost = result["cost"]
    assert (cost["timed_problems"], cost["sandbox"]) == (1, "local")
    assert cost["seconds"] * cost["timed_tests"] == cost["timed_s"] * cost["tests"] > 0
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_stats_count_tokens_of_a_tokenizer(tmp_path: Path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "Read": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    path, result = write_lines(tmp_path / "test.jsonl", [livecodebench()]), tmp_path / "stats.json"
    done = cppo("problems", "stats", path, "--tokenizer", tmp_path, "--json", result)
    assert done.returncode == 0, done.stderr
    assert json.loads(result.read_text())["statement tokens"]["max"] == 7
    assert "expected a folder with tokenizer.json" in fault(
        cppo("problems", "stats", path, "--tokenizer", tmp_path / "absent"), 2
    )


def test_the_installed_sets_are_listed_with_what_to_do_for_absent_ones(tmp_path: Path):
    result = tmp_path / "sets.json"
    done = cppo("problems", "list", "--json", result, env={"CPPO_DATA": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    sets = json.loads(result.read_text())["sets"]
    assert sets["samples"] >= 24 and sets["apps"] is None
    assert "cppo problems download apps" in " ".join(done.stdout.split())


def test_an_unknown_problem_is_an_error_of_one_line(tmp_path: Path):
    path = write_lines(tmp_path / "train.jsonl", [apps(problem_id=11)])
    assert "no problem '12' among 1; did you mean '11'" in fault(
        cppo("problems", "show", "12", "--problems", path), 2
    )


def test_a_missing_extra_is_named(tmp_path: Path):
    path = write_lines(tmp_path / "train.jsonl", [apps()])
    for package, arguments in {
        "pyarrow": ("import", path, "--output", tmp_path / "store"),
        "datasketch": ("overlap", path, "samples"),
        "huggingface_hub": ("download", "apps"),
    }.items():
        (hook := tmp_path / f"without-{package}").mkdir()
        message = fault(cppo("problems", *arguments, env=without_package(hook, package)), 1)
        assert f"needs the package '{package}'" in message
        assert "[problems]'" in message
