"""The call `sync`: a work directory becomes equal to a snapshot."""

from __future__ import annotations

import gc

from outrig.node.program.apply import Applying, distinct_chunks
from outrig.node.program.call import SessionLock
from outrig.node.program.kept import take_over
from outrig.node.program.lifetime import touch
from outrig.node.program.linked import fetch_linked
from outrig.node.program.manifest import Applied, parse_manifest
from outrig.node.program.place import Refused
from outrig.node.program.runs import make_session
from outrig.node.program.stock import Stock
from outrig.node.program.tree import Tree
from outrig.node.program.zstd import found_zstd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.call import Call
    from outrig.node.program.place import Root


def handle_sync(root: Root, call: Call) -> dict[str, object]:
    """Sync without the garbage collector: all of the many records are in use, to the end."""
    gc.disable()
    try:
        return sync_session(root, call)
    finally:
        gc.enable()


def sync_session(root: Root, call: Call) -> dict[str, object]:
    """One round trip when nothing changed; else the manifest, if new, and the missing chunks."""
    session = make_session(root, call.text("session"))
    directory = root.session(session)
    digest, clean = call.text("digest"), bool(call.fields.get("clean"))
    touch(root, session)
    with SessionLock(directory + "/lock", call):
        take_over(root, session, digest, {})
        applied = Applied(directory)
        applied.read()
        if applied.digest == digest and not clean and is_untouched(directory, applied):
            return {"skipped": True, "written": 0, "removed": 0}
        manifest = applied.manifest
        if applied.digest != digest or call.fields.get("sent"):
            manifest = receive_manifest(call, int(call.number("size")))
        items = parse_manifest(manifest)
        if take_over(root, session, digest, distinct_chunks(items)):
            applied.read()
        wanted = {item.path: item for item in items}
        applied.load(wanted)
        applying = Applying(directory, applied, items, wanted)
        try:
            return apply_manifest(root, call, applying, manifest, clean)
        finally:
            applying.close()


def is_untouched(directory: str, applied: Applied) -> bool:
    tree = Tree(directory + "/work")
    try:
        return applied.untouched(tree)
    finally:
        tree.close()


def receive_manifest(call: Call, size: int) -> bytes:
    if not call.fields.get("sent"):
        call.send_fields({"want": "manifest"})
    parts: list[bytes] = []
    total = 0
    for data in call.receive():
        parts.append(data)
        total += len(data)
        if total >= size:
            return b"".join(parts)
    raise Refused("the manifest did not come whole")


def apply_manifest(
    root: Root, call: Call, applying: Applying, manifest: bytes, clean: bool
) -> dict[str, object]:
    stock = Stock(root, call, applying)
    applying.compare()
    applying.find_missing()
    own, parts = stock.own(), stock.parts()
    # first, as the disk may be full of what is wanted no more
    applying.remove_stale(clean, frozenset(item.path for item in own if applying.has_room(item)))
    applying.applied.begin(manifest)
    applying.make_rest()
    stock.take_parts(parts)
    stock.take_own(own)
    if own:
        applying.remove_stale(clean)
    stock.take_others(call.text("session"))
    fetched = fetch_linked(call, applying)
    receive_chunks(call, applying)
    applying.finish()
    applying.write_notes()
    applying.applied.finish(call.text("digest"), manifest, applying.items)
    changed = bool(applying.stale or applying.removed)
    return {
        "skipped": not changed,
        "written": applying.written,
        "removed": applying.removed,
        "fetched_bytes": fetched,
    }


def receive_chunks(call: Call, applying: Applying) -> None:
    """Ask for the chunks that are not on this node, and put them where they belong."""
    if applying.places:
        missing, zstd = sorted(applying.places), found_zstd() is not None
        call.send_fields({"want": "chunks", "chunks": missing, "zstd": zstd})
        for pack in call.receive():
            applying.take(pack)
