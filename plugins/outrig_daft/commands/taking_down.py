"""What `daft down`, `daft kill` and `daft stop` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from outrig.api import Command, SessionState, TerminalObserver, interruptible
from outrig.errors import NotFoundError, RemoteError
from outrig_daft.clusters import running
from outrig_daft.commands.words import CLUSTER, CONFIG, named
from outrig_daft.ending import goes_on_alone, request_end
from outrig_daft.inventory import list_nodes, take_down_found
from outrig_ray.api import take_down

if TYPE_CHECKING:
    from outrig_daft.clusters import Wanted


class TakesDown(Command):
    """Takes a cluster down, or with `keeps` only stops its machines."""

    arguments = (CLUSTER,)
    options = (CONFIG,)
    keeps: ClassVar[bool] = False

    def handle(self) -> int:
        """Take down what was named."""
        which = named(self)
        observer = TerminalObserver(self)
        self.outrig.watch(observer)
        with interruptible(self.outrig):
            try:
                cluster = running(self.outrig, which)
            except NotFoundError:
                if not self._others(which):
                    raise
            else:
                if not self.keeps and goes_on_alone(self.outrig, cluster.session):
                    ended = request_end(self.outrig, cluster.session)
                else:
                    ended = take_down(self.outrig, cluster, keep=self.keeps)
                self.note(f"{cluster.name} is {ended.state.value}")
                if ended.state is SessionState.SUSPENDED:
                    self.note(f"  its disks are kept (and cost): outrig daft kill {cluster.name}")
        observer.finish()
        self.note("Successfully spun the cluster down.")
        return 0

    def _others(self, which: Wanted) -> bool:
        """Take down a cluster that `ray up` or daft-launcher made, if there is one."""
        file = which.file
        regions = (file.region,) if file is not None and file.provider == "aws" else ()
        providers = (file.provider,) if file is not None else ()
        found = list_nodes(self.outrig, regions, everywhere=False, providers=providers)
        nodes = [one for one in found.nodes if one.cluster == which.name]
        there = [one for one in nodes if one.state not in ("terminated", "shutting-down")]
        for report in take_down_found(self.outrig, there, keep=self.keeps):
            for ref, why in report.failed:
                raise RemoteError(f"{ref.id} could not be released: {why}")
        for one in there:
            self.note(f"{one.id} ({one.role}): {'stopped' if self.keeps else 'terminated'}")
        return bool(there)
