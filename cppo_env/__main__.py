"""`python -m cppo_env` is `cppo`; `torchrun --nproc-per-node 2 -m cppo_env train …` starts it in several processes."""

from cppo_env.cli import main

if __name__ == "__main__":
    main()
