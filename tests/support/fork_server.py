"""A process that has imported what `cppo` needs, and forks: each command starts from there.

A script that `tests.support.forked` starts. Standard input is a socket. Each of its packets asks
for a command or script: words, environment and folder as JSON, with the descriptors of its standard
streams and of a pipe, to which its process id is written as it begins, and its exit code when it
has ended.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

IMPORTS = (
    "accelerate",
    "cppo_command",
    "cppo_env.cli",
    "cppo_grpo.commands.export",
    "cppo_grpo.commands.model",
    "cppo_grpo.commands.quickstart",
    "cppo_grpo.commands.train",
    "cppo_grpo.reports.run",
    "cppo_grpo.stages.training",
    "cppo_sandboxes.commands",
    "cppo_sandboxes.local",
    "docker",
    "jsonargparse",
    "matplotlib.figure",
    "numpy.random",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.models.qwen3.modeling_qwen3",
)


def serve() -> None:
    """Fork for each request; returns in the forked processes alone."""
    channel = socket.socket(fileno=0)
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reports: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([channel, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
            _report_ends(reports)
        if channel in ready:
            packet, descriptors, _, _ = socket.recv_fds(channel, 1 << 20, 4)
            if not packet:
                for pid in reports:
                    os.kill(pid, signal.SIGKILL)
                sys.exit()
            *streams, report = descriptors
            if not (pid := os.fork()):
                channel.detach()
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _become(json.loads(packet), streams)
                os.write(report, b"%d\n" % os.getpid())
                for descriptor in (*streams, *reports.values(), report, woken, wake):
                    os.close(descriptor)
                return
            reports[pid] = report
            for descriptor in streams:
                os.close(descriptor)


def _report_ends(reports: dict[int, int]) -> None:
    while reports:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            break
        report = reports.pop(pid)
        os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
        os.close(report)


def _become(request: dict, streams: list[int]) -> None:
    """Be what a process that was started anew would be."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    sys.stdin = open(0)
    sys.stdout = open(1, "w")
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = request["words"]
    sys.modules["numpy"].random.seed()
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file, which the executable does not search either
    for name in (*IMPORTS, *sys.argv[1:]):
        importlib.import_module(name)
    threads = os.listdir("/proc/self/task")
    assert len(threads) == 1, f"a process of {len(threads)} threads must not fork"
    gc.freeze()
    serve()
    code = 0
    try:
        if sys.argv[0] == "cppo":
            sys.modules["cppo_command"].main()
        elif sys.argv[0].endswith(".py"):
            sys.path.insert(0, os.path.dirname(sys.argv[0]))
            runpy.run_path(sys.argv[0], run_name="__main__")
        else:
            sys.path.insert(0, str(ROOT))
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code or 0
    # As the interpreter ends, but for taking apart what all of these processes share.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)
