"""What became of a problem over a run: first and last solved, lost again."""

from cppo_env.evaluation.histories import histories


def test_a_problem_is_lost_from_the_first_failure_after_its_last_success():
    [one] = histories(
        [
            ("a", "step-000010", False),
            ("a", "step-000002", True),
            ("a", "step-000009", False),
            ("a", "step-000001", False),
            ("a", "step-000002", False),  # another tuple of the same step solved it
        ]
    )
    assert [file for file, _ in one.plays] == [f"step-{n:06d}" for n in (1, 2, 9, 10)]
    assert (one.first, one.last, one.lost) == ("step-000002", "step-000002", "step-000009")
    assert (one.solved, one.failed_first, one.failed_since) == (1, 1, 2)


def test_a_problem_that_is_solved_now_or_never_was_is_not_lost():
    now, never = histories([("a", "step-000001", True), ("b", "step-000001", False)])
    assert now.lost is None and now.failed_since == 0
    assert never.lost is None and never.first is None and never.failed_since == 1


def test_evaluations_have_a_history_of_their_own():
    trained, held_out = histories(
        [
            ("a", "step-000001", True),
            ("a", "after", False),
            ("a", "eval-000040", True),
            ("a", "before", False),
        ]
    )
    assert not trained.held_out and trained.lost is None
    assert held_out.held_out and held_out.lost == "after" and held_out.first == "eval-000040"


def test_an_audit_is_no_part_of_a_history():
    audited = [("a", "audit", True), ("a", "step-000001", False), ("b", "audit", True)]
    [one] = histories(audited)
    assert one.plays == (("step-000001", False),) and one.lost is None
