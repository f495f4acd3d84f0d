"""`outrig snapshot create`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.amounts import counted, size
from outrig.cli.any_style import snapshot_label
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.running import TerminalObserver, interruptible
from outrig.cli.snapshot_listing import STORE_OPTION, engine_with_store

if TYPE_CHECKING:
    from outrig.model.project import Project
    from outrig.model.snapshot import LeftOut, StoredSnapshot
    from outrig.snapshot.scan import Preview

_SHOWN = 20


class SnapshotCreate(Command):
    """Make a snapshot of the project."""

    summary = "Make a snapshot of the project's files"
    details = (
        "Everything below the project's directory is taken except for .git, .outrig and what "
        ".gitignore and .outrigignore leave out; the project's output_files are taken always, "
        "from outside as well. Only what the store does not have yet is written. The name is "
        "printed on standard output."
    )
    examples = (
        ("outrig snapshot create --name before-tuning", "keep the project as it is now"),
        ("outrig snapshot create --dry-run", "show what would be in it, and make nothing"),
        ("outrig snapshot create --store s3://bucket/prefix", "keep it there"),
    )
    options = (
        option("name", "n", "the snapshot's name (default: a UUID)", value="NAME"),
        option("description", "d", "what to remember about it", value="TEXT"),
        option("all-files", "a", "take everything but .outrig, whatever the ignore rules say"),
        option("dry-run", None, "list what would be in it, and make nothing"),
        STORE_OPTION,
    )

    def handle(self) -> int:
        """Make the snapshot and print its name."""
        outrig = engine_with_store(self)
        project = outrig.project()
        if self.flag("dry-run"):
            self._preview(outrig.snapshots.preview(project, all_files=self.flag("all-files")))
            return 0
        observer = TerminalObserver(self)
        outrig.watch(observer)
        with interruptible(outrig):
            try:
                stored = self._create(project)
            finally:
                observer.finish()
        info = stored.info
        if self.route_style == "any":
            self.line(snapshot_label(info.name, info.created_at))
        else:
            self.line(info.name)
        self._tell(stored)
        return 0

    def _create(self, project: Project) -> StoredSnapshot:
        return self.outrig.snapshots.create(
            project,
            self.outrig.project_id(project),
            name=self.text("name"),
            description=self.text("description") or "",
            all_files=self.flag("all-files"),
        )

    def _tell(self, stored: StoredSnapshot) -> None:
        info = stored.info
        ignored = f"; {stored.ignored} left out by the ignore rules" if stored.ignored else ""
        self.note(
            f"{counted(info.file_count, 'file')}, {size(info.size_bytes)}"
            f" ({size(stored.written_bytes)} written){ignored}"
        )
        self._left_out(stored.left_out)
        if info.missing_outputs:
            self.note(f"missing output files: {', '.join(info.missing_outputs)}")

    def _left_out(self, left_out: tuple[LeftOut, ...]) -> None:
        for one in left_out[:_SHOWN]:
            self.warn(f"not in the snapshot: {one.path} ({one.reason})")
        if len(left_out) > _SHOWN:
            self.warn(f"not in the snapshot: {len(left_out) - _SHOWN} more")

    def _preview(self, preview: Preview) -> None:
        for title, output in (("Input files:", False), ("Output files:", True)):
            self.line(title)
            for one in preview.files:
                if one.output is output:
                    self.line(f"  {one.path}")
        if preview.missing_outputs:
            self.line("Missing output files:")
            for path in preview.missing_outputs:
                self.line(f"  {path}")
        self.note(
            f"{counted(preview.file_count, 'file')}, {size(preview.size_bytes)};"
            f" {preview.ignored} left out by the ignore rules"
        )
        self._left_out(preview.left_out)
        for each in preview.unreadable:
            self.warn(f"cannot be read: {each.path} ({each.reason})")
