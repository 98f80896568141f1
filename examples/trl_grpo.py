"""TRL's GRPOTrainer on the solver's reward V, or on the planner's J · R_out.

    pip install 'cppo-env[grpo,trl]'
    python examples/trl_grpo.py [--region solve] [--model NAME] [--steps 2]

Without `--model` a tiny model is made from scratch: it shows the wiring, and learns nothing.
"""

import argparse
import tempfile

import gymnasium as gym
from cppo_agents import OracleAgent
from cppo_grpo.model.tiny import make_model, train_tokenizer
from cppo_trl import planner_reward, planner_rows, solver_reward, solver_rows
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl.trainer.grpo_config import GRPOConfig
from trl.trainer.grpo_trainer import GRPOTrainer

import cppo_env

GROUP = 4


def main() -> None:
    """Train for some steps, and print what each step earned."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--region", choices=("solve", "plan"), default="solve")
    parser.add_argument("--model")
    parser.add_argument("--steps", type=int, default=2)
    given = parser.parse_args()
    problems = cppo_env.load_problems("strategies").take(16)
    env = gym.make_vec("CPPO-Strategies-v0", num_envs=GROUP, problems=problems).unwrapped
    assert isinstance(env, cppo_env.CPPOVectorEnv)
    if given.region == "solve":
        rows, reward = solver_rows(problems), solver_reward(problems, env.assembly.engine.sandbox)
    else:  # the programs are an agent's: here one that replays known right ones
        rows, reward = planner_rows(problems), planner_reward(env, OracleAgent(problems, k=4))
    if given.model:
        model = AutoModelForCausalLM.from_pretrained(given.model, dtype="float32")
        tokenizer = AutoTokenizer.from_pretrained(given.model)
    else:
        tokenizer = train_tokenizer(str(row["prompt"]) for row in rows)
        model = make_model(tokenizer, hidden=64, layers=1)
    with tempfile.TemporaryDirectory() as folder:
        trainer = GRPOTrainer(
            model=model,
            processing_class=tokenizer,
            reward_funcs=reward,
            train_dataset=Dataset.from_list(rows),
            args=GRPOConfig(
                output_dir=folder,
                max_steps=given.steps,
                per_device_train_batch_size=GROUP,
                num_generations=GROUP,
                max_completion_length=512 if given.model else 24,
                mask_truncated_completions=True,  # a cut program is no program
                logging_steps=1,
                report_to=[],
                use_cpu=not given.model,
                bf16=False,
                save_strategy="no",
                disable_tqdm=True,
            ),
        )
        trainer.train()
    env.close()
    for row in trainer.state.log_history:
        if "reward" in row:
            print(f"step {row['step']}: reward {row['reward']:.3f}")


if __name__ == "__main__":
    main()
