"""Machines to sync to, what is sent there, and programs that find them by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Case
from benchmarks.place import BIN
from benchmarks.trees import make_big, make_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.place import Place
    from outrig.testing.machines import Machine

APPENDED = 1 << 20
BIG = "words.txt"
EMPTY = "empty"
KNOWN = ("cache/scan", "cache/stores", "data/store")
"""Where Outrig keeps what it knows of files."""
KEPT = "rm -rf /home/ann/.local/share/outrig/node-1/*/kept/*"
SESSION = "bench"
SFTP = Path(__file__).with_name("sftp.py")


class Project:
    """A directory that is sent, and the ways to send it; Outrig's home is its own."""

    def __init__(self, bench: Bench, name: str, make: Callable[[Path], object]) -> None:
        self.bench = bench
        self.name = name
        self.tree = bench.place.root / name
        self.tree.mkdir()
        (self.tree / "outrig.yaml").write_text(f"name: {name}\n")
        self.do("snapshot", "create", "--name", EMPTY)
        for part in KNOWN:
            shutil.copytree(self.home / part, self._bare / part)
        shutil.rmtree(self.tree)
        make(self.tree)
        self.do("snapshot", "create")
        self._count = 0
        self._changing = sorted(self.tree.rglob("*.py"))[:10]
        self._big_bytes = (self.tree / BIG).stat().st_size if (self.tree / BIG).exists() else 0

    @property
    def home(self) -> Path:
        """Outrig's home."""
        return self.bench.place.root / f"home-{self.name}"

    @property
    def _bare(self) -> Path:
        return self.bench.place.root / f"bare-{self.name}"

    @property
    def variables(self) -> dict[str, str]:
        """What programs need to find home and machines."""
        return {**self.bench.variables, "OUTRIG_HOME": str(self.home)}

    @property
    def words(self) -> tuple[str, ...]:
        """Our command that sends it."""
        return ("session", "sync", SESSION)

    def outrig(self, name: str, *words: str, prepare: Callable[[], None] | None = None) -> Case:
        """Return one of our commands."""
        return Case(
            name=name,
            argv=[str(BIN / "outrig"), *words],
            cwd=self.tree,
            variables=self.variables,
            prepare=prepare,
        )

    def shell(self, name: str, script: str, prepare: Callable[[], None] | None = None) -> Case:
        """Return a shell script of others' programs; `$SSH` is ssh as rsync is told of it."""
        variables = {**self.variables, "SSH": f"ssh -F {self.bench.config}"}
        argv = ["sh", "-c", script]
        return Case(name=name, argv=argv, cwd=self.tree, variables=variables, prepare=prepare)

    def do(self, *words: str) -> None:
        """Run a command of ours, unmeasured; raises `RuntimeError`."""
        if (done := self._done(words)).returncode:
            raise RuntimeError(f"outrig {' '.join(words)}: {done.stderr}")

    def _done(self, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / "outrig"), *words],
            cwd=self.tree,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def begin(self, hosts: int = 1) -> None:
        """Let there be a session on hosts that have nothing of ours."""
        self.stop()
        for machine in self.bench.machines[:hosts]:
            machine.run(KEPT)
        names = ",".join(f"{one.name}-gcm" for one in self.bench.machines[:hosts])
        start = ("session", "start", "--name", SESSION, "--provider", "ssh")
        self.do(*start, "--hosts", names, "--snapshot-name", EMPTY)

    def begin_anew(self) -> None:
        """Do as `begin`, and let nothing be known here of what is to be sent."""
        self.begin()
        for part in KNOWN:
            shutil.rmtree(self.home / part)
            shutil.copytree(self._bare / part, self.home / part)

    def stop(self) -> None:
        """End the session, if there is one."""
        self._done(("session", "stop", SESSION, "--yes"))

    def files(self) -> list[Path]:
        """Return what is sent."""
        return [path for path in self.tree.rglob("*") if path.is_file()]

    def change(self) -> None:
        """Change ten files."""
        self._count += 1
        for path in self._changing:
            path.write_text(f"# {self._count}\n")

    def append(self) -> None:
        """Append to the big file, which has always been as large as at first."""
        with (self.tree / BIG).open("r+b") as big:
            big.truncate(self._big_bytes)
            big.seek(self._big_bytes)
            big.write(os.urandom(APPENDED))


class Bench:
    """The machines, and where ssh finds them: `h0` and so on, `h0-gcm` with aes128-gcm."""

    def __init__(self, place: Place, machines: Sequence[Machine], config: Path) -> None:
        self.place = place
        self.machines = machines
        self.config = config

    @property
    def variables(self) -> dict[str, str]:
        """What programs need to find the machines."""
        runtime = {"XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"]}
        return {**self.place.variables, **runtime, "OUTRIG_SSH_CONFIG_FILE": str(self.config)}

    def set_delay(self, round_trip_s: float) -> None:
        """Let everything to and from the machines take so long from now on."""
        for one in self.machines:
            one.cable.delay_s = round_trip_s / 2

    def clear(self) -> None:
        """Let the machines have nothing that rsync and the like sent."""
        for machine in self.machines:
            machine.run("rm -rf /home/ann/got && mkdir /home/ann/got && chown ann /home/ann/got")

    def packages(self, name: str, files: int) -> Project:
        """Return a project of many small files."""
        return Project(self, name, lambda tree: make_packages(tree, files))

    def big(self, mib: int) -> Project:
        """Return a project of two big files."""
        return Project(self, "big", lambda tree: make_big(tree, mib))


@contextmanager
def booted(place: Place, hosts: int) -> Iterator[Bench]:
    """Boot machines, and switch them off in the end."""
    from outrig.testing.machines import Keys, Machine

    machines: list[Machine] = []
    with tempfile.TemporaryDirectory(prefix="b-") as short:  # as sockets' paths must be
        os.environ["XDG_RUNTIME_DIR"] = short
        keys = Keys.made(place.root)
        try:
            for number in range(hosts):
                one = Machine(place.root / f"h{number}", keys, home_size="2g")
                machines.append(one)  # at once: the next may fail
            config = place.root / "ssh_config"
            config.write_text(_configuration(place, machines, keys.user, short))
            yield Bench(place, machines, config)
        finally:
            for one in machines:
                one.stop()


def _configuration(place: Place, machines: Sequence[Machine], key: Path, sockets: str) -> str:
    known = place.root / "known"
    known.write_text("".join(f"[127.0.0.1]:{one.port} {one.host_key}\n" for one in machines))
    hosts = "".join(
        f"Host {one.name} {one.name}-gcm\n HostName 127.0.0.1\n Port {one.port}\n"
        f" User {one.user}\n IdentityFile {key}\n"
        for one in machines
    )
    return (
        f"{hosts}Host *\n UserKnownHostsFile {known}\n ControlMaster auto\n ControlPersist 600\n"
        f" ControlPath {sockets}/%n\nHost *-gcm\n Ciphers aes128-gcm@openssh.com\n"
    )
