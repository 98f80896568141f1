"""Counts that no machine can carry are refused in one line, before anything is started."""

import re

import pytest

from tests.support.cli import cppo, fault

CHAT = ("--agent", "chat", "--options.model", "m", "--options.base_url", "http://localhost:9")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("train", "--threads", 100000), "threads: got 100000, expected .* at most "),
        (("train", "--threads", 0), "threads: got 0, expected a whole number of 1 or more"),
        (("sft", "--threads", 100000), "threads: got 100000"),
        (("gate", "train", "labels.jsonl", "--threads", 100000), "threads: got 100000"),
        (("train", "--layers", 10**6), "layers: got 1000000, expected 1 to 256"),
        (("train", "--hidden", 10**9), "hidden: got 1000000000, expected 32, .* to 8192"),
        (("train", "--tuples", 10**9), "tuples x k: got 32,000,000,000 at once, .* 1,000,000"),
        (("train", "--warm_start_plans", 10**9), "warm_start_plans: got 8,000,000,000 at once"),
        (("eval", "--attempts", 4 * 10**9), "attempts: got 4000000000, expected at most 1,000,000"),
        (("eval", *CHAT, "--options.concurrency", 10**6), "concurrency: got 1000000, .* at most "),
        (
            ("eval", "--sandbox", "local", "--sandbox_options.workers", 100000),
            "workers: got 100000, expected .* at most ",
        ),
        (("pipeline", "--processes", 100000), "processes: got 100000, expected .* at most "),
    ],
    ids=str,
)
def test_a_count_that_would_take_the_machine_is_one_line(command, message, tmp_path):
    run = ("--run", tmp_path / "run") if command[0] != "eval" else ()
    said = fault(cppo(*command, *run, timeout=60), 2)
    assert re.search(message, said), said
    assert not any(tmp_path.iterdir())
