"""Control groups: what enters a session has its limits, however it was started."""

from __future__ import annotations

import os

MARK = "outrig-"


def join_groups(pid: int) -> None:
    """Put this process into the control groups of ours that another one is in."""
    try:
        with open("/proc/%d/cgroup" % pid) as source:
            lines = [line.rstrip("\n").split(":", 2) for line in source]
        with open("/proc/self/mounts") as source:
            mounts = [line.split() for line in source]
    except OSError:
        return
    for _, controllers, path in lines:
        if os.path.basename(path).startswith(MARK):
            for _, place, kind, options, *_ in mounts:
                if is_hierarchy(kind, options, controllers):
                    enter_group(place + path)


def is_hierarchy(kind: str, options: str, controllers: str) -> bool:
    """Whether a mount is the hierarchy of these controllers; none means the unified one."""
    if kind == "cgroup":
        return bool(controllers) and set(controllers.split(",")) <= set(options.split(","))
    return kind == "cgroup2" and not controllers


def enter_group(group: str) -> None:
    try:
        with open(group + "/cgroup.procs", "w") as target:
            target.write(str(os.getpid()))
    except OSError:
        pass  # it is there already, or may not
