"""The whole flow on a pretrained model: check, evaluate, supervise, two CPPO steps, save, load.

    python benchmarks/real_model.py --model FOLDER --folder runs/real --json FILE
    python benchmarks/real_model.py --model FILE.gguf …         # with the package gguf

Every stage is one that `cppo train` runs, in this process, so that the model is loaded once. The
report has the time, the tokens per second and the peak memory of each, and pass@K with the share
of plans and answers that could be read: of the model as it comes, after the supervised steps, and
of the saved and loaded model after the CPPO steps.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import torch
from cppo_agents.models.chat_format import ChatFormat
from cppo_agents.models.check import check_model
from cppo_grpo.choices import SolverReward
from cppo_grpo.config import TrainConfig
from cppo_grpo.learner.learner import Learner
from cppo_grpo.model.policy import Policy
from cppo_grpo.parallel import Processes
from cppo_grpo.runs.folder import Run
from cppo_grpo.samplers.transformers import TransformersSampler
from cppo_grpo.stages.evaluation import evaluate
from cppo_grpo.stages.held_out import HeldOut
from cppo_grpo.stages.joint import learn
from cppo_grpo.stages.model_check import learner_rows, sampler_rows
from cppo_grpo.stages.session import Session, environment, make_cursor
from cppo_grpo.stages.start import lengths, make_policies, make_policy_agent, save_model
from cppo_grpo.stages.warm_start import warm_start
from cppo_sandboxes.cached import CachedSandbox
from rich.console import Console
from transformers import AutoModelForCausalLM, AutoTokenizer

from cppo_env import make_sandbox
from cppo_env.protocols import Sandbox
from cppo_env.provenance import commit, machine, versions


class Report:
    """The figures of the stages, printed and stored as they come."""

    def __init__(self, path: Path, settings: TrainConfig) -> None:
        self.path = path
        self.content: dict[str, Any] = {
            "versions": versions(),
            "commit": commit(),
            "machine": machine(),
            "threads": torch.get_num_threads(),
            "settings": json.loads(settings.to_json()),
            "stages": {},
        }

    @contextmanager
    def stage(self, name: str) -> Iterator[dict[str, Any]]:
        """Time and memory of a stage, and what it adds."""
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far (Linux)
        started, cpu = time.perf_counter(), time.process_time()
        figures: dict[str, Any] = {}
        yield figures
        figures["seconds"] = time.perf_counter() - started
        figures["cpu_seconds"] = time.process_time() - cpu
        figures["peak_gib"] = _resident_gib("VmHWM")
        self.content["stages"][name] = figures
        self.path.write_text(json.dumps(self.content, indent=2) + "\n")
        print(name, json.dumps(figures), flush=True)


def main() -> None:
    """Run the flow and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="folder, or a GGUF file")
    parser.add_argument("--folder", type=Path, required=True, help="new run folder")
    parser.add_argument("--json", type=Path, required=True, help="the report")
    parser.add_argument("--problems", type=int, default=1, help="problems of a CPPO step")
    parser.add_argument("--tuples", type=int, default=2)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--supervised-steps", type=int, default=4)
    parser.add_argument("--supervised-lr", type=float, default=2e-5)
    parser.add_argument("--supervised-problems", type=int, default=1, help="of a supervised step")
    parser.add_argument("--reward", default="gated", help="the planner's reward")
    parser.add_argument("--solver-reward", default="verdict", choices=get_args(SolverReward))
    parser.add_argument("--eval-episodes", type=int, default=2)
    parser.add_argument("--max-tokens-plan", type=int, default=96)
    parser.add_argument("--max-tokens-solve", type=int, default=128)
    parser.add_argument("--prompts", default="plain", help="plain, strong, or a folder")
    parser.add_argument("--difficulty", help="easy, medium or hard; default: all bundled problems")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    config = TrainConfig(
        env="CPPO-Samples-v0",
        filters={"difficulty": options.difficulty} if options.difficulty else {},
        model=str(options.model),
        prompts=options.prompts,
        run=options.folder,
        seed=options.seed,
        threads=options.threads,
        warm_start_steps=options.supervised_steps,
        warm_start_lr=options.supervised_lr,
        warm_start_problems=options.supervised_problems,
        warm_start_plans=2,
        steps=options.steps,
        problems_per_step=options.problems,
        tuples=options.tuples,
        max_tokens_plan=options.max_tokens_plan,
        max_tokens_solve=options.max_tokens_solve,
        reward=options.reward,
        solver_reward=options.solver_reward,
        lora_rank=8,
        lr=1e-4,
        lr_warmup_steps=1,
        micro_batch_tokens=1024,
        eval_episodes=options.eval_episodes,
    )
    report = Report(options.json, config)
    with make_sandbox(config.sandbox) as box:
        flow(Run.open(config), CachedSandbox(box), report)


