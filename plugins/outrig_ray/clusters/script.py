"""The shell text that runs on nodes.

A command of a cluster file runs as Ray runs it: in an interactive login shell of bash, in the home
directory, so that what `.bashrc` sets up (conda, PATH) is there. What such a shell says about the
missing terminal is dropped.

Lines that begin with the character RS (octal 036) are for us, all others are the commands' output.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from outrig_ray.clusters.container import inside, watch_script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outrig.api import ClusterContainer
    from outrig_ray.clusters.steps import Step

MARK = "\x1e"
STATE = ".ray"
"""The directory below a session's work directory where a node keeps what it has done."""
DONE = f"{STATE}/done"
PID = f"{STATE}/set-up.pid"
_LOGIN = (
    "trap 'exit 143' TERM; cd ~; [ ! -f ~/.bashrc ] || . ~/.bashrc; exec 2>&3 3>&-; {exports}\n"
    "(\n{command}\n)"
)
_PLAIN = "cd ~; {exports}\n(\n{command}\n)"
_RAY = r"""ray() {
  if [ "${1-}" = stop ]; then return 0; fi
  local words=() word next=
  for word in "$@"; do
    case "$next$word" in
      --autoscaling-config) next=- ;;
      --autoscaling-config=*) ;;
      -*) [ -z "$next" ] && words+=("$word") || { next=; } ;;
      *) words+=("$word") ;;
    esac
  done
  case " ${words[*]} " in *" --head "*) words+=(${OUTRIG_RAY_SCALING-}) ;; esac
  command ray "${words[@]}"
}
"""
"""`ray stop` would end every Ray of the machine, and ours is stopped before. There is a file for an
autoscaler only where `scaling` says so."""
_SET_UP = r"""exec 2>&1
work=$PWD
mkdir -p {state}
mark() {{ printf '\n\036%s\n' "$*"; }}
home() {{ case $1 in '~/'*) printf '%s/%s' "$HOME" "${{1#'~/'}}";; *) printf %s "$1";; esac; }}
"""
_STEP = r"""mark {mark} {number}
( {script}
)
code=$?
if [ $code -ne 0 ]; then mark failed {number} $code; exit $code; fi
{note} || {{ mark failed {number} 1; exit 1; }}
mark done {number}
"""
_NOTE = "printf '%s\\n' {digest} >> \"$work/{done}\""
_AFTER = r"""until grep -qsxF {digest} "$work/{done}"; do
  if ! kill -0 "$(cat "$work/{pid}")" 2>/dev/null && ! grep -qsxF {digest} "$work/{done}"; then
    echo "set-up has failed on this node"; exit 1
  fi
  sleep 1
done
"""
_MOUNT = r"""target=$(home {remote})
mkdir -p "$(dirname "$target")" && {copy}"""
_FIND = r"""find_ray() {
  for one in /proc/[0-9]*; do
    read -r name < $one/comm || continue
    case $name in raylet|gcs_server) ;; *) continue ;; esac
    tr '\0' '\n' < $one/environ | grep -qx "OUTRIG_RUN=$OUTRIG_RUN" || continue
    printf '%s ' "${one#/proc/}"
  done 2>/dev/null
}
"""
_WATCH = r"""for turn in 1 2 3 4; do
  pids=$(find_ray)
  [ -z "$pids" ] || break
  sleep 1
done
mark started
if [ -z "$pids" ]; then
  mark unwatched
  while :; do sleep 3600; done
fi
while :; do
  for one in $pids; do kill -0 "$one" 2>/dev/null || { mark ended; exit 1; }; done
  sleep 1
done
"""
_CLEAR = r"""clear_away() {{
  for turn in 1 2; do [ -n "$(find_ray)" ] || break; sleep 1; done
  pids=$(find_ray); [ -z "$pids" ] || kill -9 $pids
  rm -rf {temporary} 2>/dev/null || {{ sleep 0.5; rm -rf {temporary}; }}
  exit 143
}}
trap clear_away TERM
"""
"""What Ray has written goes with it, when it is ended; where it dies it stays to be looked at."""


def login_shell(
    command: str,
    variables: Mapping[str, str] | None = None,
    *,
    plain: bool = False,
    prelude: str = "",
) -> str:
    """Return shell text that runs a command in bash, by default an interactive login shell."""
    values = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", **(variables or {})}
    exports = "export " + " ".join(f"{name}={shlex.quote(one)}" for name, one in values.items())
    text = f"{exports}\n{prelude}" if prelude else exports
    if plain:
        inner = _PLAIN.format(exports=text, command=command)
        return f"bash -c {shlex.quote(inner)}"
    inner = _LOGIN.format(exports=text, command=command)
    return f"bash --login -i -c {shlex.quote(inner)} 3>&2 2>/dev/null"


def needs_bash(script: str) -> str:
    """Return shell text that says so where there is no bash, as the shell alone would not."""
    test = "command -v bash >/dev/null || { echo 'bash is not on this node' >&2; exit 127; }"
    return f"{test}\n{script}"


def mount_script(remote: str, source: str, *, directory: bool) -> str:
    """Return what copies a mount from the session's work directory to its place."""
    inside = shlex.quote(source)
    if directory:
        copy = f'mkdir -p "$target" && cp -a "$work"/{inside}/. "$target"/'
    else:
        copy = f'cp -a "$work"/{inside} "$target"'
    return _MOUNT.format(remote=shlex.quote(remote), copy=copy)


def set_up_script(steps: Sequence[tuple[int, Step]]) -> str:
    """Return what runs steps one after the other; each that succeeded is noted on the node."""
    text = [needs_bash(_SET_UP.format(state=STATE)), f"echo $$ > {PID}\n"]
    for number, step in steps:
        note = step.note or _NOTE.format(digest=shlex.quote(step.digest), done=DONE)
        mark = "look" if step.always else "begin"
        done = _STEP.format(number=number, mark=mark, script=step.script, note=note)
        text.append(f"if ! {step.check}; then\n{done}fi\n" if step.check else done)
    return "".join(text)


def runtime_script(
    commands: Sequence[str],
    variables: Mapping[str, str],
    *,
    plain: bool,
    after: str | None = None,
    container: ClusterContainer | None = None,
    session: str = "",
    temporary: str | None = None,
) -> str:
    """Return what starts Ray on a node and goes on until it ends there.

    `after` is the digest of the last step of a set-up that goes on there, which is waited for.
    `temporary` is Ray's own directory, where it has one, which goes with it.
    """
    text = [needs_bash(_SET_UP.format(state=STATE))]
    if after is not None:
        text.append(_AFTER.format(digest=shlex.quote(after), done=DONE, pid=PID))
    if temporary is not None:
        text.append(_FIND + _CLEAR.format(temporary=shlex.quote(temporary)))
    for number, command in enumerate(commands, 1):
        script = login_shell(command, variables, plain=plain, prelude=_RAY)
        script = script if container is None else inside(container, script)
        text.append(
            f"mark begin {number}\n( {script} )\ncode=$?\n"
            f"if [ $code -ne 0 ]; then mark failed {number} $code; exit $code; fi\n"
        )
    text.append(_FIND + _WATCH if container is None else watch_script(container, session))
    return "".join(text)


def ray_overrides(resources: Mapping[str, float], labels: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which a node's Ray is told what it has."""
    found: dict[str, str] = {}
    if resources:
        whole = {name: int(one) if one == int(one) else one for name, one in resources.items()}
        found["RAY_OVERRIDE_RESOURCES"] = json.dumps(whole)
    if labels:
        found["RAY_OVERRIDE_LABELS"] = json.dumps(dict(labels))
    return found
