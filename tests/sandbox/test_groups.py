"""Control groups of version 2, from files as a kernel writes them.

Those of version 1 run everywhere else.
"""

import pytest
from cppo_sandboxes.worker import group

LIMIT = 3 << 30


@pytest.fixture
def version_2(tmp_path, monkeypatch):
    monkeypatch.setattr(group, "ROOT", str(tmp_path))
    monkeypatch.setattr(group, "_own_paths", lambda: {"": ""})
    (tmp_path / "memory.max").write_text(f"{LIMIT}\n")
    (tmp_path / "memory.current").write_text("314572800\n")
    (tmp_path / "memory.stat").write_text("anon 104857600\nfile 209715200\nshmem 62914560\n")
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\n")
    (tmp_path / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1000000\nsystem_usec 1\n")
    return tmp_path


def test_a_containers_group_counts_cpu_time_and_memory(version_2):
    found = group.containers_group(LIMIT)
    assert found.holds_hub
    assert found.cpu_s() == 1.5
    assert found.memory_bytes() == 300 << 20
    assert found.cache_bytes() == 140 << 20
    assert found.oom_kills() == b"3"
    (version_2 / "memory.events").write_text("low 0\nhigh 0\nmax 9\noom 5\noom_kill 4\n")
    assert found.oom_kills() == b"4"


@pytest.mark.parametrize("limit", ["max\n", "2147483648\n"])
def test_a_group_without_the_limit_that_was_asked_for_is_somebody_elses(version_2, limit):
    (version_2 / "memory.max").write_text(limit)
    assert group.containers_group(LIMIT) is None


def test_an_own_group_lies_where_memory_is_counted(version_2, monkeypatch):
    leaf = version_2 / "user.slice" / "session.scope"
    leaf.mkdir(parents=True)
    (leaf / "cgroup.subtree_control").write_text("\n")
    (leaf.parent / "cgroup.subtree_control").write_text("cpu memory pids\n")
    assert group._counting_parent("/user.slice/session.scope") == str(leaf.parent)


def test_who_may_not_make_a_group_has_none(version_2, monkeypatch):
    monkeypatch.setattr(group, "_own_paths", lambda: {"": "/no/such/group"})
    (version_2 / "memory.stat").unlink()
    assert group.own_group() is None
    assert [path.name for path in version_2.iterdir() if path.is_dir()] == []
