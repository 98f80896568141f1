"""`cppo view`: what its pages say of a run, what they refuse, and that they follow a run."""

import html
import json
import os
import re
import shutil
import sqlite3
import threading
import time
from dataclasses import replace

import httpx
import pytest
import uvicorn
from cppo_grpo.runs.tokens import EpisodeTokens, SequenceTokens, write_tokens
from cppo_viewer.index import EpisodeIndex
from cppo_viewer.library import Library
from cppo_viewer.server import make_app
from cppo_viewer.texts import program, statement
from starlette.testclient import TestClient

from cppo_env.evaluation import folders
from cppo_env.evaluation.folders import metrics_of, overview_of
from cppo_env.records import EpisodeRecord, FirstFailure

HOSTILE = "<script>alert(1)</script>\u202e\x1b[2J"
NAME = "first run"


def episode(problem="strategies/train/1", number=0, verdicts=("WA", "AC"), **changes):
    right = "AC" in verdicts
    record = EpisodeRecord(
        problem_id=problem,
        episode=number,
        methods=tuple(f"Method {n} of tuple {number}." for n in range(len(verdicts))),
        accepted=True,
        reason="",
        programs=tuple(f"print({n})" for n in range(len(verdicts))),
        verdicts=verdicts,
        messages=("",) * len(verdicts),
        reward=float(right),
        void=False,
        tests=len(verdicts),
        tokens=10 + number,
        acting_s=0.1,
        judging_s=0.1,
        plans=("A: …",),
        answers=("an answer",) * len(verdicts),
        no_program=("",) * len(verdicts),
        outcomes=tuple("A" if one == "AC" else "W" for one in verdicts),
    )
    return replace(record, **changes)


def write(run, name, *records):
    file = run / "rollouts" / f"{name}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lines:
        lines.writelines(record.to_json() + "\n" for record in records)


def metric(run, **row):
    with (run / "metrics.jsonl").open("a") as lines:
        lines.write(json.dumps(row) + "\n")


@pytest.fixture
def run(tmp_path):
    """The folder of a training run after two steps, with an evaluation before it."""
    run = tmp_path / "runs" / NAME
    run.mkdir(parents=True)
    config = {"algorithm": "cppo", "env": "CPPO-Strategies-v0", "k": 2, "steps": 300, "seed": 3}
    (run / "config.json").write_text(json.dumps(config))
    metric(run, stage="before", step=0, pass_at_k=0.25, ci95=[0.1, 0.4], episodes=2)
    for step in (1, 2):
        metric(run, stage="joint", step=step, pass_at_k=step / 4, reward_plan=0.5, seconds=2.0)
    write(run, "before", episode("strategies/test/1"), episode("strategies/test/2", verdicts=()))
    write(
        run,
        "step-000001",
        episode(number=0, advantage=1.5, advantages=(-1.0, None, 2.25)),
        episode(
            number=1,
            verdicts=("WA", "TLE"),
            methods=("method 0  of tuple 0.", "Method 1 of tuple 0."),
        ),
        episode(number=2, verdicts=("CE", "CE"), accepted=False, reason=HOSTILE, reward=0.0),
    )
    write(run, "step-000002", episode(verdicts=("WA", "WA"), void=True, messages=(HOSTILE, "")))
    return run


@pytest.fixture
def library(run, tmp_path):
    library = Library([run.parent], tmp_path / "cache")
    yield library
    library.close()


@pytest.fixture
def client(library):
    with TestClient(make_app(library), base_url="http://127.0.0.1") as client:
        yield client


def links(page):
    return {html.unescape(one) for one in re.findall(r'(?:href|action)="(/[^"]*)"', page)}


def test_every_page_can_be_reached_and_shows_what_a_model_wrote_as_text(client):
    seen, waiting = set(), ["/"]
    while waiting:
        page = client.get(waiting.pop())
        assert page.status_code == 200, page.text
        assert "<script>alert" not in page.text and "\u202e" not in page.text
        assert "\x1b" not in page.text
        if page.headers["content-type"].startswith("text/html"):
            waiting += sorted(links(page.text) - seen - {"/compare"})
            seen |= links(page.text)
    assert sum("/episode/" in link for link in seen) == 6
    assert sum("/step/" in link for link in seen) == 3
    assert any("/problem?id=strategies/train/1" in link for link in seen)


