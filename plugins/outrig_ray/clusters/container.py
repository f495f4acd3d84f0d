"""Shell text for nodes where commands of a cluster file run in a container.

The container carries the session's id as a label: one of the same name that is somebody else's is
left alone, and `ray down` removes only this cluster's.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.api import ClusterContainer

LABEL = "outrig-session"
DONE = "/tmp/.outrig-done"  # noqa: S108 - in a container, which is nobody else's
_HEADER = r"""engine={engine} name={name} image={image} session={session}
command -v $engine >/dev/null || {{ echo "$engine is not on this node" >&2; exit 127; }}
ours() {{
  $engine inspect --type container \
    --format '{{{{index .Config.Labels "{label}"}}}}' $name 2>/dev/null
}}
"""
_START = r"""is=$($engine inspect --type container \
  --format '{{index .Config.Labels "outrig-image"}} {{.State.Running}}' $name 2>/dev/null)
if [ "$is" = "$image true" ] && [ "$(ours)" = "$session" ]; then exit 0; fi
if [ -n "$is" ] && [ "$(ours)" != "$session" ]; then
  echo "a container called $name is there already, and is not this cluster's" >&2; exit 125
fi
"""
_MAKE = r"""$engine rm -f $name >/dev/null 2>&1
set -- -d --name $name --label {label}=$session --label outrig-image=$image --net=host
set -- "$@" -e LC_ALL=C.UTF-8 -e LANG=C.UTF-8 {extra}
$engine run "$@" {options} --entrypoint sh $image -c 'while :; do sleep 3600; done' || exit 1
"""
_SHM = r"""set -- "$@" --shm-size=$(awk '/MemTotal/ {print int($2 * 0.3)}' /proc/meminfo)k"""
_NVIDIA = r"""if $engine info 2>/dev/null | grep -q nvidia; then set -- "$@" --runtime=nvidia; fi"""
_COPY = r"""where=$($engine exec $name sh -c 'printf %s "$HOME"')
case {remote} in '~/'*) target=$where/{below} ;; *) target={remote} ;; esac
$engine exec -u 0 $name mkdir -p "{made}" && $engine cp "$work"/{source} "$name:$target" &&
$engine exec -u 0 $name chown -R "$($engine exec $name id -u)" "$target"
"""
_PUT = r"""where=$($engine exec $name sh -c 'printf %s "$HOME"')
case {remote} in '~'|'~/'*) target=$where/{below} ;; *) target={remote} ;; esac
file={name}
{copy}"""
_PUT_DIRECTORY = r"""$engine exec -u 0 $name mkdir -p "$target" &&
$engine cp "$aside/." "$name:$target" &&
$engine exec -u 0 $name chown -R "$($engine exec $name id -u)" "$target"
"""
_PUT_FILE = r"""case $target in */) $engine exec -u 0 $name mkdir -p "$target" ;; esac
if $engine exec $name sh -c '[ -d "$0" ]' "$target"; then target=${target%/}/$file; fi
$engine exec -u 0 $name mkdir -p "$(dirname "$target")" &&
$engine cp "$aside/$file" "$name:$target" &&
$engine exec -u 0 $name chown "$($engine exec $name id -u)" "$target"
"""
_GET = r"""where=$($engine exec $name sh -c 'printf %s "$HOME"')
case {remote} in '~'|'~/'*) source=$where/{below} ;; *) source={remote} ;; esac
mkdir -p "{aside}" && $engine cp "$name:${{source%/}}" "{aside}"/
"""
_WATCH = r"""trap '$engine restart -t 2 $name >/dev/null 2>&1; exit 143' TERM INT HUP
alive() {
  $engine exec $name sh -c 'for one in /proc/[0-9]*; do
    read -r is < $one/comm && [ "$is" = raylet ] && exit 0; done 2>/dev/null; exit 1'
}
for turn in 1 2 3 4; do alive && break; sleep 1; done
mark started
alive || mark unwatched
while [ "$(ours)" = "$session" ] && alive; do sleep 2 & wait $!; done
mark ended
exit 1
"""


def header(container: ClusterContainer, session: str) -> str:
    """Return what every script about a container begins with."""
    return _HEADER.format(
        engine=shlex.quote(container.engine),
        name=shlex.quote(container.name),
        image=shlex.quote(container.image),
        session=shlex.quote(session),
        label=LABEL,
    )


def start_script(container: ClusterContainer, session: str) -> str:
    """Return what makes the container, unless it runs already."""
    pull = "$engine pull $image || exit 1\n" if container.pulls else ""
    extra = [_SHM] if container.finds_shm else []
    extra += [_NVIDIA] if container.finds_runtime else []
    make = _MAKE.format(
        label=LABEL,
        extra="\n" + "\n".join(extra),
        options=" ".join(container.options),
    )
    return header(container, session) + _START + pull + make


def inside(container: ClusterContainer, text: str) -> str:
    """Return shell text that runs shell text in the container."""
    words = [container.engine, "exec", "-i", container.name, "bash", "-c", text]
    return shlex.join(words)


def is_done(container: ClusterContainer, digest: str) -> str:
    """Return shell text that succeeds where a step was done in this very container."""
    return inside(container, f"[ -e {DONE}/{digest} ]")


def note_done(container: ClusterContainer, digest: str) -> str:
    """Return shell text that notes in the container that a step was done there."""
    return inside(container, f"mkdir -p {DONE} && : > {DONE}/{digest}")


def copy_script(
    container: ClusterContainer, session: str, remote: str, source: str, *, directory: bool
) -> str:
    """Return what copies a mount from the session's directory into the container."""
    made = "$target" if directory else '$(dirname "$target")'
    return header(container, session) + _COPY.format(
        remote=shlex.quote(remote),
        below=shlex.quote(remote.removeprefix("~/")),
        source=shlex.quote(source) + ("/." if directory else ""),
        made=made,
    )


def put_script(container: ClusterContainer, session: str, target: str, kind: str) -> str:
    """Return what moves `$aside`, a directory on the node, to its place in the container.

    `kind` is the name of the only file in it, or empty where a directory's content is meant.
    """
    remote = target or "~/"
    below = remote.removeprefix("~").removeprefix("/")
    return header(container, session) + _PUT.format(
        remote=shlex.quote(remote),
        below=shlex.quote(below),
        name=shlex.quote(kind),
        copy=_PUT_FILE if kind else _PUT_DIRECTORY,
    )


def get_script(container: ClusterContainer, session: str, source: str, aside: str) -> str:
    """Return what puts a copy of something in the container into a directory on the node."""
    below = source.removeprefix("~").removeprefix("/")
    return header(container, session) + _GET.format(
        remote=shlex.quote(source), below=shlex.quote(below), aside=aside
    )


def watch_script(container: ClusterContainer, session: str) -> str:
    """Return what goes on as long as Ray runs in the container, and ends it there when ended."""
    return header(container, session) + _WATCH


def remove_script(container: ClusterContainer, session: str) -> str:
    """Return what removes this cluster's container."""
    return header(container, session) + '[ "$(ours)" != "$session" ] || $engine rm -f $name'
