"""`outrig snapshot pull`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.copying import copied
from outrig.cli.definition import argument
from outrig.cli.running import TerminalObserver
from outrig.cli.snapshot_listing import SNAPSHOT_ARGUMENT, STORE_OPTION, engine_with_store
from outrig.cli.store_listing import store_names
from outrig.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outrig.model.snapshot import SnapshotInfo
    from outrig.session.library import Library


class SnapshotPull(Command):
    """Copy a snapshot from another store into the usual one."""

    summary = "Copy a snapshot from another store into the usual one"
    details = (
        "The copy has the same id, name and digest, and belongs to the project it is pulled in. A "
        "name is looked for among this project's snapshots first, then among all. Only what is not "
        "here yet is fetched. A pull that was cut short goes on where it was when it is run again."
    )
    examples = (
        ("outrig snapshot pull v1 backup", "from the store called backup"),
        ("outrig snapshot pull v1 s3://bucket/prefix", "from the store at a URL"),
    )
    arguments = (SNAPSHOT_ARGUMENT, argument("from", "the other store: a name or URL"))
    options = (STORE_OPTION,)

    def complete(self, name: str, prefix: str) -> Iterable[str]:
        """Complete the stores' names."""
        return store_names(prefix) if name == "from" else ()

    def handle(self) -> int:
        """Copy, and say what was fetched."""
        here = engine_with_store(self).snapshots
        self.outrig.watch(TerminalObserver(self))
        source = here.at(self.word("from") or "")
        info = self._found(source)
        stored = copied(self, info, source, here, project_id=self.outrig.here())
        self.note(f"pulled {info.name} ({info.id}) from {source.place.label}: {stored}")
        return 0

    def _found(self, source: Library) -> SnapshotInfo:
        name = self.word("snapshot") or ""
        try:
            return source.resolve(self.outrig.here(), name)
        except NotFoundError:
            pass
        try:
            return source.resolve(None, name)
        except NotFoundError as err:
            where = source.place.label
            hint = f"see: outrig snapshot list --all-projects --store {where}"
            raise NotFoundError(f"{err} in {where}", hint=hint) from None
