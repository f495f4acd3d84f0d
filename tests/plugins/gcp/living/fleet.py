"""The machines behind instances: what Google's guest agent would do there is done before they boot.

The machine itself is that of the living EC2: it is told of the agent's work as by cloud-init.
"""

from __future__ import annotations

import base64
import json
import shlex
import threading
import time
from typing import TYPE_CHECKING

from tests.plugins.aws.living.machine import METADATA, USER, InstanceMachine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.plugins.gcp.living.discovery import Json


class Fleet:
    """One machine for each running instance, if machines are wanted at all."""

    def __init__(self, directory: Path, config: Path, *, machines: bool) -> None:
        self._directory = directory
        self._boots = machines
        self._lock = threading.RLock()
        self._machines: dict[str, InstanceMachine] = {}
        self._addresses: dict[str, str] = {}
        self._preempted: set[str] = set()
        self.config = config
        self.config.write_text("")

    def start(self, instance: Json) -> None:
        """Boot an instance's machine, with the disk that it had."""
        if not self._boots:
            return
        with self._lock:
            name = instance["name"]
            items = metadata_of(instance)
            machine = self._machines.get(name)
            if machine is None:
                text, public = _first_boot(items)
                machine = InstanceMachine(self._directory / name, text, None)
                if items.get("enable-guest-attributes") == "TRUE":
                    instance["_host_key"] = public
                self._machines[name] = machine
            (machine.directory / "after").write_text(_startup(items))
            machine.boot()
            nic = instance["networkInterfaces"][0]
            public_ip = (nic.get("accessConfigs") or [{}])[0].get("natIP", "")
            self._addresses[name] = f"{public_ip} {nic['networkIP']}".strip()
            self._serve_metadata(name, machine)
            self._write_config()

    def stop(self, instance: Json) -> None:
        """Take the power away; the disk stays."""
        with self._lock:
            if machine := self._machines.get(instance["name"]):
                machine.off()

    def remove(self, instance: Json) -> None:
        """Take the machine away, disk and all."""
        with self._lock:
            if machine := self._machines.pop(instance["name"], None):
                self._addresses.pop(instance["name"], None)
                machine.remove()

    def preempt(self, name: str) -> None:
        """Let the metadata say that an instance is taken back."""
        self._preempted.add(name)

    def run(self, name: str, script: str) -> str:
        """Run a script as root on a machine."""
        return self._machines[name].run(script)

    def watch(self, powered_off: Callable[[str], object]) -> None:
        """Call with the names of machines that power themselves off, from now on."""

        def look() -> None:
            while True:
                time.sleep(0.1)
                with self._lock:
                    dead = [name for name, one in self._machines.items() if not one.runs]
                for name in dead:
                    powered_off(name)

        threading.Thread(target=look, daemon=True).start()

    def clear(self) -> None:
        """Take all machines away."""
        with self._lock:
            for machine in self._machines.values():
                machine.remove()
            self._machines.clear()
            self._addresses.clear()
            self._preempted.clear()
            self.config.write_text("")

    def _write_config(self) -> None:
        entries = [
            f"Host {self._addresses[name]}\n HostName 127.0.0.1\n"
            f" Port {one.cable.port}\n User {USER}\n"
            for name, one in self._machines.items()
            if name in self._addresses
        ]
        aside = self.config.with_suffix(".new")
        aside.write_text("".join(entries))
        aside.rename(self.config)

    def _serve_metadata(self, name: str, machine: InstanceMachine) -> None:
        from http.server import BaseHTTPRequestHandler, HTTPServer

        preempted = self._preempted

        class Metadata(BaseHTTPRequestHandler):
            """The instance's metadata, for those who ask as they must."""

            def do_GET(self) -> None:
                right = self.headers.get("Metadata-Flavor") == "Google"
                known = self.path == "/computeMetadata/v1/instance/preempted"
                text = "TRUE" if name in preempted else "FALSE"
                self.send_response(200 if right and known else 403)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = HTTPServer((METADATA, 80), Metadata, bind_and_activate=False)
        server.socket.close()
        server.socket = machine.listener(METADATA, 80)
        threading.Thread(target=server.serve_forever, daemon=True).start()


def metadata_of(instance: Json) -> dict[str, str]:
    """Return an instance's metadata by key."""
    return {one["key"]: one["value"] for one in instance["metadata"].get("items", ())}


def _first_boot(items: dict[str, str]) -> tuple[str, str]:
    """Return what cloud-init would be told to do the guest agent's work, and the host key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    lines = [line.partition(":") for line in items.get("ssh-keys", "").splitlines()]
    keys = [own for user, _, own in lines if user == USER]
    told = {
        "ssh_authorized_keys": keys,
        "ssh_keys": {"ed25519_private": private, "ed25519_public": public},
    }
    return "#cloud-config\n" + json.dumps(told), public.split()[1]


def _startup(items: dict[str, str]) -> str:
    script = items.get("startup-script", "true")
    data = base64.b64encode(script.encode()).decode()
    return f"echo {shlex.quote(data)} | base64 -d > /run/startup; sh /run/startup\n"
