"""Whether programs can have a view of the file system of their own here."""

from __future__ import annotations

import os

from outrig.node.program.place import find_program

NEW_MOUNTS, NEW_USERS, NEW_PROCESSES = 0x00020000, 0x10000000, 0x20000000
WHOLE_TREE_PRIVATE = 0x4000 | 1 << 18


def why_no_namespaces() -> str:
    """Return what keeps this user from opening namespaces; empty where nothing does."""
    ways = [NEW_USERS | NEW_MOUNTS | NEW_PROCESSES]
    if os.geteuid() == 0:
        ways.insert(0, NEW_MOUNTS | NEW_PROCESSES)
    reasons = [try_namespaces(flags) for flags in ways]
    return "" if "" in reasons else reasons[-1]


def try_namespaces(flags: int) -> str:
    """Open namespaces in a process forked for it; returns what went wrong."""
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
    except (ImportError, OSError):
        return "this Python has no ctypes"
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = "it cannot be tried"
        try:
            said = ""
            if library.unshare(flags):
                said = "unshare: " + os.strerror(ctypes.get_errno())
            elif library.mount(b"none", b"/", b"", ctypes.c_ulong(WHOLE_TREE_PRIVATE), None):
                said = "mount: " + os.strerror(ctypes.get_errno())
        finally:
            os.write(write_end, said.encode())
            os._exit(0)
    os.close(write_end)
    with open(read_end, "rb", buffering=0) as source:
        told = source.read(400).decode("utf-8", "replace")
    os.waitpid(pid, 0)
    return told


def check_namespaces() -> tuple[str, bool, str]:
    """Say by which means a session of the `bai` commands has its `/home/work` here."""
    reason = why_no_namespaces()
    if not reason:
        return ("namespaces", True, "there: /home/work of bai sessions is really that path")
    if find_program("bwrap") and os.geteuid() != 0:
        return ("namespaces", True, "by bubblewrap (%s), for /home/work of bai sessions" % reason)
    told = "none (%s): /home/work of bai sessions is mapped to their directory" % reason
    return ("namespaces", True, told)


def check_privilege() -> tuple[str, bool, str]:
    """Say as whom the programs of `bai` sessions run here."""
    whom = "this user"
    if os.geteuid() == 0:
        whom = "a user without rights, not as root"
    return ("privilege", True, "bai sessions run as " + whom)
