"""Shims that are free: a batch's next run goes to one of them, which costs less than a fork."""

from __future__ import annotations

import os

from outrig.node.program.proc import read_ready

MOST_KEPT = 128
"""How many shims may take orders; each is a descriptor of the keeper, of which it may have 1,024.

Those beyond follow one run each.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.record import Spec


class Pool:
    """The shims of a keeper, and how it talks with them."""

    def __init__(self) -> None:
        self.reports, self.report_to = os.pipe()
        os.set_blocking(self.reports, False)
        self.orders: dict[int, int] = {}
        self.free: dict[str, list[int]] = {}
        self.rest = b""

    def open_orders(self) -> tuple[int, int]:
        """Return both ends of a pipe for a new shim's orders; -1 if it is not to take any."""
        return os.pipe() if len(self.orders) < MOST_KEPT else (-1, -1)

    def added(self, pid: int, orders: int) -> None:
        """Note a new shim, which is busy, and where it takes orders, -1 if it takes none."""
        self.orders[pid] = orders

    def close(self) -> None:
        """Close what is the keeper's, in a process that was forked from it."""
        os.close(self.reports)
        for orders in self.orders.values():
            close_end(orders)

    def reported(self) -> list[int]:
        """Return the shims that say they have done what they had to do."""
        lines = (self.rest + read_ready(self.reports)).split(b"\n")
        self.rest = lines.pop()
        return [int(line) for line in lines]

    def freed(self, pid: int, batch: str) -> None:
        """Keep a shim for further runs of its batch."""
        if pid in self.orders:
            self.free.setdefault(batch, []).append(pid)

    def order(self, spec: Spec) -> int:
        """Give a run to a free shim of its batch; return its pid, 0 where there is none."""
        free = self.free.get(spec.batch)
        while free:
            pid = free.pop()
            try:
                os.write(self.orders[pid], spec.run.encode("ascii") + b"\n")
            except (KeyError, BrokenPipeError):
                continue  # it was killed
            return pid
        return 0

    def gone(self, pid: int) -> bool:
        """Forget a shim that ended; false for a process that is none."""
        orders = self.orders.pop(pid, None)
        if orders is None:
            return False
        close_end(orders)
        for free in self.free.values():
            if pid in free:
                free.remove(pid)  # another process may get this number
        return True

    def dismiss(self, batch: str) -> None:
        """Let the free shims of a batch go."""
        for pid in self.free.pop(batch, ()):
            try:
                os.write(self.orders[pid], b"\n")
            except (KeyError, BrokenPipeError):
                pass

    def dismiss_all(self) -> None:
        """Let all free shims go."""
        for batch in list(self.free):
            self.dismiss(batch)


def close_end(fd: int) -> None:
    """Close one end of a pipe, if there is one."""
    if fd >= 0:
        os.close(fd)
