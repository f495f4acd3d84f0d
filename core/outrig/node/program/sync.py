"""The call `sync`: a work directory becomes equal to a snapshot."""

from __future__ import annotations

from outrig.node.program.apply import Applying
from outrig.node.program.call import SessionLock
from outrig.node.program.lifetime import touch
from outrig.node.program.manifest import Applied, parse_manifest
from outrig.node.program.place import Refused, remove_tree
from outrig.node.program.runs import make_session
from outrig.node.program.tree import Tree
from outrig.node.program.zstd import found_zstd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.call import Call
    from outrig.node.program.place import Root


def handle_sync(root: Root, call: Call) -> dict[str, object]:
    """One round trip when nothing changed; else the manifest, if new, and the missing chunks."""
    session = make_session(root, call.text("session"))
    directory = root.session(session)
    touch(root, session)
    with SessionLock(directory + "/lock", call):
        applied = Applied(directory)
        applied.read()
        manifest = applied.manifest
        if applied.digest != call.text("digest"):
            manifest = receive_manifest(call, int(call.number("size")))
        elif not call.fields.get("clean") and is_untouched(directory, applied):
            return {"skipped": True, "written": 0, "removed": 0}
        applied.load()
        applying = Applying(directory, applied, parse_manifest(manifest))
        try:
            return apply_manifest(call, applying, manifest)
        finally:
            applying.close()


def is_untouched(directory: str, applied: Applied) -> bool:
    tree = Tree(directory + "/work")
    try:
        return applied.untouched(tree)
    finally:
        tree.close()


def receive_manifest(call: Call, size: int) -> bytes:
    call.send_fields({"want": "manifest"})
    parts: list[bytes] = []
    total = 0
    for data in call.receive():
        parts.append(data)
        total += len(data)
        if total >= size:
            return b"".join(parts)
    raise Refused("the manifest did not come whole")


def apply_manifest(call: Call, applying: Applying, manifest: bytes) -> dict[str, object]:
    digest, clean = call.text("digest"), bool(call.fields.get("clean"))
    applying.compare()
    missing = applying.missing()
    remove_tree(applying.aside)
    applying.remove_stale(clean)  # first, as the disk may be full of what is wanted no more
    applying.applied.begin(manifest)
    applying.make_rest()
    if missing:
        zstd = found_zstd() is not None
        call.send_fields({"want": "chunks", "chunks": missing, "zstd": zstd})
        for pack in call.receive():
            applying.take(pack)
    applying.finish()
    applying.write_notes()
    applying.applied.finish(digest, manifest, applying.items)
    changed = bool(applying.stale or applying.removed)
    return {"skipped": not changed, "written": applying.written, "removed": applying.removed}
