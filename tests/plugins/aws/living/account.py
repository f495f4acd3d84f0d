"""The instances of the account, and the machine that each of them is."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import threading
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.plugins.aws.living.machine import METADATA, USER, InstanceMachine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PENDING, RUNNING, SHUTTING_DOWN, TERMINATED, STOPPING, STOPPED = 0, 16, 32, 48, 64, 80
API = 8181
_NAMES = {
    PENDING: "pending",
    RUNNING: "running",
    SHUTTING_DOWN: "shutting-down",
    TERMINATED: "terminated",
    STOPPING: "stopping",
    STOPPED: "stopped",
}


class Account:
    """Moves instances from state to state in real time, and boots machines if asked to."""

    def __init__(self, directory: Path, config: Path, *, machines: bool, period_s: float) -> None:
        from moto.backends import get_backend

        self._backends = get_backend("ec2")
        self._directory = directory
        self._boots = machines
        self._period_s = period_s
        self.machines: dict[str, InstanceMachine] = {}
        self.notices: dict[str, str] = {}
        self._lock = threading.RLock()
        self.port = 0
        """Where the API is on this computer; machines find it at `METADATA`, port `API`."""
        self.config = config
        self.config.write_text("")
        threading.Thread(target=self._watch, daemon=True).start()

    def backend(self, region: str) -> Any:
        """Return moto's own records of a region."""
        return self._backends["123456789012"][region]

    def instances(self, ids: Sequence[str] | None = None) -> list[Any]:
        """Return moto's records of instances, of all regions."""
        found = [
            one
            for regions in list(self._backends.values())
            for backend in list(regions.values())
            for reservation in backend.all_reservations()
            for one in reservation.instances
        ]
        return [one for one in found if ids is None or one.id in ids]

    def state(self, instance: Any, code: int) -> None:
        """Say where an instance stands."""
        instance._state.name, instance._state.code = _NAMES[code], code

    def start(self, instance: Any) -> None:
        """Take an instance from pending to running, and its machine with it."""
        self.state(instance, PENDING)
        instance.living_address = instance.public_ip
        threading.Thread(target=self._start, args=(instance,), daemon=True).start()

    def stop(self, instance: Any) -> None:
        """Take an instance to stopped."""
        self._end(instance, STOPPING, STOPPED)

    def terminate(self, instance: Any) -> None:
        """Take an instance to terminated."""
        self._end(instance, SHUTTING_DOWN, TERMINATED)

    def interrupt(self, instance_id: str, notice_s: float) -> None:
        """Take a spot instance back: its metadata says so first."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + notice_s))
        self.notices[instance_id] = json.dumps({"action": "terminate", "time": at})
        (instance,) = self.instances([instance_id])

        def reclaim() -> None:
            instance.terminate()
            self.state(instance, RUNNING)
            instance._reason = "Server.SpotInstanceTermination: no capacity"
            self.terminate(instance)

        timer = threading.Timer(notice_s, reclaim)
        timer.daemon = True
        timer.start()

    def clear(self) -> None:
        """Take everything away: machines, and moto's records."""
        with self._lock:
            for machine in self.machines.values():
                machine.remove()
            self.machines.clear()
            self.notices.clear()
            self.config.write_text("")
        for regions in list(self._backends.values()):
            for backend in list(regions.values()):
                backend.reset()

    def _start(self, instance: Any) -> None:
        time.sleep(self._period_s)
        with self._lock:
            if instance._state.code != PENDING:
                return
            try:
                self._boot(instance)
            except Exception as err:
                traceback.print_exc()
                instance._reason = f"Server.InternalError: {err}"
                self.state(instance, TERMINATED)
                return
            self.state(instance, RUNNING)

    def _boot(self, instance: Any) -> None:
        if not self._boots:
            return
        machine = self.machines.get(instance.id)
        if machine is None:
            key = instance.ec2_backend.key_pairs.get(instance.key_name)
            public = key.material_public.decode() if key else None
            directory = self._directory / instance.id
            machine = InstanceMachine(directory, user_data_of(instance), public)
            self.machines[instance.id] = machine
        machine.boot()
        self._serve_metadata(instance, machine)
        self._write_config()

    def _end(self, instance: Any, during: int, after: int) -> None:
        if instance._state.code == TERMINATED or instance._state.code == after:
            return
        self.state(instance, during)
        threading.Thread(target=self._ended, args=(instance, after), daemon=True).start()

    def _ended(self, instance: Any, after: int) -> None:
        time.sleep(self._period_s)
        with self._lock:
            machine = self.machines.get(instance.id)
            if machine is not None and after == STOPPED:
                machine.off()
            elif machine is not None:
                self.machines.pop(instance.id).remove()
            self.state(instance, after)

    def _watch(self) -> None:
        """A machine that powers itself off is stopped or terminated, as it was launched to be."""
        while True:
            time.sleep(0.1)
            with self._lock:
                dead = [name for name, one in self.machines.items() if not one.runs]
            for instance in self.instances(dead):
                if instance._state.code == RUNNING:
                    self._powered_off(instance)

    def _powered_off(self, instance: Any) -> None:
        if instance.instance_initiated_shutdown_behavior == "terminate":
            instance.terminate()
            self.state(instance, RUNNING)
            self.terminate(instance)
        else:
            self.stop(instance)

    def _write_config(self) -> None:
        entries = [
            f"Host {one.public_ip} {one.private_ip}\n HostName 127.0.0.1\n"
            f" Port {self.machines[one.id].cable.port}\n User {USER}\n"
            for one in self.instances(list(self.machines))
        ]
        aside = self.config.with_suffix(".new")
        aside.write_text("".join(entries))
        aside.rename(self.config)

    def _serve_metadata(self, instance: Any, machine: InstanceMachine) -> None:
        from http.server import BaseHTTPRequestHandler, HTTPServer

        account = self

        class Metadata(BaseHTTPRequestHandler):
            """The instance's metadata, version 2 only."""

            def do_PUT(self) -> None:
                self.answer("token" if self.path == "/latest/api/token" else None)

            def do_GET(self) -> None:
                if self.headers.get("X-aws-ec2-metadata-token") != "token":
                    self.answer("", 401)
                    return
                known = {
                    **described(instance),
                    "spot/instance-action": account.notices.get(instance.id),
                }
                self.answer(known.get(self.path.removeprefix("/latest/meta-data/")))

            def answer(self, text: str | None, status: int = 200) -> None:
                self.send_response(404 if text is None else status)
                self.send_header("Content-Length", str(len(text or "")))
                self.end_headers()
                self.wfile.write((text or "").encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = HTTPServer((METADATA, 80), Metadata, bind_and_activate=False)
        server.socket.close()
        server.socket = machine.listener(METADATA, 80)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        if self.port:
            lead(machine.listener(METADATA, API), self.port)

    def close(self) -> None:
        """End all machines."""
        self.clear()
        shutil.rmtree(self._directory, ignore_errors=True)


def described(instance: Any) -> dict[str, str]:
    """Return what an instance's metadata says of it, by path."""
    (nic, *_) = instance.nics.values()
    interface = f"network/interfaces/macs/{nic.mac_address}"
    keys = {"AccessKeyId": "testing", "SecretAccessKey": "testing", "Token": "testing"}
    role = {**keys, "Code": "Success", "Type": "AWS-HMAC", "Expiration": "2100-01-01T00:00:00Z"}
    profile = {
        "iam/security-credentials/": "role",
        "iam/security-credentials/role": json.dumps(role),
    }
    return {
        "instance-id": instance.id,
        "ami-id": instance.image_id,
        "placement/region": instance.region_name,
        "mac": nic.mac_address,
        f"{interface}/subnet-id": nic.subnet.id,
        f"{interface}/security-group-ids": "\n".join(one.id for one in nic.group_set),
        **(profile if instance.iam_instance_profile else {}),
    }


def lead(listener: socket.socket, port: int) -> None:
    """Lead connections from a machine's network to a port of this computer."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = socket.create_connection(("127.0.0.1", port))
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def user_data_of(instance: Any) -> str:
    """Return an instance's user data as text."""
    data = instance.user_data
    if isinstance(data, list):
        data = data[0] if data else ""
    text = data.decode() if isinstance(data, bytes) else str(data or "")
    if text.startswith("#"):
        return text
    return base64.b64decode(text).decode()
