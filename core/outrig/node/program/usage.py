"""What a run uses while it goes on, as far as /proc tells."""

from __future__ import annotations

import json
import os
import sys

from outrig.node.program.place import read_whole, write_file
from outrig.node.program.proc import descendants, start_time, stat_fields
from outrig.node.program.record import number, read_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    import resource


def live_usage(directory: str) -> dict[str, object] | None:
    """Return CPU seconds, resident MiB and their peak; `None` where they are not known."""
    started = read_fields(directory + "/started") or {}
    pid = int(number(started.get("pid")) or 0)
    if not pid or start_time(pid) != started.get("start"):
        return None
    cpu_ticks, pages, peak_kib = 0, 0, 0
    for one in [pid, *descendants(pid)]:
        fields = stat_fields(one)
        if fields:
            cpu_ticks += sum(int(field) for field in fields[11:15])
            pages += int(fields[21])
            peak_kib += resident_peak_kib(one)
    memory_mib = pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
    return {
        "cpu_s": cpu_ticks / os.sysconf("SC_CLK_TCK"),
        "memory_mib": memory_mib,
        "peak_memory_mib": max(memory_mib, peak_kib / 1024),
    }


def write_usage(directory: str, usage: resource.struct_rusage) -> None:
    """Note what a run used, as the kernel tells whoever reaps it; a full disk is no matter."""
    peak_mib = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    fields = {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_memory_mib": peak_mib}
    try:
        write_file(directory + "/usage", json.dumps(fields).encode("ascii"), os.O_TRUNC)
    except OSError:
        pass  # the disk is full, or the session was ended


def resident_peak_kib(pid: int) -> int:
    """Return the most memory that a process ever held, 0 where it is not known."""
    try:
        status = read_whole("/proc/%d/status" % pid) or b""
    except OSError:
        return 0  # it ended meanwhile
    words = status.partition(b"VmHWM:")[2].split(None, 1)
    return int(words[0]) if words else 0
