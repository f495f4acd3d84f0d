"""Files of the head that workers get a copy of: `cluster_synced_files`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from outrig.api import NewRun, RunStatus, Stream, WithFiles
from outrig.errors import PluginError, RemoteError
from outrig_ray.clusters.script import STATE
from outrig_ray.clusters.transfer import HOME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import Node, Outrig, Run, Session

PASS = "ray-pass"  # noqa: S105 - it is a command's name
_ASIDE = f"{STATE}/pass"
_DONE = f"{STATE}/passed"
_MOST_TEXT = 65536
_PACK = r"""rm -rf {aside} {aside}.tar && mkdir -p {aside} || exit 1
work=$PWD; number=0
for one in {paths}; do
  number=$((number + 1)); source=$(home "$one"); place=$work/{aside}/$number
  if [ -d "$source" ]; then mkdir -p "$place/all" && cp -a "$source"/. "$place/all"/ || exit 1
  elif [ -e "$source" ]; then mkdir -p "$place" && cp -a "$source" "$place/one" || exit 1
  else echo "there is no $one on the head (yet)" >&2; fi
done
tar --sort=name -cf {aside}.tar -C {aside} . || exit 1
digest=$(tar --sort=name --mtime=@0 -cf - -C {aside} . | cksum) && rm -rf {aside} || exit 1
set -- $digest {nodes}
[ "$(cat {done} 2>/dev/null)" = "$*" ] || printf '%s' "$*"
"""
_UNPACK = r"""work=$PWD; number=0
mkdir -p {aside} && tar -xf {aside}.tar -C {aside} || exit 1
for one in {paths}; do
  number=$((number + 1)); target=$(home "$one"); place=$work/{aside}/$number
  if [ -d "$place/all" ]; then mkdir -p "$target" && cp -a "$place/all"/. "$target"/ || exit 1
  elif [ -e "$place/one" ]; then
    mkdir -p "$(dirname "$target")" && cp -a "$place/one" "$target" || exit 1
  fi
done
rm -rf {aside} {aside}.tar
"""


def pass_on(outrig: Outrig, session: Session, synced: Sequence[str]) -> bool:
    """Copy files from the head to the same places of all workers; tells whether any was new.

    A path that is not there is left out. Raises `RemoteError`, `Interrupted`.
    """
    head, *workers = session.nodes
    provider = outrig.runtime.provider(session)
    if not synced or not workers:
        return False
    if not isinstance(provider, WithFiles):
        raise PluginError(f'provider "{session.provider}" gives no access to files')
    words = {"aside": _ASIDE, "paths": shlex.join(synced), "done": _DONE}
    nodes = shlex.join(one.id for one in workers)
    (packed,) = _run(outrig, session, HOME + _PACK.format(nodes=nodes, **words), head)
    digest = _said(outrig, session, packed, Stream.OUT)
    if not digest:
        return False
    for one in workers:
        outrig.cancel.check()
        content = provider.read_file(session.id, head, f"{_ASIDE}.tar")
        provider.write_file(session.id, one, f"{_ASIDE}.tar", content, executable=False)
    _run(outrig, session, HOME + _UNPACK.format(**words), *workers)
    note = f"printf '%s' {shlex.quote(digest)} > {_DONE}; rm -f {_ASIDE}.tar"
    _run(outrig, session, note, head)
    return True


def _run(outrig: Outrig, session: Session, script: str, *nodes: Node) -> list[Run]:
    wanted = [NewRun(script=script, command=PASS, on=one.id) for one in nodes]
    runs = outrig.wait(session, outrig.execute(session, wanted))
    for one in runs:
        if one.state.status is not RunStatus.SUCCEEDED:
            place = one.ref.node.id if one.ref is not None else session.name
            said = _said(outrig, session, one, Stream.ERR).strip() or one.state.reason or ""
            raise RemoteError(f"{place}: cluster_synced_files were not copied: {said}")
    return runs


def _said(outrig: Outrig, session: Session, run: Run, stream: Stream) -> str:
    if run.ref is None:
        return ""
    control = outrig.runtime.executor(session)
    return control.read_log(run.ref, stream, 0, _MOST_TEXT).data.decode(errors="replace")
