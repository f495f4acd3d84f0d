"""What cloud-init is told: whom to let in, how the machine shows who it is, when it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outrig.cloud.ending import ending_files

if TYPE_CHECKING:
    from outrig.api import HostKey, Lifetime

HEADER = "#cloud-config\n"
OWN_KEY = "/etc/ssh/outrig_host_ed25519_key"
_LOOK = """\
BASE = "http://169.254.169.254/latest"


def look():
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    token = ask(BASE + "/api/token", lifetime, "PUT").decode()
    header = {"X-aws-ec2-metadata-token": token}
    return ask(BASE + "/meta-data/spot/instance-action", header)
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
    files, units = ending_files(lifetime, _LOOK if spot else None)
    files["/etc/ssh/sshd_config.d/10-outrig.conf"] = _SSHD
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
        "write_files": [
            {"path": path, "content": content, "permissions": "0644"}
            for path, content in files.items()
        ],
        "runcmd": [
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "--now", *units],
        ],
    }
    return HEADER + json.dumps(config, indent=1) + "\n"  # JSON is YAML
