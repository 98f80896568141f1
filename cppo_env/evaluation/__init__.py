"""Play many episodes with one agent, record them all, and summarise them.

problems, agent → play → records (`rollouts/*.jsonl` of a run folder) → summary → comparison
"""
