"""Measure tests per second of the sandboxes and their limit, like `cppo sandbox bench`.

python benchmarks/throughput.py [--rounds 5] [--seconds 3] [--json PATH]
"""

import sys

from cppo_env.cli import main

if __name__ == "__main__":
    main(["sandbox", "bench", *sys.argv[1:]])
