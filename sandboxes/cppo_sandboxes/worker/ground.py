"""What a hub prepares once, before it takes a program: the user of programs, their folder, their orphans."""

from __future__ import annotations

import os

PR_SET_PDEATHSIG, SIGKILL = 1, 9
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36


def choose_uid(wanted):
    """The uid for programs: the wanted one, or another that this user namespace has; 0 if users cannot be changed."""
    with open("/proc/self/uid_map") as file:
        ranges = [tuple(map(int, line.split())) for line in file]
    if not any(first <= wanted and wanted + 1 < first + count for first, _, count in ranges):
        first, _, count = max(ranges, key=lambda entry: entry[2])
        if count < 1000:
            return 0
        wanted = first + 500 + wanted % (count - 502)
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(wanted, wanted, wanted)
            os.setresuid(wanted, wanted, wanted)
        except OSError:
            os._exit(1)
        os._exit(0)
    return wanted if os.waitpid(pid, 0)[1] == 0 else 0


def make_work_folder(path, uid):
    """The folder in which programs run: theirs by its group, so that they cannot change the folder itself."""
    os.mkdir(path)
    os.chmod(path, 0o770 if uid else 0o700)


def become_subreaper():
    """Adopt orphans: in a container the first process does so anyway."""
    _set(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent():
    """Be killed when the process ends that stands by outside of this one's namespaces; a change of user undoes it."""
    _set(PR_SET_PDEATHSIG, SIGKILL)


def hide_memory():
    """Keep other processes of this user from this one's memory, descriptors and settings in /proc."""
    _set(PR_SET_DUMPABLE, 0)


def show_memory():
    """Undo `hide_memory` for a test: its supervisor adds up what it has."""
    _set(PR_SET_DUMPABLE, 1)


def _set(option, value):
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
