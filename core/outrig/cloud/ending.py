"""What a machine of a cloud is told so that it ends by itself, and hears that it is taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.errors import ConfigError

if TYPE_CHECKING:
    from outrig.model.node import Lifetime

LIMITS = "/etc/outrig/limits.json"
LATER_LIMITS = ".outrig-limits.json"
"""In the login user's home: what was said after the start."""
NOTICE = "/run/outrig-interruption"
ENDING = "/usr/local/lib/outrig/ending.py"
WATCHING = "/usr/local/lib/outrig/watching.py"

ENDING_SOURCE = f'''\
"""Powers this machine off when it is idle, or over its age. Needs no credentials and no client.

Idle is: no process of any user but root and the system's. That covers runs, consoles, forwards.
What looks after runs, and an engine that is only beneath them, are nobody's work.
"""
import glob
import json
import os
import subprocess
import sys
import time

SEEN = "/run/outrig-active"
IGNORED = ("systemd", "(sd-pam)", "dbus-daemon", "dbus-broker", "outrig-keeper")
BESIDE = b"OUTRIG_BESIDE=1"


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
            if not 1000 <= os.stat(path).st_uid < 65000 or name in IGNORED:
                continue
            with open(path + "/environ", "rb") as source:
                if BESIDE not in source.read().split(bytes(1)):
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

_WATCHING_SOURCE = '''\
"""Writes down what the metadata says of an interruption of this spot machine, within seconds."""
import os
import time
import urllib.request

PAUSE_S = 5


def ask(url, headers, method="GET"):
    request = urllib.request.Request(url, method=method, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
    with opener.open(request, timeout=4) as answer:
        return answer.read(4096)


{look}

while not os.path.exists("{notice}"):
    try:
        said = look()
        if said:
            with open("{notice}.new", "wb") as target:
                target.write(said)
            os.rename("{notice}.new", "{notice}")
            break
    except (OSError, ValueError):
        pass
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
Description=Notice that this spot machine is taken back (outrig)
[Service]
ExecStart=/usr/bin/python3 -IS {WATCHING}
Restart=on-failure
RestartSec=5
[Install]
WantedBy=multi-user.target
"""


def ending_files(lifetime: Lifetime, look: str | None) -> tuple[dict[str, str], list[str]]:
    """Return files by their paths, and the units to enable.

    `look` is for machines that may be taken back: the source of a function of that name, which asks
    the metadata with `ask(url, headers)` and returns the notice, empty while there is none.
    """
    files = {
        LIMITS: limits_text(lifetime),
        ENDING: ENDING_SOURCE,
        "/etc/systemd/system/outrig-ending.service": _SERVICE,
        "/etc/systemd/system/outrig-ending.timer": _TIMER,
    }
    units = ["outrig-ending.timer"]
    if look is not None:
        files[WATCHING] = _WATCHING_SOURCE.format(look=look, notice=NOTICE)
        files["/etc/systemd/system/outrig-watching.service"] = _WATCHER
        units.append("outrig-watching.service")
    return files, units


def limits_text(lifetime: Lifetime) -> str:
    """Return a lifetime as the machine's timer reads it."""
    return json.dumps({"idle_s": lifetime.idle_s, "max_age_s": lifetime.max_age_s})


def told(lifetime: Lifetime) -> str:
    """Return all that a machine can be told of a lifetime, to see whether it changed."""
    return limits_text(lifetime) + str(lifetime.terminate)


def bounded(
    provider: str, lifetime: Lifetime, budget: float | None, price: float | None, count: int
) -> Lifetime:
    """Return limits that keep to a budget in USD; raises `ConfigError` where no price is known."""
    if budget is None:
        return lifetime
    if not price:
        raise ConfigError(
            f"{provider}: the price is not known, so a budget cannot be kept",
            hint="give --max-age in place of --budget",
        )
    age = budget / (price * count) * 3600.0
    return replace(lifetime, max_age_s=min(age, lifetime.max_age_s or age))
