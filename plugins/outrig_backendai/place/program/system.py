"""The calls of Linux that namespaces are made of."""

from __future__ import annotations

import os

NEWNS, NEWUTS, NEWIPC = 0x00020000, 0x04000000, 0x08000000
NEWUSER, NEWPID = 0x10000000, 0x20000000
ROOM = NEWNS | NEWUTS | NEWIPC | NEWPID
"""What a session has of its own; the network it shares with its node."""

RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8
REMOUNT, BIND, REC, SLAVE = 32, 4096, 16384, 1 << 19
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
MOUNT_SETATTR = 442
AT_FDCWD, AT_RECURSIVE = -100, 0x8000


class Kernel:
    """The C library; raises `OSError` where there is none to be had (a Python without ctypes)."""

    def __init__(self) -> None:
        try:
            import ctypes

            self.ctypes = ctypes
            self.library = ctypes.CDLL(None, use_errno=True)
            self.names = (self.library.unshare, self.library.setns, self.library.mount)
        except (ImportError, AttributeError):
            raise OSError(38, "this Python cannot call unshare(2)") from None

    def check(self, result: int, what: str) -> None:
        if result != 0:
            number = self.ctypes.get_errno()
            raise OSError(number, os.strerror(number), what)

    def unshare(self, flags: int) -> None:
        self.check(self.library.unshare(flags), "unshare")

    def enter(self, fd: int) -> None:
        """Go into the namespace of this descriptor of `/proc/PID/ns`."""
        self.check(self.library.setns(fd, 0), "setns")

    def mount(self, source: str, target: str, kind: str, flags: int = 0, options: str = "") -> None:
        texts = [os.fsencode(one) for one in (source, target, kind)]
        result = self.library.mount(
            texts[0], texts[1], texts[2], self.ctypes.c_ulong(flags), os.fsencode(options) or None
        )
        self.check(result, target)

    def bind(self, source: str, target: str) -> None:
        """Show a file or directory at another place too, with what is mounted below it."""
        self.mount(source, target, "", BIND | REC)

    def make_read_only(self, target: str) -> None:
        """Keep everything below a mount from being changed; the mount alone on old kernels."""
        if not self.set_flags(target, RDONLY, 0):
            self.mount("none", target, "", BIND | REMOUNT | RDONLY | kept_flags(target))

    def make_writable(self, target: str) -> None:
        """Undo it for a mount that is seen through one that is read only, where it was not."""
        if not self.set_flags(target, 0, RDONLY) and os.statvfs(target).f_flag & RDONLY:
            try:
                self.mount("none", target, "", BIND | REMOUNT | kept_flags(target))
            except OSError:
                pass  # it is read only on the node itself

    def set_flags(self, target: str, wanted: int, unwanted: int) -> bool:
        """Set and clear flags of all mounts at and below a place; false where that cannot be."""
        attributes = (self.ctypes.c_uint64 * 4)(wanted, unwanted, 0, 0)
        done = self.library.syscall(
            self.ctypes.c_long(MOUNT_SETATTR),
            self.ctypes.c_int(AT_FDCWD),
            os.fsencode(target),
            self.ctypes.c_int(AT_RECURSIVE),
            self.ctypes.byref(attributes),
            self.ctypes.c_size_t(32),
        )
        return bool(done == 0)

    def name_host(self, name: str) -> None:
        text = os.fsencode(name)
        self.check(self.library.sethostname(text, len(text)), "sethostname")

    def never_more(self) -> None:
        """Keep this process, and what comes of it, from getting rights by what it runs."""
        self.library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

    def die_with_parent(self) -> None:
        self.library.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)


def kept_flags(target: str) -> int:
    """Return the flags of a mount that may not be taken off it."""
    found = os.statvfs(target).f_flag
    return found & (NOSUID | NODEV | NOEXEC)
