"""The way to a node through the system's OpenSSH, with one kept connection per host.

The user's own configuration, agent, jump hosts, certificates and hardware keys are OpenSSH's
business and count as always. The first connection becomes the master of all others (ControlMaster)
and ends by itself some time after the last of them.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.errors import AuthError, RemoteError, UnreachableError
from outrig.transport.asking import can_ask
from outrig.transport.base import Pipe, Transport
from outrig.transport.command import remote_command
from outrig.transport.control import answers, control_path, one_at_a_time
from outrig.transport.failures import ChangedKeyError, explain, is_no_python, no_python
from outrig.transport.local import ProcessPipe, spawned, start_process
from outrig.transport.options import SHELL_ONLY, checked_host, connection_words

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.errors import OutrigError
    from outrig.model.node import Endpoint

AT_ONCE = 8
"""How many connections this process makes at the same time: sshd and jump hosts drop more."""
RESETS = ("Connection closed by", "Connection reset by", "kex_exchange_identification")
TRIES = 4
PAUSE_S = 0.3
EXIT_S = 10.0
MARGIN_S = 20.0

_making = threading.BoundedSemaphore(AT_ONCE)
_asking = threading.Lock()


class SshPipe(ProcessPipe):
    """A node program at the other end of an ssh process."""

    def __init__(self, process: subprocess.Popen[bytes], name: str, python: str) -> None:
        super().__init__(process)
        self._name = name
        self._python = python

    def problem(self) -> OutrigError | None:
        """See `Pipe.problem`."""
        text = self.errors()
        if is_no_python(text, self._python):
            return no_python(self._name, self._python)
        return explain(self._name, text) if self._process.poll() == 255 and text else None


class OpenSshTransport(Transport):
    """Runs the node program through `ssh`."""

    def __init__(self, endpoint: Endpoint, *, ask: bool | None = None) -> None:
        self._endpoint = endpoint
        self._host = checked_host(endpoint)
        self._words = connection_words(endpoint)
        self._ask = can_ask() if ask is None else ask

    @property
    def name(self) -> str:
        return self._endpoint.label

    @property
    def path(self) -> Path:
        """The socket of the kept connection."""
        return control_path([*self._words, self._host])

    def kept(self) -> bool:
        return answers(self.path)

    def drop(self) -> None:
        words = ["ssh", "-O", "exit", *self.sharing(), self._host]
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(words, capture_output=True, timeout=EXIT_S, check=False)
        with suppress(OSError):
            self.path.unlink()

    def sharing(self) -> list[str]:
        """Return the options of a program that is to use the kept connection."""
        return ["-o", f"ControlPath={self.path}", "-o", "ControlMaster=no", *self._words]

    def connect(self) -> None:
        """Make the kept connection if it is not there; raises `RemoteError`, `AuthError`."""
        if self.kept():
            return
        with _making, one_at_a_time(self.path):
            if self.kept():
                return
            with suppress(OSError):
                self.path.unlink()
            try:
                self._make_patiently()
            except AuthError as err:
                if not self._ask or isinstance(err, ChangedKeyError):
                    raise
                with _asking:
                    self._make(ask=True)

    def open(self, arguments: tuple[str, ...]) -> Pipe:
        self.connect()
        python = self._endpoint.python or "python3"
        words = ["ssh", "-T", *SHELL_ONLY, *self.sharing(), "-o", "BatchMode=yes", self._host]
        words.append(remote_command(python, arguments))
        return SshPipe(spawned(words, self.name), self.name, python)

    def forward(self, port: int) -> Pipe:
        self.connect()
        words = ["ssh", "-T", "-W", f"localhost:{port}", *self.sharing(), "-o", "BatchMode=yes"]
        return start_process([*words, self._host], self.name)

    def _make_patiently(self) -> None:
        """Make the connection; a server that has too many at the moment is asked again."""
        for turn in range(TRIES):
            try:
                self._make(ask=False)
            except RemoteError as err:
                if turn + 1 == TRIES or not any(text in str(err) for text in RESETS):
                    raise
                threading.Event().wait(PAUSE_S * (turn + 1))
            else:
                return

    def _make(self, *, ask: bool) -> None:
        with tempfile.TemporaryFile() as said:
            code = self._run_master(said.fileno(), ask=ask)
            said.seek(0)
            text = said.read(1 << 16).decode("utf-8", "replace")
        if code != 0:
            raise explain(self.name, text)

    def _run_master(self, errors: int, *, ask: bool) -> int:
        """Start ssh so that it goes to the background once it is let in; returns its exit code."""
        words = ["ssh", "-M", "-N", "-f", "-o", f"ControlPath={self.path}"]
        words += ["-o", f"BatchMode={'no' if ask else 'yes'}"]
        words += ["-o", f"StrictHostKeyChecking={'ask' if ask else 'yes'}"]
        words += ["-o", f"ControlPersist={int(self._endpoint.keep_s)}", *self._words]
        limit_s = None if ask else self._endpoint.connect_s * 2 + MARGIN_S
        try:
            process = subprocess.Popen(
                [*words, self._host],
                stdin=None if ask else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=not ask,
                cwd="/",
            )
        except OSError as error:
            raise RemoteError(
                f"{self.name}: cannot start ssh: {error.strerror}",
                hint="install OpenSSH, or use --transport paramiko",
            ) from error
        try:
            return process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise UnreachableError(f"{self.name}: no connection in {limit_s:g} s") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
