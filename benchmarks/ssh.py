"""Syncs and runs over SSH, beside rsync, tar, scp and ssh over connections that are kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.measure import Case
from benchmarks.place import BIN
from benchmarks.table import Comparison, Table, render
from benchmarks.trees import make_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.place import Place
    from outrig.testing.machines import Machine

HOSTS = 8
BIG_MIB = 64
APPENDED = 1 << 20
SYNC = ("session", "sync", "bench")
RSH = '-e "$SSH"'
TEXT = (
    "Each host is an sshd in a network of its own on the same machine, reached through a relay, so "
    "that both ends share its cores. All programs go over connections that are kept open "
    "(ControlMaster), with OpenSSH's own choice of cipher or aes128-gcm. Ours is `session sync`, a "
    "whole program that scans, snapshots and sends."
)


class Bench:
    """Machines, a tree to send, and a shell that finds the machines by name."""

    def __init__(self, place: Place, machines: Sequence[Machine], config: Path) -> None:
        self.place = place
        self.machines = machines
        self.config = config
        self.tree = place.root / "sent"
        self.count = 0

    @property
    def variables(self) -> dict[str, str]:
        """What programs need to find the machines."""
        runtime = {"XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"]}
        return {**self.place.variables, **runtime, "OUTRIG_SSH_CONFIG_FILE": str(self.config)}

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
        variables = {**self.variables, "SSH": f"ssh -F {self.config}"}
        argv = ["sh", "-c", script]
        return Case(name=name, argv=argv, cwd=self.tree, variables=variables, prepare=prepare)

    def do(self, *words: str) -> None:
        """Run a command of ours, unmeasured; one that has nothing to do is fine."""
        subprocess.run(
            [str(BIN / "outrig"), *words],
            cwd=self.tree,
            env={**os.environ, **self.variables},
            capture_output=True,
            check=False,
        )

    def clear(self) -> None:
        """Let the machines have nothing that rsync and the like sent."""
        for machine in self.machines:
            machine.run("rm -rf /home/ann/got")

    def empty(self, hosts: int) -> None:
        """Let there be a session on hosts that have nothing of ours."""
        self.do("session", "stop", "bench", "--yes")
        for machine in self.machines[:hosts]:
            machine.run("rm -rf /home/ann/.local/share/outrig/node-1/*/kept/*")
        names = ",".join(one.name for one in self.machines[:hosts])
        aside = self.tree.with_name("aside")
        self.tree.rename(aside)
        self.tree.mkdir()
        (self.tree / "outrig.yaml").write_text("name: tree\n")
        self.do("session", "start", "--name", "bench", "--provider", "ssh", "--hosts", names)
        shutil.rmtree(self.tree)
        aside.rename(self.tree)

    def change(self) -> None:
        """Change ten files."""
        self.count += 1
        for path in sorted(self.tree.rglob("*.py"))[:10]:
            path.write_text(f"# {self.count}\n")

    def append(self) -> None:
        """Append to the big file."""
        with (self.tree / "big.bin").open("ab") as big:
            big.write(os.urandom(APPENDED))


def ssh(place: Place, rounds: int, files: int) -> Iterator[str]:
    """Yield the tables as Markdown; none where there is no sshd or no rsync."""
    from outrig.testing.machines import can_isolate, find_sshd

    if find_sshd() is None or shutil.which("rsync") is None or not can_isolate():
        yield "## SSH\n\nNot measured: it needs sshd, rsync and namespaces.\n"
        return
    with _bench(place) as bench:
        make_packages(bench.tree, files)
        yield render(_cold(bench, rounds))
        yield render(_again(bench, rounds))
        yield render(_changed(bench, rounds))
        (bench.tree / "big.bin").write_bytes(os.urandom(BIG_MIB << 20))
        yield render(_appended(bench, rounds))
        yield render(_runs(bench, rounds * 3))
        (bench.tree / "big.bin").unlink()
        yield render(_many_hosts(bench, rounds))
        bench.do("session", "stop", "bench", "--yes")


@contextmanager
def _bench(place: Place) -> Iterator[Bench]:
    from outrig.testing.machines import Keys, Machine

    with tempfile.TemporaryDirectory(prefix="b-") as short:
        os.environ["XDG_RUNTIME_DIR"] = short
        keys = Keys.made(place.root)
        machines = [
            Machine(place.root / f"h{number}", keys, home_size="1g") for number in range(HOSTS)
        ]
        config = place.root / "ssh_config"
        known = place.root / "known"
        known.write_text("".join(f"[127.0.0.1]:{one.port} {one.host_key}\n" for one in machines))
        config.write_text(
            "".join(
                f"Host {one.name} {one.name}-gcm\n HostName 127.0.0.1\n Port {one.port}\n"
                f" User {one.user}\n IdentityFile {keys.user}\n"
                for one in machines
            )
            + f"Host *\n UserKnownHostsFile {known}\n ControlMaster auto\n ControlPersist 600\n"
            f" ControlPath {short}/%n\nHost *-gcm\n Ciphers aes128-gcm@openssh.com\n"
        )
        try:
            yield Bench(place, machines, config)
        finally:
            for one in machines:
                one.stop()


def _cold(bench: Bench, rounds: int) -> Table:
    others = {
        "`rsync`, aes128-gcm": f"rsync -a {RSH} ./ h0-gcm:got/",
        "`rsync`": f"rsync -a {RSH} ./ h0:got/",
        "`tar \\| ssh`": "tar cf - . | $SSH h0-gcm 'mkdir -p got && tar xf - -C got'",
        "`scp -r`": f"scp -q -r -F {bench.config} . h0-gcm:got",
    }
    ours = bench.outrig("cold: `session sync`", *SYNC, prepare=lambda: bench.empty(1))
    comparisons = [
        Comparison(
            ours=ours,
            against=bench.shell(f"cold: {name}", script, prepare=bench.clear),
            wall_bound=1.0 if "rsync" in name else None,
        )
        for name, script in others.items()
    ]
    return Table(title="SSH: one host, cold", text=TEXT, comparisons=comparisons, rounds=rounds)


def _again(bench: Bench, rounds: int) -> Table:
    bench.do(*SYNC)
    start = f"{BIN / 'outrig'} --version > /dev/null; "
    rsync = f"rsync -a --delete {RSH} ./ h0-gcm:got/"
    return Table(
        title="SSH: one host, nothing changed",
        text="One start is `outrig --version`.",
        comparisons=[
            Comparison(
                ours=bench.outrig("`session sync`", *SYNC),
                against=bench.shell("`rsync` and one start", start + rsync),
                wall_bound=1.3,
            )
        ],
        rounds=rounds * 3,
    )


def _changed(bench: Bench, rounds: int) -> Table:
    rsync = f"rsync -a --delete {RSH} ./ h0-gcm:got/"
    return Table(
        title="SSH: one host, 10 files changed",
        text="In place, before each.",
        comparisons=[
            Comparison(
                ours=bench.outrig("`session sync`", *SYNC, prepare=bench.change),
                against=bench.shell("`rsync`", rsync, prepare=bench.change),
            )
        ],
        rounds=rounds * 2,
    )


def _many_hosts(bench: Bench, rounds: int) -> Table:
    script = " & ".join(f"rsync -a {RSH} ./ {one.name}-gcm:got/" for one in bench.machines)
    return Table(
        title=f"SSH: {HOSTS} hosts, cold",
        text="The same to all hosts at once.",
        comparisons=[
            Comparison(
                ours=bench.outrig("`session sync`", *SYNC, prepare=lambda: bench.empty(HOSTS)),
                against=bench.shell(
                    f"{HOSTS} `rsync` at once", f"{script} & wait", prepare=bench.clear
                ),
                wall_bound=0.8,
            )
        ],
        rounds=rounds,
    )


def _appended(bench: Bench, rounds: int) -> Table:
    rsync = f"rsync -a {RSH} ./ h0-gcm:got/"
    bench.empty(1)
    return Table(
        title="SSH: 1 MiB appended",
        text=f"To a file of {BIG_MIB} MiB.",
        comparisons=[
            Comparison(
                ours=bench.outrig("`session sync`", *SYNC, prepare=bench.append),
                against=bench.shell("`rsync`", rsync, prepare=bench.append),
            )
        ],
        rounds=rounds,
    )


def _runs(bench: Bench, rounds: int) -> Table:
    start = f"{BIN / 'outrig'} session list > /dev/null; "
    words = ("session", "execute", "--name", "bench", "--shell")
    return Table(
        title="SSH: runs",
        text="`ssh` over a connection that is kept does less: it keeps no log and no exit code.",
        comparisons=[
            Comparison(
                ours=bench.outrig("one `session execute true`", *words, "true"),
                against=bench.shell("one `ssh true` and one start", f"{start}$SSH h0-gcm true"),
            )
        ],
        rounds=rounds,
    )