def flow(run: Run, sandbox: Sandbox, report: Report) -> None:
    """All stages, one after the other."""
    config, processes, console = run.config, Processes(), Console()
    with report.stage("load") as figures:
        model, chat = load(Path(config.model or ""))
        figures["parameters"] = model.num_parameters()
    with report.stage("check") as figures:
        limits = lengths(config, model, chat)
        found = check_model(str(config.model), model.config, chat, limits).plus(
            [*sampler_rows(TransformersSampler(model)), *learner_rows(model)]
        )
        figures |= found.required().to_json()
    places = config.problems_per_step * config.tuples
    with environment(config, sandbox, config.training, places) as env:
        problems = env.assembly.problems
        agent = make_policy_agent(config, model, chat, run.prompts)
        held_out(report, "eval, as it comes", run, sandbox, agent)
        with report.stage("supervised steps") as figures:
            rows = list(warm_start(Policy(model), chat, problems, config, processes, run.prompts))
            figures["loss"] = [row["loss"] for row in rows]
            model.zero_grad(set_to_none=True)
        held_out(report, "eval, supervised", run, sandbox, agent)
        with report.stage("CPPO steps") as figures:
            model.save_pretrained(run.reference)
            policy, reference = make_policies(config, model, processes)
            learner = Learner(policy, reference, config, processes)
            cursor = make_cursor(config, len(problems))
            session = Session(run, [env], learner, agent, cursor, processes)
            learn(session, 0, HeldOut(session, None, console), console)
            names = ("advantage_plan", "kl_plan", "kl_solve", "grad_norm", "tokens_per_s")
            names += ("seconds", "seconds_update", "pass_at_k", "validity", "reward_plan")
            names += (
                "reward_solve",
                "silent_groups_plan",
                "silent_groups_solve",
                "truncated_solve",
            )
            figures["steps"] = [
                {name: row.get(name) for name in names} for row in run.log.rows("joint")
            ]
        with report.stage("save and load") as figures:
            save_model(run, policy, chat.tokenizer)
            ids = torch.tensor([chat.tokenizer("def main():").input_ids])
            with torch.no_grad():
                before = model(ids).logits
            del policy, reference, learner, session, agent, model
            loaded: Any = AutoModelForCausalLM.from_pretrained(run.model, dtype=torch.float32)
            with torch.no_grad():
                figures["largest_logit_difference"] = float(
                    (loaded(ids).logits - before).abs().max()
                )
    agent = make_policy_agent(config, loaded, chat, run.prompts)
    held_out(report, "eval, after CPPO, loaded again", run, sandbox, agent)


def load(path: Path) -> tuple[Any, ChatFormat]:
    """A model in float32 and its chat format, the plain one if it has none."""
    source: dict[str, Any] = {"pretrained_model_name_or_path": str(path)}
    if path.suffix == ".gguf":
        source = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    model: Any = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    if path.suffix == ".gguf":
        # transformers refuses to save it: it calls itself quantised, though its weights are not.
        weights, model_config = model.state_dict(), model.config
        del model_config.quantization_config
        model = type(model)(model_config)
        model.load_state_dict(weights)
    return model.eval(), ChatFormat(tokenizer, model.generation_config)


def held_out(report: Report, name: str, run: Run, sandbox: Sandbox, agent: Any) -> None:
    """pass@K and parse rates on held-out problems, as an evaluation of a run."""
    config = run.config
    with (
        report.stage(name) as figures,
        environment(
            config, sandbox, config.held_out, config.eval_episodes, end_on_refusal=False
        ) as env,
    ):
        found, records = evaluate(env, agent, config.eval_episodes, config.seed, Processes())
        run.write_episodes(name.replace(" ", "-").replace(",", ""), records)
        answers = len(records) * config.k
        tokens = sum(record.tokens for record in records)
        figures |= {
            "pass_at_4": found.pass_at_k,
            "ci95": found.ci95,
            "episodes": found.episodes,
            "validity": found.validity,
            "plans_read": 1 - sum(found.unreadable_plans.values()) / len(records),
            "answers_with_program": 1 - sum(found.no_program.values()) / answers,
            "unreadable_plans": found.unreadable_plans,
            "no_program": found.no_program,
            "verdicts": Counter(verdict for one in records for verdict in one.verdicts),
            "tokens": tokens,
            "tokens_per_s": tokens / found.seconds,
        }


def _resident_gib(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(field)]
    return int(line.split()[1]) / 2**20


if __name__ == "__main__":
    main()
