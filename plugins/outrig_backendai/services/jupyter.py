"""Jupyter in a session: installed and started when it is first asked for, found again later."""

from __future__ import annotations

import contextlib
import hmac
import json
import shlex
from typing import TYPE_CHECKING

from outrig.api import Lock, NewRun, Stream
from outrig.errors import OutrigError, RemoteError
from outrig_backendai.place.limits import limits_of
from outrig_backendai.services.keys import state_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrig.api import Run
    from outrig_backendai.compute.sessions import Compute
    from outrig_backendai.services.door import Door

_DIRECTORY = "~/.services"
_KEEP = (
    f"umask 077; mkdir -p {_DIRECTORY}; rm -f {_DIRECTORY}/jupyter.port; cat > {_DIRECTORY}/jupyter"
)
_PORT = f"cat {_DIRECTORY}/jupyter.port 2>/dev/null || true"
_START = """export JUPYTER_TOKEN="$(cat ~/.services/jupyter)"
found() {
  for one in jupyterlab notebook jupyter_server; do
    python3 -c "import $one, ipykernel" 2>/dev/null && echo $one && return
  done
}
program=$(found)
if [ -z "$program" ]; then
  python3 -m pip install --quiet --no-compile --disable-pip-version-check \\
    ${JUPYTER_REQUIREMENT:-jupyterlab ipykernel} || exit 1
  program=$(found)
fi
port=$(python3 -c '
import socket
with socket.socket() as one:
    one.bind(("127.0.0.1", 0))
    print(one.getsockname()[1])') || exit 1
echo "$port" > ~/.services/jupyter.port
exec python3 -m "${program:-jupyterlab}" --no-browser --ip=127.0.0.1 --port="$port" \\
  --ServerApp.port_retries=0 --ServerApp.allow_remote_access=True \\
  --ServerApp.root_dir="$HOME" """
_COMMAND = "jupyter"
_LOOK_S = 0.3
_MOST_LOG = 64 << 10
_LAST = 3


def start_jupyter(
    compute: Compute,
    door: Door,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    note: Callable[[str], None],
) -> tuple[int, str]:
    """Return the port of the session's Jupyter and its token; starts it unless it runs.

    Raises `RemoteError` with the last it said when it does not start, and `Interrupted`.
    """
    token = hmac.digest(
        state_secret(compute.outrig.state.directory), f"jupyter:{door.session.id}".encode(), "md5"
    ).hex()
    lock = Lock(compute.outrig.state.directory, f"jupyter-{door.session.id}")
    try:
        while not lock.take():  # somebody else is starting it
            compute.outrig.cancel.wait(_LOOK_S)
            compute.outrig.cancel.check()
        port = _running(door, token)
        if port is not None:
            if arguments or variables:
                note("jupyter runs already: --arg and -e count only when it starts")
            return port, token
        note("jupyter is being started in the session; the first time it is installed there")
        door.ask(_KEEP, token.encode("ascii"))
        run = _start(compute, door, arguments, variables)
        return _started(compute, door, run, token), token
    finally:
        lock.close()


def _start(
    compute: Compute, door: Door, arguments: Sequence[str], variables: Mapping[str, str]
) -> Run:
    exports = [f"export {name}={shlex.quote(text)}" for name, text in variables.items()]
    words = [word for text in arguments for word in shlex.split(text)]
    script = "\n".join([*exports, _START + shlex.join(words)])
    new = NewRun(
        script=door.script(script),
        command=_COMMAND,
        beside=True,
        **limits_of(door.session),
    )
    return compute.outrig.execute(door.there, [new])[0]


def _started(compute: Compute, door: Door, run: Run, token: str) -> int:
    """Wait until it answers; raises `RemoteError` when it has ended instead."""
    outrig = compute.outrig
    while True:
        outrig.cancel.wait(_LOOK_S)
        if outrig.cancel.asked:
            with contextlib.suppress(OutrigError), outrig.cancel.passed_over():
                outrig.cancel_runs(door.there, [run])
            outrig.cancel.check()
        if (port := _running(door, token)) is not None:
            return port
        now = next(one for one in outrig.refresh(door.there) if one.id == run.id)
        if now.state.status.ended:
            said = _last_lines(compute, door, now) or now.state.reason or "it ended at once"
            raise RemoteError(f'jupyter did not start in session "{door.session.name}": {said}')


def _running(door: Door, token: str) -> int | None:
    """Return the port at which this session's Jupyter answers."""
    text = door.ask(_PORT).decode("ascii", "replace").strip()
    if not text.isdecimal() or not 0 < int(text) < 65536:
        return None
    request = f"GET /api/status HTTP/1.0\r\nHost: localhost\r\nAuthorization: token {token}\r\n\r\n"
    answer = b""
    with contextlib.suppress(OutrigError):
        stream = door.connect(int(text))
        try:
            stream.write(request.encode("ascii"))
            while len(answer) < _MOST_LOG and (data := stream.read(_MOST_LOG)):
                answer += data
        finally:
            stream.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    with contextlib.suppress(ValueError):
        if b" 200 " in head.split(b"\r\n")[0] and "kernels" in json.loads(body):
            return int(text)
    return None


def _last_lines(compute: Compute, door: Door, run: Run) -> str:
    if run.ref is None:
        return ""
    control = compute.outrig.runtime.executor(door.there)
    said = control.read_log(run.ref, Stream.ERR, 0, _MOST_LOG).data
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return "; ".join(line.strip() for line in lines[-_LAST:])
