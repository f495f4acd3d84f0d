"""Disposable machines: a real sshd with a home, a /tmp, a network and a process tree of its own.

A machine's sshd is reached through a cable, a port on 127.0.0.1 that can be cut and mended. Where
namespaces are not allowed a machine is an sshd of the same user with another HOME, and has only
that of its own.
"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.testing.cable import Cable

if TYPE_CHECKING:
    from collections.abc import Sequence

USER = "ann"
PASSWORD = "letmein"
_HASH = (
    "$6$outrigtest$JSQM4gTV2ann7mMPhdHmleV2y9"
    "FZPMKwp6/zoTxYjaGNc./wZg8zZEZWRWYYOBVtGZC0iv0ZI0sfPPVNK.P/l."
)
_START_S = 30.0
_LOOPBACK_UP = (
    "import fcntl,socket,struct;"
    "fcntl.ioctl(socket.socket(),0x8914,struct.pack('16sH14x',b'lo',0x41))"
)
_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {etc}/host_key
AuthorizedKeysFile {etc}/authorized_keys
TrustedUserCAKeys {etc}/user_ca.pub
PidFile none
UsePAM no
PrintMotd no
UseDNS no
StrictModes no
KbdInteractiveAuthentication no
AllowTcpForwarding yes
Subsystem sftp internal-sftp
"""
_INIT = r"""
set -e
exec 2>"$1/console.log"
"$2" -IS -c "$3"
hostname "$4"
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd /run/machine
cp "$1"/etc/* /run/machine/
chmod 600 /run/machine/host_key
for one in passwd shadow group; do mount --bind /run/machine/$one /etc/$one; done
mount -t tmpfs -o mode=755 tmpfs /mnt
count=0
for one in $8; do
  mkdir /mnt/$count; mount --rbind "$one" /mnt/$count; count=$((count+1))
done
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=700 tmpfs /root
mount -t tmpfs -o mode=755,size=$6 tmpfs /home
mkdir -p "/home/$5"
chown "$5" "/home/$5"
cd /
count=0
for one in $8; do
  case $one in /root/*) chmod 711 /root ;; esac
  mkdir -p "$one"; mount --rbind /mnt/$count "$one"; count=$((count+1))
done
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  sh -c '"$0" -D -e -f /run/machine/sshd_config 2>>/run/sshd.log &
    while :; do wait; sleep 0.2; done' "$7"
"""


def find_sshd() -> str | None:
    """Return the path of sshd, which need not be on PATH."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def can_isolate() -> bool:
    """Tell whether namespaces can be made here."""
    if os.getuid() != 0 or shutil.which("unshare") is None:
        return False
    words = ["unshare", "--mount", "--net", "--pid", "--uts", "--fork", "mount", "-t", "tmpfs"]
    done = subprocess.run([*words, "tmpfs", "/tmp"], capture_output=True, check=False)
    return done.returncode == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of a lab: one to log in with, one that signs certificates."""

    user: Path
    authority: Path

    @classmethod
    def made(cls, directory: Path) -> Keys:
        """Make them in a directory."""
        return cls(user=make_key(directory / "id_user"), authority=make_key(directory / "user_ca"))


