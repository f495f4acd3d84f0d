"""Snapshots: scan, manifest, packs, index, restore, diff. Nothing here prints.

What other parts call (each module's docstring says more):

    scan.preview(root, options: ScanOptions, context) -> Preview
    scan.ScanOptions(outputs=(), all_files=False)
    create.create_snapshot(root, project_id, labels: SnapshotLabels, options: ScanOptions,
                           store_snapshot, context) -> StoredSnapshot
        store_snapshot: the hook, called as store_snapshot(source=…, context=…)
    source.TreeReader(root, project_id, labels, options, context) -> SnapshotReader of a directory
    stored.StoredReader(info_or_id, load_snapshot, context) -> SnapshotReader over the hook
    resolve.resolve(name_or_id, project_id, list_snapshots, context) -> Resolved(info, others)
    restore.restore(reader, directory, context, *, overwrite=False, outside_links=False)
        -> RestoreReport(files, directories, links, bytes)
    diff.diff(old: SnapshotReader, new: SnapshotReader, under=None) -> tuple[Change, ...]
    tree.list_entries(reader, path) -> tuple[Entry, ...]      (ls)
    tree.read_file(reader, path) -> Iterator[bytes]           (cat)
    check.check_store(store: ObjectStore, context, *, ids=()) -> CheckReport
    prune.prune_store(store: ObjectStore, context, *, grace_s=86400) -> PruneReport

A store author writes the four methods of `outrig.api.ObjectStore`; the hooks are `writer`,
`loader` and `listing` here.
"""
