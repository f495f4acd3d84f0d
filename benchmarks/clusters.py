"""Ray's own launcher beside ours, each with a cluster of its own on a machine of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Case
from benchmarks.place import BIN
from benchmarks.table import Comparison, Table, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.place import Place
    from outrig.testing.machines import Machine

SIZE_MIB = 20
HOSTS = {"ours": "127.77.1.1", "theirs": "127.77.1.2"}
"""What ssh takes for the machines: Ray's launcher wants addresses."""
START = (
    "ray start --head --port=6379 --node-ip-address=127.0.0.1 --num-cpus=1"
    " --object-store-memory=100000000"
)
FILE = """\
cluster_name: NAME
provider: {type: local, head_ip: NAME, worker_ips: []}
auth: {ssh_user: ann, ssh_private_key: KEY}
setup_commands:
  - echo 'export PATH=BIN:$PATH' > ~/.bashrc
head_start_ray_commands: [START]
worker_start_ray_commands: []
"""
RAYLET = "cp /bin/sleep ~/raylet; (~/raylet 3600 >/dev/null 2>&1 &)"
TEXT = (
    "A head on a machine of its own, each launcher's: an sshd in a network namespace on the same "
    "computer, so both ends share its cores. The start command starts nothing of Ray's. The file "
    "that is copied is another one each time."
)


def clusters(place: Place, rounds: int) -> Iterator[str]:
    """Yield the table as Markdown; says so where there is no Ray or no sshd."""
    from outrig.testing.machines import can_isolate, find_sshd

    if not (BIN / "ray").exists() or find_sshd() is None or not can_isolate():
        yield "## Ray\n\nNot measured: it needs Ray, sshd and namespaces.\n"
        return
    with _booted(place) as pair:
        try:
            pair.begin("cold-")
            yield render(pair.commands(rounds))
            pair.begin("")
            yield render(pair.nothing_changed(rounds))
        finally:
            pair.end()


