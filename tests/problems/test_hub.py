"""Downloads from a hub on this machine."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cppo_env.errors import ProblemDataError, UnknownNameError, UsageError
from cppo_env.problems import load_problems
from cppo_env.problems.files.hub import SETS, download
from tests.support.cli import cppo, fault
from tests.support.hub_server import Hub, serving
from tests.support.records import livecodebench

SET = SETS["livecodebench"]


def rows(prefix: str, count: int) -> bytes:
    return b"".join(
        json.dumps(livecodebench(question_id=f"{prefix}{n}")).encode() + b"\n" for n in range(count)
    )


FILES: dict[str, bytes] = {
    "test.jsonl": rows("a", 40),
    "test2.jsonl": rows("b", 1),
    "README.md": b"# card\n",
}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(Hub(SET.repository, SET.revision, dict(FILES))) as running:
        yield running


def fetched(hub: Hub) -> list[str]:
    """Names of the files whose content was sent, in order."""
    return [
        path.rpartition("/")[2]
        for method, path, _ in hub.requests
        if method == "GET" and "/resolve/" in path
    ]


def test_a_set_is_fetched_at_its_pinned_revision_and_checked(hub: Hub, tmp_path: Path):
    done = download("livecodebench", folder=tmp_path, endpoint=hub.url)
    assert done.sha256 == {
        name: hashlib.sha256(FILES[name]).hexdigest() for name in ("test.jsonl", "test2.jsonl")
    }
    assert done.bytes == len(FILES["test.jsonl"]) + len(FILES["test2.jsonl"])
    assert len(load_problems(tmp_path)) == 41
    assert sorted(fetched(hub)) == ["test.jsonl", "test2.jsonl"]
    assert all(SET.revision in path for _, path, _ in hub.requests)


def test_complete_files_are_not_fetched_again(hub: Hub, tmp_path: Path):
    download("livecodebench", only="test2.jsonl", folder=tmp_path, endpoint=hub.url)
    assert fetched(hub) == ["test2.jsonl"]
    download("livecodebench", folder=tmp_path, endpoint=hub.url)
    assert fetched(hub) == ["test2.jsonl", "test.jsonl"]


def test_a_broken_connection_is_resumed_where_it_broke(hub: Hub, tmp_path: Path):
    hub.files["test.jsonl"] = content = rows("a", 1) * 30_000
    hub.cut_at["test.jsonl"] = len(content) - 1000
    download("livecodebench", only="test.jsonl", folder=tmp_path, endpoint=hub.url)
    ranges = [
        asked
        for method, path, asked in hub.requests
        if method == "GET" and path.endswith("/test.jsonl")
    ]
    assert ranges[0] is None
    assert ranges[-1] is not None
    assert int(ranges[-1].removeprefix("bytes=").rstrip("-")) >= 10e6
    assert (tmp_path / "test.jsonl").read_bytes() == content


def test_other_content_than_the_revision_says_is_refused(hub: Hub, tmp_path: Path):
    hub.corrupted.add("test2.jsonl")
    with pytest.raises(
        ProblemDataError,
        match=r"test2\.jsonl: its checksum differs from the hub's; delete the file",
    ):
        download("livecodebench", folder=tmp_path, endpoint=hub.url)


def test_a_file_that_was_changed_here_is_found(hub: Hub, tmp_path: Path):
    download("livecodebench", only="test.jsonl", folder=tmp_path, endpoint=hub.url)
    path = tmp_path / "test.jsonl"
    path.write_bytes(path.read_bytes().replace(b"a1", b"a9"))
    with pytest.raises(ProblemDataError, match="its checksum differs"):
        download("livecodebench", only="test.jsonl", folder=tmp_path, endpoint=hub.url)


def test_bad_input_is_an_error_of_one_line(hub: Hub, tmp_path: Path):
    with pytest.raises(UnknownNameError, match="no set to download named 'lcb'"):
        download("lcb", folder=tmp_path, endpoint=hub.url)
    with pytest.raises(
        UsageError, match=r"only: got 'train\*', expected a pattern of some of test.jsonl"
    ):
        download("livecodebench", only="train*", folder=tmp_path, endpoint=hub.url)


def test_without_a_network_the_command_says_what_to_put_where(hub: Hub, tmp_path: Path):
    environment = {"CPPO_DATA": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    done = cppo("problems", "download", "livecodebench", "--endpoint", hub.url, env=environment)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "livecodebench") in done.stdout
    listed = cppo("problems", "list", "livecodebench", env=environment)
    assert "41 problems" in listed.stdout
    message = fault(
        cppo("problems", "download", "apps", "--endpoint", "http://127.0.0.1:9", env=environment), 1
    )
    assert "the hub cannot be reached" in message
    assert (
        f"codeparrot/apps at revision {SETS['apps'].revision} and put them into {tmp_path}/apps"
        in message
    )