def test_a_step_shows_its_groups_with_refused_repeated_and_void_tuples(client):
    page = client.get(f"/run/{NAME}/step/step-000001").text
    [row] = re.findall(r'<td class="group">(.*?)</td>', page, re.DOTALL)
    solved, repeated, refused = re.findall(r'<a class="([^"]*)"', row)
    assert (solved, repeated, refused) == ("tuple solved", "tuple repeated", "tuple refused")
    assert "1/3" in page and "solved 0.333" in page
    assert 'data-advantage="1.5" data-advantages="-1 2.25"' in row
    assert 'data-advantage="" data-advantages=""' in row
    assert 'class="tuple void"' in client.get(f"/run/{NAME}/step/step-000002").text


def test_an_episode_shows_methods_beside_programs_the_test_that_failed_and_its_group(client):
    episodes = links(client.get(f"/run/{NAME}/step/step-000001").text)
    first = min(link for link in episodes if "/episode/" in link)
    page = client.get(first).text
    assert "Method 1 of tuple 0." in page and "first failing test: hidden test 1" in page
    assert "All 3 tuples of the group" in page
    assert "2 of 3 tuples of the group have this method" in page  # case and blanks aside
    record = client.get(first.replace("/episode/", "/record/")).json()
    assert record["problem_id"] == "strategies/train/1" and record["verdicts"] == ["WA", "AC"]


def test_what_the_first_failing_test_was_given_and_what_came_of_it_is_shown(client, run):
    failed = FirstFailure(0, "WA", 0.25, 0.3, 12 << 20, f"1\n{HOSTILE}\n9", 0, 40, "a warning")
    write(run, "step-000003", episode(failures=(failed, None)))
    step = links(client.get(f"/run/{NAME}/step/step-000003").text)
    page = client.get(*(link for link in step if "/episode/" in link)).text
    assert "first failing test: hidden test 1 (0.25 s CPU, 12 MiB)" in page
    assert "more characters" in page and "a warning" in page
    assert page.count('class="plus"') == 3 and 'class="minus"' in page


def test_the_tokens_of_an_episode_are_shown_where_they_are_recorded(client, run):
    first = f"/run/{NAME}/episode/3"
    assert "No values of single tokens are recorded here" in client.get(first).text
    program = SequenceTokens("solve", 1, 1.5, True, [HOSTILE, "b"], [-1.0, -2.0], None, [0.5, 0.1])
    plan = replace(program, region="plan", branch=None, trainer=[-1.0, -1.5], trained=False)
    write_tokens(run, "step-000001", [EpisodeTokens("strategies/train/1", 0, [plan, program])])
    assert "/static/tokens.js" in client.get(first).text
    shown = client.get(first.replace("/episode/", "/tokens/")).json()["sequences"]
    assert [(one["region"], one["title"]) for one in shown] == [
        ("planner", "plan"),
        ("solver", "program B"),
    ]
    assert shown[0]["values"]["sampler gap"] == [0.0, 0.5]
    assert shown[1]["values"]["sampler gap"] is None
    assert "\u202e" not in shown[0]["pieces"][0] and "\x1b" not in shown[0]["pieces"][0]
    other = client.get(f"/run/{NAME}/episode/4").text
    assert "tokens of other episodes are recorded" in other and "/episode/3" in other
    assert client.get(f"/run/{NAME}/tokens/4").status_code == 404
    assert "tokens are recorded, most" in client.get(f"/run/{NAME}/step/step-000001").text
    (run / "tokens" / "step-000001.jsonl.gz").write_bytes(b"damaged")
    assert "tokens/step-000001.jsonl.gz: Not a gzipped file" in client.get(first).text
    assert client.get(first.replace("/episode/", "/tokens/")).status_code == 404
    assert client.get(f"/run/{NAME}/step/step-000001").status_code == 200


