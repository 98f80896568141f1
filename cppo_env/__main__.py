"""`python -m cppo_env` runs `cppo`, for `torchrun --nproc-per-node 2 -m cppo_env train …`."""

from cppo_env.cli import main

if __name__ == "__main__":
    main()
