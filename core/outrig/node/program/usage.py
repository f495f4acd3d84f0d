"""What a run uses while it goes on, as far as /proc tells."""

from __future__ import annotations

import os

from outrig.node.program.proc import descendants, start_time, stat_fields
from outrig.node.program.record import number, read_fields


def live_usage(directory: str) -> dict[str, object] | None:
    """Return CPU seconds and resident MiB of a run's processes; `None` where it is not known."""
    started = read_fields(directory + "/started") or {}
    pid = int(number(started.get("pid")) or 0)
    if not pid or start_time(pid) != started.get("start"):
        return None
    cpu_ticks, pages = 0, 0
    for one in [pid, *descendants(pid)]:
        fields = stat_fields(one)
        if fields:
            cpu_ticks += sum(int(field) for field in fields[11:15])
            pages += int(fields[21])
    return {
        "cpu_s": cpu_ticks / os.sysconf("SC_CLK_TCK"),
        "peak_memory_mib": pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20),
    }