def make_key(path: Path) -> Path:
    """Make a key without a passphrase; returns its path."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", str(path)]
    subprocess.run(words, check=True)
    return path


class Machine:
    """One machine; it runs until `stop`.

    It sees this computer's directories, except those of users and of temporary files; of these it
    has what is in `shared`, at the same places.
    """

    def __init__(
        self,
        directory: Path,
        keys: Keys,
        *,
        options: Sequence[str] = (),
        home_size: str = "64m",
        isolated: bool = True,
        shared: Sequence[Path] = (),
    ) -> None:
        self.directory = directory
        self.name = directory.name
        self.isolated = isolated
        self.user = USER if isolated else getpass.getuser()
        self._keys = keys
        self._options = tuple(options)
        self._home_size = home_size
        self._shared = tuple(shared)
        self._port = 22 if isolated else _free_port()
        self._write_files()
        self._process = self._start()
        self.cable = Cable(self._process.pid if isolated else None, self._port)
        self._wait_for_banner()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1 at which the machine is reached."""
        return self.cable.port

    @property
    def host_key(self) -> str:
        """The machine's public key: type and base64."""
        return " ".join((self._etc / "host_key.pub").read_text().split()[:2])

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the machine's key, `SHA256:…`."""
        words = ["ssh-keygen", "-l", "-f", str(self._etc / "host_key.pub")]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[1]

    @property
    def home(self) -> str:
        """The login user's home directory, as the machine names it."""
        return f"/home/{self.user}" if self.isolated else str(self.directory / "home")

    @property
    def _etc(self) -> Path:
        return self.directory / "etc"

    @property
    def _place(self) -> str:
        """Where sshd finds its files."""
        return "/run/machine" if self.isolated else str(self._etc)

    def run(self, script: str, *words: str, as_user: bool = False) -> str:
        """Run a shell script on the machine, as root unless told otherwise; returns its output."""
        argv = ["sh", "-c", script, "sh", *words]
        if self.isolated:
            inside = ["nsenter", "-t", str(self._init_pid()), "-m", "-n", "-p", "-u"]
            if as_user:
                inside += ["-S", "1500", "-G", "1500"]
            argv = [*inside, "env", "-i", f"HOME={self.home}", f"PATH={os.defpath}", *argv]
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            errors="surrogateescape",  # names of files may be any bytes
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def login_keys(self) -> str:
        """Return the public keys that may log in, a line each."""
        return self.run(f"cat {shlex.quote(self._place)}/authorized_keys")

    def set_login_keys(self, keys: str) -> None:
        """Let these log in from now on, and no others."""
        self.run(f'printf %s "$1" > {shlex.quote(self._place)}/authorized_keys', keys)

    def processes(self) -> list[str]:
        """Return the command lines of what the login user runs there."""
        listed = self.run("ps -o user:32=,args= -A").splitlines() if self.isolated else []
        return [one for one in listed if one.startswith((self.user, "1500"))]

    def freeze(self, *, thaw: bool = False) -> None:
        """Let everything stand still, as on a machine that hangs."""
        mark = signal.SIGCONT if thaw else signal.SIGSTOP
        for pid in self.pids():
            os.kill(pid, mark)

    def pids(self) -> list[int]:
        """Return the processes of the machine, as we number them."""
        mine = Path(f"/proc/{self._init_pid()}/ns/pid").readlink()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "ns/pid").readlink() == mine:
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def crash(self) -> None:
        """End every process of the machine at once, as a power cut does."""
        self.cable.cut()
        self._process.kill()
        self._process.wait()
        self.cable.drop()

    def boot(self, *, new_key: bool = False) -> None:
        """Start it again, with an empty home; with another host key if asked for."""
        if new_key:
            for name in ("host_key", "host_key.pub"):
                (self._etc / name).unlink()
            make_key(self._etc / "host_key")
        self._process = self._start()
        self.cable.lead_to(self._process.pid if self.isolated else None)
        self.cable.mend()
        self._wait_for_banner()

    def stop(self) -> None:
        """Switch it off for good."""
        self.cable.close()
        self._process.kill()
        self._process.wait()

    def _write_files(self) -> None:
        etc = self._etc
        etc.mkdir(parents=True)
        make_key(etc / "host_key")
        for name, text in _accounts(self.user).items():
            (etc / name).write_text(text)
        (etc / "authorized_keys").write_text(self._keys.user.with_suffix(".pub").read_text())
        shutil.copy(self._keys.authority.with_suffix(".pub"), etc / "user_ca.pub")
        text = _CONFIG.format(port=self._port, etc=self._place)
        if not self.isolated:
            (self.directory / "home").mkdir()
            text += f"SetEnv HOME={self.home} XDG_DATA_HOME=\n"
        (etc / "sshd_config").write_text(text + "".join(f"{one}\n" for one in self._options))

    def _start(self) -> subprocess.Popen[bytes]:
        sshd = find_sshd()
        assert sshd is not None
        if self.isolated:
            words = ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork"]
            words += ["--kill-child=KILL", "--propagation", "private", "sh", "-c", _INIT, "sh"]
            words += [str(self.directory), sys.executable, _LOOPBACK_UP, self.name, self.user]
            words += [self._home_size, sshd, " ".join(map(str, self._shared))]
        else:
            log = str(self.directory / "console.log")
            if os.getuid() == 0:  # root's sshd wants it, and nobody has made it without a service
                Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
            words = [sshd, "-D", "-E", log, "-f", str(self._etc / "sshd_config")]
        null = subprocess.DEVNULL
        return subprocess.Popen(words, stdin=null, stdout=null, stderr=null, cwd="/", env={})

    @property
    def first_pid(self) -> int:
        """The machine's first process, as we number it: the way into its namespaces."""
        return self._init_pid()

    def _init_pid(self) -> int:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return int(children.read_text().split()[0])

    def _wait_for_banner(self) -> None:
        deadline = time.monotonic() + _START_S
        while not self._has_banner():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (self.directory / "console.log").read_text(errors="replace")
                raise RuntimeError(f"machine {self.name} does not start: {log}")
            time.sleep(0.02)

    def _has_banner(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as one:
                return one.recv(4) == b"SSH-"
        except OSError:
            return False


def _accounts(user: str) -> dict[str, str]:
    return {
        "passwd": f"root:x:0:0:root:/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/bin/false\n"
        f"nobody:x:65534:65534::/:/bin/false\n{user}:x:1500:1500::/home/{user}:/bin/bash\n",
        "shadow": f"root:*:19000::::::\nsshd:*:19000::::::\n{user}:{_HASH}:19000::::::\n",
        "group": f"root:x:0:\ntty:x:5:\nnogroup:x:65534:\n{user}:x:1500:\n",
    }


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
