"""Clusters of Daft files: which one is meant, how it is brought up, who may log in there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import AuthError, NotFoundError, RemoteError
from outrig_daft.names import DEFAULT_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import ClusterFile, Outrig
    from outrig_daft.files.daft_file import DaftFile  # noqa: TC004 - it takes time to import
    from outrig_ray.api import Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cluster is meant: by its file, or by its name alone."""

    name: str
    file: DaftFile | None = None


def wanted(named: str | None, config: str | None) -> Wanted:
    """Return what a word or `-c FILE` names, else the file `.daft.toml`.

    Raises `ProjectFileError`, `NotFoundError`.
    """
    from outrig_daft.files.daft_file import load_daft_file

    text = config or named
    is_file = text is None or config is not None or text.endswith(".toml") or Path(text).is_file()
    if text is not None and not is_file:
        return Wanted(name=text)
    file = load_daft_file(Path(text or DEFAULT_FILE))
    return Wanted(name=file.name, file=file)


def running(outrig: Outrig, which: Wanted) -> Cluster:
    """Return the cluster; raises `NotFoundError` when it is not there."""
    from outrig_ray.api import find_cluster

    try:
        return find_cluster(outrig, None, which.name)
    except NotFoundError as err:
        words = "outrig daft up" if which.file is not None else "outrig daft list"
        hint = err.hint if err.hint and err.hint.startswith("did you mean") else f"see: {words}"
        raise NotFoundError(f'cluster "{which.name}" is not running', hint=hint) from err


def cluster_file(outrig: Outrig, file: DaftFile) -> ClusterFile:
    """Return what Ray is to be set up from; it is kept as a cluster file of Ray's."""
    from outrig.api import ClusterOverrides, load_cluster_file
    from outrig_daft.files.cluster_document import cluster_document
    from outrig_ray.api import home_of

    home = home_of(outrig, file.name)
    home.mkdir(parents=True, exist_ok=True)
    path = home / "daft.yaml"
    path.write_text(cluster_document(file), encoding="utf-8")
    return load_cluster_file(path, ClusterOverrides(base=file.path.parent))


def keys_for(file: DaftFile, key: str | None) -> list[str]:
    """Return the public keys that are to log in to a cluster; raises `NotFoundError`."""
    from outrig_daft.files.environment import public_key

    given = [Path(key)] if key is not None else []
    return [public_key(one) for one in (*given, *_own_key(file))]


def authorise(outrig: Outrig, cluster: Cluster, keys: Sequence[str]) -> None:
    """Let keys log in to all nodes; this is no step of set-up, so nothing is repeated for it."""
    from outrig.api import NewRun
    from outrig_daft.files.environment import authorise_command

    if not keys:
        return
    script = "\n".join(authorise_command(one) for one in keys)
    wanted = [NewRun(script=script, command="authorise", on=one.id) for one in cluster.nodes]
    for run in outrig.wait(cluster.session, outrig.execute(cluster.session, wanted)):
        if run.state.exit_code != 0:
            raise RemoteError(
                f"{cluster.name}: the key could not be authorised",
                hint=f"why: outrig run logs {run.id}",
            )


def _own_key(file: DaftFile) -> list[Path]:
    """Return the key of the file where nodes are made: those that are there have it."""
    return [file.key] if file.key is not None and file.provider not in ("ssh", "local") else []


def check_key(outrig: Outrig, cluster: Cluster, key: str | None) -> None:
    """Raise `AuthError` when a key may not log in to the head."""
    if key is None:
        return
    from outrig.api import NodeProvider, OnThisComputer, remote_python

    path = Path(key).expanduser()
    if not path.is_file():
        raise NotFoundError(f"there is no key {key}")
    provider = outrig.runtime.provider(cluster.session)
    if not isinstance(provider, NodeProvider) or isinstance(provider, OnThisComputer):
        return
    with_key = replace(provider.endpoint(cluster.head), key_file=str(path.absolute()), keep_s=1.0)
    try:
        remote_python(with_key, "print(1)")
    except AuthError as err:
        raise AuthError(
            f"the key {key} may not log in to {cluster.name}",
            hint="authorise it: outrig daft up -i KEY; or leave -i out: Outrig has its own key",
        ) from err