def test_a_program_and_the_test_that_it_failed_can_be_copied_as_python(client):
    case = client.get(f"/run/{NAME}/case/3/0")
    given = {}
    exec(case.text.replace("print(grade(problem, program))", ""), given)
    assert given["problem"].id == "strategies/train/1" and given["program"] == "print(0)"
    assert len(given["problem"].tests) == 1
    assert client.get(f"/run/{NAME}/case/3/1").status_code == 404  # it passed
    assert client.get(f"/run/{NAME}/case/3/9").status_code == 404


def said(page):
    """The text of a page."""
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())
    return re.sub(r" ([.,:])", r"\1", text)


def test_a_problem_over_the_run_says_when_it_was_solved_and_lost(client, run):
    address, problem = f"/run/{NAME}/problem", {"id": "strategies/train/1"}
    page = said(client.get(address, params=problem).text)
    assert "First solved in step 1 by “Method 1 of tuple 0.”" in page
    assert "Lost again" not in page  # step 2 was void
    without, with_it = episode(verdicts=("WA", "WA"), methods=("a", "b")), episode(number=1)
    write(run, "step-000003", without, replace(with_it, verdicts=("WA", "WA")))
    page = client.get(address, params=problem).text
    lost = "Lost again in step 3: last solved in step 1, failed in 1 since."
    assert f"{lost} 0 of 2 plans since hold a method that had solved it, in the same" in said(page)
    write(run, "step-000004", episode(verdicts=("WA", "WA")))
    page = said(client.get(address, params=problem).text)
    assert "failed in 2 since. 1 of 3 plans since hold a method that had solved it." in page
    assert "Method 1 of tuple 0. 2 1" in page  # tuples of steps 1 and 4 that have this method


def test_the_problems_of_a_run_can_be_chosen_by_what_became_of_them(client, run):
    write(run, "step-000003", *(episode(f"strategies/train/{n}") for n in (2, 10)))
    write(
        run,
        "step-000004",
        *(episode(f"strategies/train/{n}", verdicts=("WA", "WA")) for n in (1, 2)),
    )
    address = f"/run/{NAME}/problems"

    def shown(**choice):
        page = client.get(address, params=choice).text
        return re.findall(r"<tr><td><a[^>]*>(?:strategies/)?([^<]*)", page)

    page = client.get(address).text
    assert "training 3" in said(page) and "held-out 2" in said(page)
    assert "all 3 lost again 2 never solved 0 learnt 0 always solved 1" in said(page)
    assert shown() == ["train/1", "train/2", "train/10"]
    assert shown(kind="lost again") == ["train/1", "train/2"]
    assert shown(sort="-first solved") == ["train/2", "train/10", "train/1"]
    assert shown(of="held-out", kind="never solved") == ["test/2"]
    refused = client.get(address, params={"kind": "won"})
    assert refused.status_code == 400 and "expected one of all, lost again" in refused.text


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, 6),
        ({"q": "tuple"}, 5),
        ({"q": '"tuple 2"'}, 1),
        ({"q": "Method TUPLE"}, 5),
        ({"q": 'x" OR 1'}, 0),
        ({"q": '"1 print"'}, 0),  # no phrase spans two programs
        ({"verdict": "TLE"}, 1),
        ({"verdict": "AC", "file": "step-000001"}, 1),
        ({"accepted": "no"}, 1),
        ({"void": "yes"}, 1),
        ({"twice": "yes"}, 0),
        ({"solved": "no", "void": "no"}, 3),
        ({"min_reward": "0.5"}, 2),
        ({"problem": "test/"}, 2),
    ],
)
def test_the_search_finds_what_fulfils_all_filters(library, filters, found):
    index = library.index(library.run(NAME))
    entries, total = index.search(filters)
    assert (len(entries), total) == (found, found)


