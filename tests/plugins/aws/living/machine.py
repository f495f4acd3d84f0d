"""The machine behind an instance: a real sshd on a root file system of its own.

Its changes are kept while it is stopped. What cloud-init would do with the user data is done before
it starts, so that one boots in a fraction of a second.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from outrig.testing.cable import Cable
from outrig.testing.machines import find_sshd

if TYPE_CHECKING:
    from collections.abc import Mapping

USER = "ubuntu"
BOOT_S = 30.0
METADATA = "169.254.169.254"
_NEW_NET = 0x40000000
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NETWORK = (
    "import fcntl,socket,struct;s=socket.socket();"
    "fcntl.ioctl(s,0x8914,struct.pack('16sH14x',b'lo',0x41));"
    "a=struct.pack('HH4s8x',2,0,socket.inet_aton('169.254.169.254'));"
    "fcntl.ioctl(s,0x8916,struct.pack('16s16s',b'lo:0',a));"
    "fcntl.ioctl(s,0x8914,struct.pack('16sH14x',b'lo:0',0x41))"
)
_INIT = r"""
set -e
exec 2>>"$1/console.log"
/usr/bin/python3 -IS -c "$2"
hostname "$3"
mkdir -p "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs -o mode=755 tmpfs "$1/root/run"
mkdir -p "$1/root/run/sshd"
for one in before after; do
  [ ! -f "$1/$one" ] || mv "$1/$one" "$1/root/run/$one"
done
exec env -i PATH="$5" LANG=C.UTF-8 chroot "$1/root" sh -c 'cd /
    [ ! -f /run/before ] || sh -x /run/before >/var/log/before.log 2>&1
    "$0" -D -e 2>>/run/sshd.log &
    [ ! -f /run/after ] || sh -x /run/after >/var/log/after.log 2>&1
    while [ ! -e /run/off ]; do sleep 0.2; done' "$4"