class Pair:
    """Two machines: `ours` and `theirs`, with a cluster that stays, and one that comes and goes."""

    def __init__(self, place: Place, machines: tuple[Machine, Machine], key: Path) -> None:
        self.place = place
        self.machines = machines
        self.root = place.root / "clusters"
        self.root.mkdir()
        config = self._config(key)
        self.variables = {
            **place.variables,
            "PATH": f"{self._wrapper(config)}{os.pathsep}{place.variables['PATH']}",
            "OUTRIG_SSH_CONFIG_FILE": str(config),
            "XDG_RUNTIME_DIR": tempfile.mkdtemp(prefix="bench-", dir=place.root),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        for name in ("ours", "theirs"):
            self._write(name, name, f"ray stop, '{START}'", key)
            self._write(f"cold-{name}", name, f"'{RAYLET}'", key)
        (self.root / "job.py").write_text("print(1)\n")

    def _config(self, key: Path) -> Path:
        config = self.root / "ssh_config"
        entries = [
            f"Host {HOSTS[name]}\n HostName 127.0.0.1\n Port {one.port}\n User {one.user}\n"
            f" IdentityFile {key}\n StrictHostKeyChecking no\n UserKnownHostsFile {config}.known\n"
            for name, one in zip(("ours", "theirs"), self.machines, strict=True)
        ]
        config.write_text("".join(entries))
        Path(f"{config}.known").write_text(
            "".join(f"[127.0.0.1]:{one.port} {one.host_key}\n" for one in self.machines)
        )
        return config

    def _wrapper(self, config: Path) -> Path:
        """Return a directory with an ssh that reads the configuration: Ray's takes no option."""
        directory = self.root / "bin"
        directory.mkdir()
        wrapper = directory / "ssh"
        wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {config} "$@"\n')
        wrapper.chmod(0o755)
        return directory

    def _write(self, name: str, host: str, start: str, key: Path) -> None:
        text = FILE.replace("cluster_name: NAME", f"cluster_name: {name}").replace("NAME", host)
        text = (
            text.replace(f"head_ip: {host}", f"head_ip: {HOSTS[host]}")
            .replace("KEY", str(key))
            .replace("BIN", str(BIN))
        )
        (self.root / f"{name}.yaml").write_text(text.replace("START", start))

    def case(self, tool: str, *words: str, cold: bool = False) -> Case:
        """Return a command of one of the launchers; what it is about stands for `FILE`."""
        name = "ours" if tool == "outrig" else "theirs"
        argv = [str(BIN / "outrig"), "ray"] if tool == "outrig" else [str(BIN / "ray")]
        file = str(self.root / f"{'cold-' if cold else ''}{name}.yaml")
        shown = " ".join(["outrig ray" if tool == "outrig" else "ray", *words[:1]])
        what = {"up": " (first)" if cold else " (nothing changed)", "rsync-up": " of 20 MiB"}
        prepare = (lambda: self._down(name, file)) if cold and words[0] == "up" else None
        if words[0] == "rsync-up":
            prepare = self._fill
        return Case(
            name=f"`{shown}`{what.get(words[0], '')}",
            argv=[*argv, *(file if one == "FILE" else one for one in words)],
            cwd=self.root,
            variables=self.variables,
            prepare=prepare,
        )

    def _fill(self) -> None:
        (self.root / "big").write_bytes(os.urandom(SIZE_MIB << 20))

    def _down(self, name: str, file: str) -> None:
        tool = [str(BIN / "outrig"), "ray"] if name == "ours" else [str(BIN / "ray")]
        self._run([*tool, "down", "-y", file])

    def _run(self, argv: list[str]) -> None:
        null = subprocess.DEVNULL
        environment = {**os.environ, **self.variables}
        subprocess.run(
            argv, env=environment, stdin=null, stdout=null, stderr=null, check=False, cwd=self.root
        )

    def nothing_changed(self, rounds: int) -> Table:
        """Return the table of an `up` that has nothing to do."""
        return Table(
            title="Ray: an up with nothing to do",
            text="With a real Ray on both machines, which ours leaves alone and Ray's starts anew.",
            comparisons=[self._beside("up", "-y", "FILE", bound=0.05)],
            rounds=rounds,
        )

    def commands(self, rounds: int) -> Table:
        """Return the table of commands that need no Ray."""
        return Table(
            title="Ray: commands of the launcher",
            text=TEXT,
            comparisons=[
                self._beside("--help", bound=None),
                self._beside("up", "-y", "FILE", bound=None, cold=True),
                self._beside("exec", "FILE", "true", bound=0.3, cold=True),
                self._beside("submit", "FILE", "job.py", bound=0.4, cold=True),
                self._beside("rsync-up", "FILE", "big", "/home/ann/big", bound=None, cold=True),
            ],
            rounds=rounds,
        )

    def _beside(self, *words: str, bound: float | None, cold: bool = False) -> Comparison:
        return Comparison(
            ours=self.case("outrig", *words, cold=cold),
            against=self.case("ray", *words, cold=cold),
            wall_bound=bound,
        )

    def begin(self, kind: str) -> None:
        """Bring up what is to be there."""
        self._run([str(BIN / "outrig"), "ray", "up", str(self.root / f"{kind}ours.yaml")])
        self._run([str(BIN / "ray"), "up", "-y", str(self.root / f"{kind}theirs.yaml")])

    def end(self) -> None:
        """Take down what is up."""
        for name in ("ours", "theirs", "cold-ours", "cold-theirs"):
            self._down(name.removeprefix("cold-"), str(self.root / f"{name}.yaml"))


@contextmanager
def _booted(place: Place) -> Iterator[Pair]:
    from outrig.testing.machines import Keys, Machine

    with tempfile.TemporaryDirectory(prefix="ray-") as lab:
        keys = Keys.made(Path(lab))
        shared = [Path(one) for one in dict.fromkeys((sys.base_prefix, sys.prefix))]
        ours, theirs = (
            Machine(Path(lab) / name, keys, home_size="512m", shared=shared)
            for name in ("ours", "theirs")
        )
        try:
            yield Pair(place, (ours, theirs), keys.user)
        finally:
            ours.stop()
            theirs.stop()
