"""`make fuzz ARGS="--sandbox docker --seconds 7200 --seed 1"`: many random programs."""

import argparse
import sys
from itertools import count

import cppo_env
from tests.fuzz.campaign import run
from tests.fuzz.grammar import program


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--sandbox", default="docker", help="docker or local")
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1, help="number of the first program")
    parser.add_argument("--show", type=int, help="print the program of this number and end")
    options = parser.parse_args()
    if options.show is not None:
        print(program(options.show))
        return 0
    with cppo_env.make_sandbox(options.sandbox, workers=1) as sandbox:
        result = run(sandbox, count(options.seed), options.seconds)
    print(f"{options.sandbox}: {result.programs} programs from {options.seed} on:", end=" ")
    print(", ".join(f"{name} {number}" for name, number in result.verdicts.most_common()))
    for fault in result.faults:
        print("FAULT", fault)
    return bool(result.faults)


if __name__ == "__main__":
    sys.exit(main())
