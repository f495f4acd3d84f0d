"""The files of sessions on a cluster, which keeps a package only as long as jobs use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import SyncReport
from outrig.errors import NotFoundError
from outrig_ray.engine.cluster import OnCluster
from outrig_ray.engine.held import Shelf
from outrig_ray.engine.package import name_of, pack

if TYPE_CHECKING:
    from outrig.api import Context, SyncRequest
    from outrig_ray.engine.held import Held


class Packages(OnCluster):
    """Gives `sync`."""

    def sync(self, request: SyncRequest, context: Context) -> SyncReport:
        """Give the snapshot to the cluster; its nodes unpack it when a run comes to them."""
        context.check_cancelled()
        data, chunks = pack(request.snapshot)
        shelf, name = Shelf(request.session_id), name_of(data)
        with shelf.change(new=True) as held:
            same = held.package == name and self.jobs.has_package(name)
            shelf.package_file.write_bytes(data)
            held.package = name
            held.generation += 1
            held.clean = request.clean
            sent = 0 if same else self.put_package(shelf, held)
        return SyncReport(
            skipped=same and not request.clean,
            sent_chunks=0 if same else chunks,
            sent_bytes=sent,
        )

    def put_package(self, shelf: Shelf, held: Held) -> int:
        """See that the cluster has a session's package: it drops what no job uses."""
        if self.jobs.has_package(held.package):
            return 0
        try:
            data = shelf.package_file.read_bytes()
        except OSError:
            data = b""
        if name_of(data) != held.package:
            raise NotFoundError(
                f"the files of session {shelf.session_id} are not on the cluster any more",
                hint="put them there again: outrig session sync",
            )
        self.jobs.put_package(held.package, data)
        return len(data)