def test_of_words_that_occur_everywhere_it_is_said_that_there_are_more(client, monkeypatch):
    monkeypatch.setattr("cppo_viewer.index.COUNTED", 3)
    monkeypatch.setattr("cppo_viewer.pages.COUNTED", 3)
    page = client.get(f"/run/{NAME}/search", params={"q": "method"}).text
    assert "more than 3 episodes" in page and page.count("/episode/") >= 3
    assert "<p>6 episodes</p>" in client.get(f"/run/{NAME}/search").text


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"verdict": "OK"}, "verdict: got &#39;OK&#39;, expected one of AC"),
        ({"void": "perhaps"}, "expected yes or no"),
        ({"min_reward": "much"}, "expected a number"),
        ({"q": '"'}, "expected at least one word"),
        ({"sql": "1"}, "there is no filter"),
    ],
)
def test_a_filter_that_cannot_be_understood_is_said(client, filters, said):
    page = client.get(f"/run/{NAME}/search", params=filters)
    assert page.status_code == 400 and said in page.text


@pytest.mark.parametrize("number", ["²", "٣", "-1", "9" * 30, "9" * 5000])
@pytest.mark.parametrize("page", ["problems", "search"])
def test_what_is_no_page_number_takes_no_page_down(client, page, number):
    assert client.get(f"/run/{NAME}/{page}", params={"page": number}).status_code == 200


def test_problems_are_sorted_by_numbers_of_any_length(client, run):
    names = [f"train/{number}" for number in ("9", "10", "7" * 5000)]
    write(run, "step-000009", *(episode(name) for name in reversed(names)))
    page = client.get(f"/run/{NAME}/problems", params={"of": "training"}).text
    places = [page.index(f">{name}<") for name in names]
    assert places == sorted(places)


def test_other_hosts_other_methods_and_paths_outside_are_refused(client, run):
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.post("/").status_code == 405
    for path in ("/run/%2e%2e", "/run/%2e%2e%2fruns", f"/run/{run}", "/static/%2e%2e/server.py"):
        assert client.get(path).status_code == 404, path
    assert client.get(f"/run/{NAME}/episode/99").status_code == 404
    assert client.get(f"/run/{NAME}/step/step-000009").status_code == 404
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy


def test_the_index_follows_a_run_that_grows_and_reads_replaced_files_again(run, tmp_path):
    index = EpisodeIndex(run, tmp_path / "cache")
    assert (index.refresh(), index.refresh()) == (6, 0)
    file = run / "rollouts" / "step-000003.jsonl"
    line = episode(number=7).to_json() + "\n"
    file.write_text(line + line[:50])
    assert index.refresh() == 1  # the second line is being written
    file.write_text(line + line)
    assert index.refresh() == 1 and index.count() == 8
    other = file.with_suffix(".new")
    other.write_text(episode(number=8).to_json() + "\n")
    other.replace(file)
    assert index.refresh() == 1 and [one.episode for one in index.of_file("step-000003")] == [8]
    # What was replaced is not found any more.
    assert [index.search({"q": f'"of tuple {n}"'})[1] for n in (7, 8)] == [0, 1]
    index.close()
    again = EpisodeIndex(run, tmp_path / "cache")
    assert again.refresh() == 0 and again.count() == 7
    again.close()


def test_an_index_of_another_version_is_made_anew(run, tmp_path):
    EpisodeIndex(run, tmp_path / "cache").close()
    [file] = (tmp_path / "cache").glob("*.sqlite")
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    index = EpisodeIndex(run, tmp_path / "cache")
    assert index.refresh() == 6
    index.close()


def test_damaged_lines_are_left_out_and_said(run, client):
    write(run, "step-000003", episode())
    with (run / "rollouts" / "step-000003.jsonl").open("ab") as lines:
        lines.write(b'{"problem_id": 1}\n\xff\n[]\n')
        odd = FirstFailure(0, "WA", 0.1, 0.1, 1, got=5)
        lines.write(episode(failures=(odd,)).to_json().encode() + b"\n")
    with (run / "metrics.jsonl").open("a") as lines:
        lines.write('{"stage": \n')
    with pytest.warns(UserWarning, match="1 lines are no JSON objects and left out.* line 4"):
        page = client.get(f"/run/{NAME}")
    assert page.status_code == 200
    assert "4 damaged lines are left out: step-000003.jsonl, byte" in page.text
    assert client.get(f"/run/{NAME}/step/step-000003").text.count('<a class="tuple') == 1


