"""Control groups: where they can be made, of both versions, and what their files say."""

from __future__ import annotations

import os

from outrig.node.program.place import read_whole, write_file


def counted(text: str, name: str) -> int:
    """Return the number behind `name` in a control file's lines."""
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == name and words[1].isdigit():
            return int(words[1])
    return 0


def group_name(ident: str) -> str:
    """Return what the control group of a run, or of a session's shared limits, is called."""
    return "outrig-" + ident


def remove_group(session: str) -> None:
    """Remove the control group of a session that has ended; one that is not there is fine."""
    for base in {*bases_v2().values(), *bases_v1().values()}:
        try:
            os.rmdir("%s/%s" % (base, group_name(session)))
        except OSError:
            pass


def own_groups() -> dict[str, str]:
    """Return this process's group in each hierarchy, by controller; v2's is under ``."""
    groups = {}
    for line in (read_whole("/proc/self/cgroup") or b"").decode("utf-8", "replace").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = path
    return groups


def mounts(kind: str) -> list[tuple[str, str]]:
    """Return the mount points of a kind of file system, with their options."""
    lines = (read_whole("/proc/self/mounts") or b"").decode("utf-8", "replace").splitlines()
    fields = [line.split(" ") for line in lines]
    return [(one[1], one[3]) for one in fields if len(one) > 3 and one[2] == kind]


def group_directory(mount: str, group: str) -> str:
    own = mount + group.rstrip("/")
    return own if os.path.isdir(own) else mount


def bases_v2() -> dict[str, str]:
    """Return where groups with both controllers can be made in the unified hierarchy."""
    group = own_groups().get("")
    for mount, _ in mounts("cgroup2"):
        base = group_directory(mount, group or "")
        control = base + "/cgroup.subtree_control"
        try:
            if {"memory", "cpu"} - set(
                (read_whole(base + "/cgroup.controllers") or b"").decode().split()
            ):
                continue
            write_file(control, b"+memory +cpu", 0)
        except OSError:
            continue
        return {"memory": base, "cpu": base}
    return {}


def bases_v1() -> dict[str, str]:
    """Return the directories, by controller, below which groups of cgroup v1 can be made."""
    own, found = own_groups(), {}
    for mount, options in mounts("cgroup"):
        for kind in {"memory", "cpu"} & set(options.split(",")):
            base = group_directory(mount, own.get(kind, ""))
            if os.access(base, os.W_OK):
                found[kind] = base
    return found if len(found) == 2 else {}
