"""What cloud-init is told: whom to let in, how the machine shows who it is, when it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.api import HostKey, Lifetime

HEADER = "#cloud-config\n"
OWN_KEY = "/etc/ssh/outrig_host_ed25519_key"
LIMITS = "/etc/outrig/limits.json"
LATER_LIMITS = ".outrig-limits.json"
"""In the login user's home: what was said after the start."""
NOTICE = "/run/outrig-interruption"
ENDING = "/usr/local/lib/outrig/ending.py"

ENDING_SOURCE = f'''\
"""Powers this machine off when it is idle, or over its age. Needs no credentials and no client.

Idle is: no process of any user but root and the system's. That covers runs, consoles, forwards.
"""
import glob
import json
import os
import subprocess
import sys
import time

SEEN = "/run/outrig-active"
IGNORED = ("systemd", "(sd-pam)", "dbus-daemon", "dbus-broker")


def limits():
    found = {{}}
    for path in ["{LIMITS}"] + glob.glob("/home/*/{LATER_LIMITS}"):
        try:
            with open(path) as source:
                found = json.load(source)
        except (OSError, ValueError):
            pass
    return found if isinstance(found, dict) else {{}}


def active():
    for path in glob.glob("/proc/[0-9]*"):
        try:
            with open(path + "/comm") as source:
                name = source.read().strip()
            if 1000 <= os.stat(path).st_uid < 65000 and name not in IGNORED:
                return True
        except OSError:
            pass
    return False


def last_active(now):
    if not active():
        try:
            with open(SEEN) as source:
                return float(source.read())
        except (OSError, ValueError):
            pass
    with open(SEEN + ".new", "w") as target:
        target.write(str(now))
    os.rename(SEEN + ".new", SEEN)
    return now


def reason(now, found):
    idle, age = found.get("idle_s"), found.get("max_age_s")
    since = last_active(now)
    if isinstance(age, (int, float)) and now >= age:
        return "over its age of %g s" % age
    if isinstance(idle, (int, float)) and now - since >= idle:
        return "idle for %g s" % idle
    return None


why = reason(time.clock_gettime(time.CLOCK_BOOTTIME), limits())
if why:
    sys.stderr.write("outrig: this machine ends: %s\\n" % why)
    subprocess.call(["shutdown", "-h", "now"])
'''

WATCHING = "/usr/local/lib/outrig/watching.py"
WATCHING_SOURCE = f'''\
"""Writes down what the metadata says of an interruption of this spot instance, within seconds."""
import os
import time
import urllib.request

BASE = "http://169.254.169.254/latest"
PAUSE_S = 5


def ask(path, method, headers):
    request = urllib.request.Request(BASE + path, method=method, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
    with opener.open(request, timeout=4) as answer:
        return answer.read(4096)


def look():
    lifetime = {{"X-aws-ec2-metadata-token-ttl-seconds": "60"}}
    token = ask("/api/token", "PUT", lifetime).decode()
    header = {{"X-aws-ec2-metadata-token": token}}
    said = ask("/meta-data/spot/instance-action", "GET", header)
    with open("{NOTICE}.new", "wb") as target:
        target.write(said)
    os.rename("{NOTICE}.new", "{NOTICE}")


while not os.path.exists("{NOTICE}"):
    try:
        look()
    except (OSError, ValueError):
        time.sleep(PAUSE_S)
'''

_SERVICE = f"""\
[Unit]
Description=Power off when idle or over age (outrig)
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -IS {ENDING}
"""
_TIMER = """\
[Unit]
Description=Look whether this machine is to end (outrig)
[Timer]
OnBootSec=60
OnUnitActiveSec=30
AccuracySec=5
[Install]
WantedBy=timers.target
"""
_WATCHER = f"""\
[Unit]
Description=Notice that this spot instance is taken back (outrig)
[Service]
ExecStart=/usr/bin/python3 -IS {WATCHING}
Restart=on-failure
RestartSec=5
[Install]
WantedBy=multi-user.target
"""
_SSHD = f"""\
HostKey {OWN_KEY}
HostKey /etc/ssh/ssh_host_ecdsa_key
PasswordAuthentication no
"""


def user_data(login: str, host_key: HostKey, lifetime: Lifetime, *, spot: bool) -> str:
    """Return cloud-init's instructions.

    `login` is the public key to let in. `host_key` is by what the first contact is told to be the
    right machine. As whoever runs there can read user data, the machine makes a key of its own at
    its first boot, which never leaves it and is what counts after the first contact.
    """
    files = [
        _file("/etc/ssh/sshd_config.d/10-outrig.conf", _SSHD),
        _file(LIMITS, limits_text(lifetime)),
        _file(ENDING, ENDING_SOURCE),
        _file("/etc/systemd/system/outrig-ending.service", _SERVICE),
        _file("/etc/systemd/system/outrig-ending.timer", _TIMER),
    ]
    units = ["outrig-ending.timer"]
    if spot:
        files.append(_file(WATCHING, WATCHING_SOURCE))
        files.append(_file("/etc/systemd/system/outrig-watching.service", _WATCHER))
        units.append("outrig-watching.service")
    own = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", OWN_KEY]
    config = {
        "ssh_authorized_keys": [login],
        "ssh_deletekeys": True,
        "ssh_keys": {
            "ecdsa_private": host_key.private,
            "ecdsa_public": host_key.public,
        },
        "ssh_pwauth": False,
        "bootcmd": [["cloud-init-per", "once", "outrig-host-key", *own]],
        "write_files": files,
        "runcmd": [
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "--now", *units],
        ],
    }
    return HEADER + json.dumps(config, indent=1) + "\n"  # JSON is YAML


def limits_text(lifetime: Lifetime) -> str:
    """Return a lifetime as the machine's timer reads it."""
    return json.dumps({"idle_s": lifetime.idle_s, "max_age_s": lifetime.max_age_s})


def _file(path: str, content: str) -> dict[str, str]:
    return {"path": path, "content": content, "permissions": "0644"}