def test_without_a_cache_folder_that_works_the_index_is_in_memory(run, tmp_path):
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="is kept in memory"):
        index = EpisodeIndex(run, tmp_path / "file" / "cache")
    assert index.refresh() == 6
    index.close()


def test_a_damaged_index_is_made_anew(run, tmp_path):
    index = EpisodeIndex(run, tmp_path / "cache")
    index.refresh()
    index.close()
    [file] = (tmp_path / "cache").glob("*.sqlite")
    file.write_bytes(b"no database" * 1000)
    index = EpisodeIndex(run, tmp_path / "cache")
    assert index.refresh() == 6
    index.close()


def test_a_run_that_is_deleted_or_oddly_named_takes_no_page_down(run, client, library):
    odd = run.parent / os.fsdecode(b"odd \xff % ?#")
    shutil.copytree(run, odd)
    page = client.get("/")
    assert page.status_code == 200 and "odd \ufffd % ?#" in page.text
    [link] = {link for link in links(page.text) if "odd" in link}
    assert client.get(link).status_code == 200
    episode_link = f"/run/{NAME}/episode/1"
    assert client.get(episode_link).status_code == 200
    shutil.rmtree(run)
    assert client.get(episode_link).status_code == 404
    assert client.get("/").status_code == 200


def test_the_rows_of_a_run_are_parsed_once_until_it_writes(run, monkeypatch):
    parsed = []
    monkeypatch.setattr(folders, "metrics_of", lambda path: parsed.append(path) or metrics_of(path))
    assert [overview_of(run).step for _ in range(3)] == [2, 2, 2] and len(parsed) == 1
    metric(run, stage="joint", step=3, pass_at_k=1.0, seconds=2.0)
    assert overview_of(run).step == 3 and len(parsed) == 2


def test_an_open_page_is_told_when_the_run_writes(library, run):
    server = uvicorn.Server(uvicorn.Config(make_app(library), port=0, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.stream("GET", f"http://127.0.0.1:{port}/run/{NAME}/live", timeout=60) as page:
            lines = page.iter_lines()
            assert next(lines) == "retry: 2000"
            metric(run, stage="joint", step=3, pass_at_k=1.0, seconds=2.0)
            assert next(line for line in lines if line.startswith("data")) == "data: changed"
        rows = httpx.get(f"http://127.0.0.1:{port}/run/{NAME}/curves").json()
        assert rows["joint"]["pass_at_k"] == [0.25, 0.5, 1.0]
        assert rows["evaluation"]["ci95"] == [[0.1, 0.4]]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(60)
    assert not thread.is_alive()


def test_runs_side_by_side_show_what_one_solves_and_another_does_not(library, client, run):
    other = run.parent / "second"
    other.mkdir()
    (other / "config.json").write_text((run / "config.json").read_text().replace("3}", "4}"))
    write(other, "before", episode("strategies/test/1", verdicts=("WA", "WA")))
    page = client.get("/compare", params={"run": [NAME, "second"]}).text
    assert "<td>seed</td><td>3</td><td>4</td>" in page
    assert "strategies/test/1" in page and "strategies/test/2" not in page
    refused = client.get("/compare", params={"run": [NAME]})
    assert refused.status_code == 400 and "expected 2 to 6" in refused.text


def test_formulas_are_rendered_and_can_hide_nothing():
    assert "<msub><mi>a</mi><mi>i</mi></msub>" in statement("the sum of $a_i$ and $$$b$$$")
    for text in (
        r"$\text{<script>alert(1)</script>}$",
        r"$\href{javascript:alert(1)}{x}$",
        r"$\left($",
        r"$x^$",
        "costs $5 or <b>",
    ):
        shown = statement(text)
        assert "<math" not in shown and "<script" not in shown and "<b>" not in shown
    assert "<script>" not in program("x = '<script>'\n") and "\u202e" not in program("# \u202e")
