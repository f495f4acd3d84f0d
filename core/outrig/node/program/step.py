"""One set-up step: a program whose output is streamed to the client and kept in a log."""

from __future__ import annotations

import os
import select
import signal
import time

from outrig.node.program.call import Stopped
from outrig.node.program.place import Refused, append_line
from outrig.node.program.proc import signal_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess

    from outrig.node.program.call import Call

OUT_MARK, ERR_MARK = b"o", b"e"
STOP_GRACE_S = 5.0
KEPT_BYTES = 4096


class Step:
    """How a step is run; `holds` are descriptors that its process keeps open, as locks.

    A `log` that is `kept` outlives the session.
    """

    def __init__(
        self,
        call: Call,
        log: str,
        environ: dict[str, str],
        holds: tuple[int, ...],
        kept: bool = True,
    ) -> None:
        self.call = call
        self.log = log
        self.environ = environ
        self.holds = holds
        self.kept = kept

    def run(self, label: str, argv: list[str], directory: str) -> None:
        """Run one program to its end; raises `Refused` with its exit code and last line."""
        import subprocess

        append_line(self.log, ("$ %s\n" % label).encode("utf-8", "replace"))
        try:
            process = subprocess.Popen(
                argv,
                cwd=directory,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=self.holds,
            )
        except OSError as error:
            raise Refused("environment step %r cannot run: %s" % (label, error.strerror)) from None
        with process:
            try:
                last = self.follow(process)
            except BaseException:
                self.end(process)
                raise
        if process.returncode:
            raise Refused(
                "environment step %r ended with exit code %d: %s"
                % (label, exit_code_of(process.returncode), last_line(last)),
                hint="the whole output is in %s on the node" % self.log if self.kept else None,
            )

    def follow(self, process: subprocess.Popen[bytes]) -> bytes:
        """Pass output on until both streams end; return the last of it."""
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        marks = {process.stdout.fileno(): OUT_MARK, process.stderr.fileno(): ERR_MARK}
        last = b""
        while marks:
            ready, _, _ = select.select(list(marks), [], [], 0.2)
            self.call.check()
            for fd in ready:
                data = os.read(fd, 1 << 16)
                if not data:
                    del marks[fd]
                    continue
                append_line(self.log, data)
                last = (last + data)[-KEPT_BYTES:]
                self.call.send(marks[fd] + data)
            if not ready and process.poll() is not None:
                break  # what it left in the background holds the streams
        while process.poll() is None:
            if self.call.stopped.wait(0.01):
                raise Stopped
        return last

    def end(self, process: subprocess.Popen[bytes]) -> None:
        signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE_S
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        signal_group(process.pid, signal.SIGKILL)


def exit_code_of(code: int) -> int:
    return 128 - code if code < 0 else code


def last_line(data: bytes) -> str:
    """Return the line that tells most: the last with `error` in it, else the last one."""
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.lower().startswith("error")]
    return (telling or lines or ["it printed nothing"])[-1][:300]