"""
_SSHD = """\
Include /etc/ssh/sshd_config.d/*.conf
Port 22
ListenAddress 127.0.0.1
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
UseDNS no
Subsystem sftp internal-sftp
"""
_POWEROFF = "#!/bin/sh\ntouch /run/off\n"


class InstanceMachine:
    """One machine; its address on this computer is `127.0.0.1` and the port of its cable."""

    def __init__(self, directory: Path, user_data: str, key: str | None) -> None:
        self.directory = directory
        self._changes = directory / "changes"
        for one in (self._changes, directory / "work"):
            one.mkdir(parents=True)
        self._cable: Cable | None = None
        self.cloud: Mapping[str, object] = _cloud_config(user_data)
        self.process: subprocess.Popen[bytes] | None = None
        self._install(key)

    def boot(self) -> None:
        """Start it, and wait until sshd listens."""
        sshd = find_sshd()
        assert sshd is not None
        words = ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork"]
        words += ["--kill-child=KILL", "--propagation", "private", "sh", "-c", _INIT, "sh"]
        words += [str(self.directory), _NETWORK, self.directory.name, sshd, _PATH]
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(words, stdin=null, stdout=null, stderr=null, cwd="/")
        deadline = time.monotonic() + BOOT_S
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = (self.directory / "console.log").read_text(errors="replace")
                raise RuntimeError(f"{self.directory.name} does not start: {log}")
            time.sleep(0.02)
        if self._cable is None:
            self._cable = Cable(self.process.pid, 22)
        self._cable.lead_to(self.process.pid)

    @property
    def cable(self) -> Cable:
        """The way to it; there is one once it has been started."""
        assert self._cable is not None
        return self._cable

    def off(self) -> None:
        """Take the power away; what is on its disk stays."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self._cable is not None:
                self._cable.drop()
        shutil.rmtree(self.directory / "work", ignore_errors=True)
        (self.directory / "work").mkdir()

    def remove(self) -> None:
        """Switch it off for good, disk and all."""
        self.off()
        if self._cable is not None:
            self._cable.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def runs(self) -> bool:
        """Whether it has power."""
        return self.process is not None and self.process.poll() is None

    def run(self, script: str) -> str:
        """Run a script there as root; returns what it prints."""
        assert self.process is not None
        init = self.inner_pid()
        words = ["nsenter", "-t", str(init), "-a", "-r", "-w", "env", "-i", f"PATH={_PATH}"]
        done = subprocess.run(
            [*words, "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout + done.stderr

    def inner_pid(self) -> int:
        """Return the process that is its first, as we number them."""
        assert self.process is not None
        outer = self.process.pid
        return int(Path(f"/proc/{outer}/task/{outer}/children").read_text().split()[0])

    def listener(self, address: str, port: int) -> socket.socket:
        """Return a socket that listens in its network."""
        made: list[socket.socket] = []

        def inside() -> None:
            with Path(f"/proc/{self.inner_pid()}/ns/net").open() as there:
                ctypes.CDLL(None).setns(there.fileno(), _NEW_NET)
            made.append(socket.create_server((address, port)))

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        return made[0]

    def _listens(self) -> bool:
        try:
            pid = self.inner_pid()
            return ":0016 " in Path(f"/proc/{pid}/net/tcp").read_text().replace("0100007F", "")
        except (OSError, IndexError):
            return False

    def _write(self, path: str, text: str, mode: int = 0o644, owner: int = 0) -> None:
        target = self._changes / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)
        os.chown(target, owner, owner)

    def _install(self, key: str | None) -> None:
        for name, line in _accounts().items():
            self._write(f"etc/{name}", line)
        self._write("etc/ssh/sshd_config", _SSHD)
        for name in ("poweroff", "shutdown"):
            self._write(f"usr/local/sbin/{name}", _POWEROFF, 0o755)
        self._write("usr/local/bin/cloud-init-per", '#!/bin/sh\nshift 2\nexec "$@"\n', 0o755)
        self._write("usr/local/bin/systemctl", '#!/bin/sh\necho "$*" >>/var/log/units\n', 0o755)
        keys = [key] if key else []
        keys += [str(one) for one in _listed(self.cloud, "ssh_authorized_keys")]
        self._write(f"home/{USER}/.ssh/authorized_keys", "\n".join(keys) + "\n", 0o600, 1500)
        for place in (f"home/{USER}", f"home/{USER}/.ssh"):
            os.chown(self._changes / place, 1500, 1500)
            (self._changes / place).chmod(0o700)
        for kind, text in dict(self.cloud.get("ssh_keys") or {}).items():  # type: ignore[call-overload]
            name, _, half = str(kind).partition("_")
            end = ".pub" if half == "public" else ""
            self._write(f"etc/ssh/ssh_host_{name}_key{end}", text, 0o600)
        for file in _listed(self.cloud, "write_files"):
            mode = int(str(file.get("permissions", "0644")), 8)
            self._write(str(file["path"]), str(file.get("content", "")), mode)
        self._commands()
        self._open()

    def _open(self) -> None:
        """Let its user get to the Python of these tests, which may be in somebody's home."""
        for prefix in (Path(sys.base_prefix), Path(sys.prefix)):
            for one in prefix.parents:
                place = self._changes / str(one).lstrip("/")
                if not one.stat().st_mode & 1 and not place.exists():
                    place.mkdir(parents=True)
                    place.chmod(one.stat().st_mode | 1)

    def _commands(self) -> None:
        """What cloud-init runs at the first boot: before sshd (`bootcmd`), and after (`runcmd`)."""
        (self.directory / "before").write_text(_script(_listed(self.cloud, "bootcmd")))
        (self.directory / "after").write_text(_script(_listed(self.cloud, "runcmd")))


def _cloud_config(text: str) -> Mapping[str, object]:
    if not text.startswith("#cloud-config"):
        return {}
    found = yaml.safe_load(text)
    return found if isinstance(found, dict) else {}


def _listed(cloud: Mapping[str, object], name: str) -> list[dict[str, object]]:
    found = cloud.get(name) or []
    assert isinstance(found, list)
    return found


def _script(commands: list[dict[str, object]]) -> str:
    import shlex

    lines = [
        shlex.join(str(word) for word in one) if isinstance(one, list) else str(one)
        for one in commands
    ]
    return "".join(f"{line}\n" for line in lines)


def _accounts() -> dict[str, str]:
    return {
        "passwd": f"root:x:0:0:root:/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/bin/false\n"
        f"nobody:x:65534:65534::/:/bin/false\n{USER}:x:1500:1500::/home/{USER}:/bin/bash\n",
        "shadow": f"root:*:19000::::::\nsshd:*:19000::::::\n{USER}:*:19000::::::\n",
        "group": f"root:x:0:\ntty:x:5:\nnogroup:x:65534:\n{USER}:x:1500:\n",
    }
