"""Running a command in a tmux session of its node, as `config: {tmux: true}` asks.

The run is then a small shell script that opens a window for the command, hands what appears there
to its own output, waits, and ends with the command's exit code: log, exit code, cancelling and
limits are those of any run. The tmux server is the run's own (`tmux -L outrig-<session>-<run>`): it
descends from the run, and ends with it, so that two runs do not depend on each other.
"""

from __future__ import annotations

import shlex

_SCRIPT = r"""
if ! command -v tmux >/dev/null 2>&1; then
  echo 'outrig: tmux is not on this node: the command runs without it' >&2
  exec sh -c {command}
fi
t="tmux -L {socket}"
d=$(mktemp -d) || exit 125
printf %s {command} > "$d/command"
cat > "$d/window" <<'END'
trap 'tmux wait-for -S done-{run}' EXIT
trap 'exit 129' HUP TERM
tmux wait-for start-{run}
if command -v bash >/dev/null 2>&1; then bash "$1/command"; else sh "$1/command"; fi
echo $? > "$1/code"
END
trap '$t kill-pane -t "$p" 2>/dev/null; rm -rf "$d"' EXIT
trap 'exit 143' TERM INT HUP
w="exec sh '$d/window' '$d'"
p=$($t new-session -d -P -F '#{{pane_id}}' -s {name} -x 200 -y 50 -c "$PWD" "$w") || exit 125
$t pipe-pane -t "$p" "cat >> /proc/$$/fd/1"
$t wait-for -S start-{run}
$t wait-for done-{run} &
wait $!
[ -s "$d/code" ] || exit 129
exit "$(cat "$d/code")"
"""


_ATTACH = r"""
if ! command -v tmux >/dev/null 2>&1; then
  echo 'outrig: tmux is not on this node' >&2
  exit 127
fi
for s in $(cd "${{TMUX_TMPDIR:-/tmp}}/tmux-$(id -u)" 2>/dev/null && ls -t | grep '^{socket}-'); do
  if tmux -L "$s" has-session 2>/dev/null; then
    exec tmux -L "$s" attach-session
  fi
done
exec tmux -L {socket} new-session -A -s {name}
"""


def socket_name(session_id: str) -> str:
    """Return how the names of a session's tmux servers (`tmux -L`) begin."""
    return f"outrig-{session_id}"


def tmux_name(session_name: str) -> str:
    """Return a session's name as tmux allows it: without `.` and `:`."""
    return session_name.translate({ord("."): "_", ord(":"): "_"}) or "_"


def in_tmux(script: str, *, session_id: str, session_name: str, run_id: str) -> str:
    """Return shell text that runs `script` in a tmux of its own."""
    return _SCRIPT.format(
        command=shlex.quote(script),
        socket=f"{socket_name(session_id)}-{run_id}",
        name=shlex.quote(tmux_name(session_name)),
        run=run_id,
    )


def attach_words(session_id: str, session_name: str) -> tuple[str, ...]:
    """Return the program that shows the tmux of the session's newest run that is in one.

    Where none is, it is an empty one, made when it is not there.
    """
    name = shlex.quote(tmux_name(session_name))
    return ("sh", "-c", _ATTACH.format(socket=socket_name(session_id), name=name))
