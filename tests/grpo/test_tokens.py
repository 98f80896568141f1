"""Values of single tokens: what a run records of them, and which episodes it chooses."""

import torch
from cppo_grpo.model.chunked_head import entropies
from cppo_grpo.model.final_function import FinalFunction
from cppo_grpo.runs.tokens import read_tokens
from cppo_grpo.stratified import stratified

from tests.support.tiny_runs import carry_out


def test_a_run_records_the_values_of_single_tokens(tmp_path):
    run = carry_out(tmp_path / "run", tokens_every=2)
    files = sorted(file.name for file in (run.path / "tokens").iterdir())
    assert files == ["step-000002.jsonl.gz", "step-000004.jsonl.gz"]
    records = {record.key: record for record in run.read_episodes("step-000002")}
    episodes = read_tokens(run.path, "step-000002")
    assert len(episodes) == 6  # all of them: there are no eight
    for one in episodes:
        record = records[one.problem_id, one.episode]
        [plan, *programs] = one.sequences
        assert (plan.region, plan.branch) == ("plan", None)
        assert "".join(plan.pieces).startswith(record.plans[0])
        assert [program.branch for program in programs] == [*range(len(programs))]
        learned = [one.advantage if one.trained else None for one in one.sequences]
        solved = [*record.advantages] or [None] * len(programs)
        assert [record.advantage, *solved][: len(learned)] == learned
        for sequence in one.sequences:
            trainer = torch.tensor(sequence.trainer)
            assert torch.allclose(trainer, torch.tensor(sequence.sampler), atol=2e-3)
            assert min(sequence.entropy) >= 0 and max(sequence.entropy) > 0
            assert len(sequence.pieces) == len(sequence.entropy) == len(sequence.sampler)


def test_the_entropy_is_that_of_the_whole_distribution():
    torch.manual_seed(0)
    hidden, weight, bias = torch.randn(700, 8), torch.randn(3000, 8), torch.randn(3000)
    for final in (FinalFunction(), FinalFunction(0.5, 3.0)):
        logits = final(hidden @ weight.T + bias) / 0.7
        expected = torch.distributions.Categorical(logits=logits).entropy()
        found = entropies(hidden, weight, 0.7, bias, final)
        assert torch.allclose(found, expected, atol=1e-4)


def test_each_group_has_its_share_of_a_sample():
    groups = [0] * 8 + [1] * 8 + [2] * 2
    solved = [n == 3 for n in range(8)] + [False] * 8 + [True, False]
    chosen = stratified(groups, solved, 6, seed=1)
    assert [groups[n] for n in chosen] == [0, 0, 1, 1, 2, 2]
    assert [solved[n] for n in chosen if groups[n] == 0].count(True) == 1
    assert stratified(groups, solved, 6, seed=1) == chosen != stratified(groups, solved, 6, seed=2)
    assert len(stratified(groups, solved, 99, seed=0)) == len(groups)
    assert stratified([], [], 6, seed=0) == []
    many, right = [n // 4 for n in range(64)], [n % 2 == 0 for n in range(64)]
    chosen = stratified(many, right, 8, seed=0)  # of 8 groups
    assert len({many[n] for n in chosen}) == 8 and sum(right[n] for n in chosen) == 4
