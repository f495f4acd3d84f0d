"""The call `check`: what `doctor` says of a node."""

from __future__ import annotations

import sys

from outrig.node.program.container import find_engine
from outrig.node.program.environment import CONDA_TOOLS, find_tool
from outrig.node.program.limits import Limiter, mechanism
from outrig.node.program.namespaces import check_namespaces, check_privilege
from outrig.node.program.place import find_program, read_whole
from outrig.node.program.proc import become_subreaper
from outrig.node.program.slots import Slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.call import Call
    from outrig.node.program.place import Root


def handle_check(root: Root, _call: Call) -> dict[str, object]:
    found = [
        check_slots(),
        ("python", True, "%d.%d.%d, %s" % (*sys.version_info[:3], sys.executable)),
        check_limits(),
        check_orphans(),
        check_installer(),
        ("conda", True, find_tool(CONDA_TOOLS) or "not there: environment.conda is refused"),
        check_engine(),
        check_namespaces(),
        check_privilege(),
        check_keeper(root),
    ]
    return {"checks": [list(one) for one in found]}


def check_slots() -> tuple[str, bool, str]:
    slots = Slots()
    gpus = ", ".join(one.name for one in slots.devices()) or "no gpu"
    text = "%d cores, %d MiB of memory, %s" % (len(slots.cores), slots.total_memory_mib, gpus)
    return ("slots", True, text)


def check_limits() -> tuple[str, bool, str]:
    name = mechanism()
    return ("limits", name != Limiter.name, name)


def check_orphans() -> tuple[str, bool, str]:
    able = become_subreaper()
    become_subreaper(False)
    if able:
        return ("left processes", True, "ended with their run")
    return ("left processes", False, "may stay: this system, or its Python, has no subreaper")


def check_installer() -> tuple[str, bool, str]:
    uv = find_program("uv")
    return ("requirements", True, "by uv, " + uv if uv else "by venv and pip; uv is faster")


def check_engine() -> tuple[str, bool, str]:
    engine, reason = find_engine()
    return ("containers", True, engine or reason)


def check_keeper(root: Root) -> tuple[str, bool, str]:
    trouble = (read_whole(root.path + "/keeper.err") or b"").decode("utf-8", "replace").split("\n")
    last = [line for line in trouble if line.strip()][-1:]
    return ("keeper", not last, last[0][:200] if last else "no trouble noted")
