"""What is left in a node root of removals that were killed, and of programs of other versions.

Both can go at any time: a removal that goes on meanwhile finds less to do, and a program that is
asked for again is sent again.
"""

from __future__ import annotations

import os
import sys
import time

from outrig.node.program.kept import kept_trees
from outrig.node.program.place import Refused, checked_name, remove_file, remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.call import Call
    from outrig.node.program.place import Root

UNUSED_S = 7 * 86400.0


def programs(root: Root) -> str:
    """Return where programs are kept by digest; the bootstrap puts them there."""
    return os.path.dirname(root.path) + "/program"


def leftovers(root: Root) -> list[str]:
    """Return what can go, as `trash/NAME` and `program/NAME`."""
    found = ["trash/" + name for name in os.listdir(root.path + "/trash")]
    found += ["program/" + name for name in unused_programs(programs(root))]
    return sorted(found)


def unused_programs(directory: str) -> list[str]:
    """Return the programs, besides this one, that nobody has asked for in a week."""
    own, latest = sys.argv[1] + ".", time.time() - UNUSED_S
    found = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                used = max(status.st_atime, status.st_mtime)
                if used < latest and not entry.name.startswith(own):
                    found.append(entry.name)
    except FileNotFoundError:
        pass  # none could be kept, or another client removed one just now
    return found


def handle_remove_leftover(root: Root, call: Call) -> dict[str, object]:
    """Remove one of them, or `kept`: what is kept of ended sessions. One that is gone is fine."""
    if call.text("name") == "kept":
        for tree in kept_trees(root):
            root.discard(tree.directory)
        return {}
    kind, _, name = call.text("name").partition("/")
    checked_name("leftover", name)
    if kind == "trash":
        remove_tree(root.path + "/trash/" + name)
    elif kind == "program":
        remove_file(programs(root) + "/" + name)
    else:
        raise Refused("there is no leftover %r" % kind, "usage")
    return {}
