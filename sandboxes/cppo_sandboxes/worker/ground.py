"""What a hub prepares once, before programs: their user, their folder, their orphans."""

from __future__ import annotations

import os

PR_SET_PDEATHSIG, SIGKILL = 1, 9
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36


def choose_uid(wanted):
    """The uid for programs: the wanted or another available one; 0 if users cannot change.

    Raises:
        PermissionError: that user cannot read the interpreter, so right programs would fail.
    """
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
        os._exit(0 if os.access(os.__file__, os.R_OK) else 2)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == 2:
        raise PermissionError(
            f"programs run as user {wanted}, who cannot read Python's {os.__file__}; install "
            "Python where every user can read it, or use the Docker sandbox"
        )
    return wanted if status == 0 else 0


def make_work_folder(path, uid):
    """The folder in which programs run: writable by group, so they cannot change it itself."""
    os.mkdir(path)
    os.chmod(path, 0o770 if uid else 0o700)


def become_subreaper():
    """Adopt orphans: in a container the first process does so anyway."""
    _set(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent():
    """Be killed with the process outside of our namespaces; changing users undoes this."""
    _set(PR_SET_PDEATHSIG, SIGKILL)


def hide_memory():
    """Keep the user's other processes from this one's memory, descriptors and /proc settings."""
    _set(PR_SET_DUMPABLE, 0)


def show_memory():
    """Undo `hide_memory` for a test, so its supervisor can add up its memory."""
    _set(PR_SET_DUMPABLE, 1)


def _set(option, value):
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
