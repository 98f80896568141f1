#!/bin/bash
# One Ray cluster in one allocation; the command runs on the first node, judges on all of them:
#
#     sbatch slurm.sh train --model Qwen/Qwen3-4B --problems /shared/apps …
#     sbatch --nodes 2 slurm.sh eval --env CPPO-Samples-v0 --agent oracle
#
# What follows slurm.sh is a command of cppo that has --sandbox. The job's exit code is its own.
# Activate an environment with cppo-env[ray] first; sbatch passes it on. Compute nodes seldom have
# an engine, so they judge with the local sandbox. A node keeps RESERVE cores for other work.
#SBATCH --job-name=cppo
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=04:00:00
set -euo pipefail

cores=$((SLURM_CPUS_ON_NODE - ${RESERVE:-2}))
[ "$cores" -ge 1 ] || cores=1
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
ip=$(getent ahostsv4 "$head" | awk '{print $1; exit}')
port=$((20000 + SLURM_JOB_ID % 20000))
address=$ip:$port
# Without the token whoever reaches the port could run what he likes as you.
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_worker_niceness=0  # else programs yield to all other work
start=(ray start --block --disable-usage-stats --num-cpus "$cores")

steps=()
# The head last: nodes say goodbye to it.
trap 'for step in $(printf "%s\n" "${steps[@]}" | tac); do kill "$step"; wait "$step" || true; done' EXIT

srun --overlap --nodes=1 --ntasks=1 --nodelist="$head" \
    "${start[@]}" --head --node-ip-address "$ip" --port "$port" \
    --include-dashboard=false &
steps+=($!)

up=no
for _ in $(seq 60); do
    if ray health-check --address "$address" >/dev/null 2>&1; then up=yes; break; fi
    sleep 1
done
[ $up = yes ] || { echo "slurm.sh: Ray's head does not answer at $address" >&2; exit 1; }

if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
    others=$((SLURM_JOB_NUM_NODES - 1))
    srun --overlap --nodes="$others" --ntasks="$others" --ntasks-per-node=1 --exclude="$head" \
        "${start[@]}" --address "$address" &
    steps+=($!)
fi

# Nodes that join later are used, so nothing waits for all of them.
cppo "$@" --sandbox ray --sandbox_options.address "$address" \
    --sandbox_options.sandbox local --sandbox_options.workers "$cores"
