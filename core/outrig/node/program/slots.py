"""The node's ledger: how much cpu, memory and which gpus are free. Only the keeper keeps it."""

from __future__ import annotations

import os

from outrig.node.program.place import Refused, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.record import Spec

NEARLY = 1e-9


class Device:
    """One gpu, and which share of it is free."""

    __slots__ = ("free", "index", "name")

    def __init__(self, index: int, name: str) -> None:
        self.index = index
        self.name = name
        self.free = 1.0


class Slots:
    """What the node has, and what of it is not taken."""

    def __init__(self) -> None:
        self.cores = usable_cores()
        self.load = dict.fromkeys(self.cores, 0.0)
        self.total_memory_mib = usable_memory_mib()
        self.cpu = float(len(self.cores))
        self.memory_mib = float(self.total_memory_mib)
        self.found_devices: list[Device] | None = None

    def devices(self) -> list[Device]:
        """Return the node's gpus; they are looked for when first needed."""
        if self.found_devices is None:
            self.found_devices = list_gpus()
        return self.found_devices

    def check(self, spec: Spec) -> None:
        """Raise `Refused` if the run can never fit on this node."""
        if (spec.cpu or 0) > len(self.cores) + NEARLY:
            raise too_large("cpu=%g" % (spec.cpu or 0), "%d cores" % len(self.cores))
        if (spec.memory_mib or 0) > self.total_memory_mib:
            wanted = "memory=%dm" % (spec.memory_mib or 0)
            raise too_large(wanted, "%d MiB" % self.total_memory_mib)
        if spec.gpu and spec.gpu > len(self.fitting(spec)):
            kind = "%s:" % spec.gpu_type if spec.gpu_type else ""
            found = ", ".join(one.name for one in self.devices()) or "none"
            raise too_large("gpu=%s%g" % (kind, spec.gpu), found)

    def fitting(self, spec: Spec) -> list[Device]:
        wanted = (spec.gpu_type or "").lower()
        return [one for one in self.devices() if wanted in one.name.lower()]

    def take(self, spec: Spec) -> bool:
        """Take what the run asks for, noting cores and devices in `spec`; false if it must wait."""
        if (spec.cpu or 0) > self.cpu + NEARLY or (spec.memory_mib or 0) > self.memory_mib:
            return False
        if spec.gpu:
            share = min(1.0, spec.gpu)
            free = [one for one in self.fitting(spec) if one.free >= share - NEARLY]
            count = max(1, int(spec.gpu + 1 - NEARLY))
            if len(free) < count:
                return False
            spec.devices = [one.index for one in sorted(free, key=by_free)[:count]]
        if spec.cpu:
            count = max(1, int(spec.cpu + 1 - NEARLY))
            spec.cores = sorted(self.cores, key=self.load.__getitem__)[:count]
        self.count(spec, -1)
        return True

    def give(self, spec: Spec) -> None:
        """Give back what the run had."""
        self.count(spec, 1)

    def count(self, spec: Spec, sign: int) -> None:
        """Add what a run has, or with -1 take it away; also for a run found by a new keeper."""
        if spec.shared:
            return  # its session holds that, and somebody else counts
        self.cpu += sign * (spec.cpu or 0)
        self.memory_mib += sign * (spec.memory_mib or 0)
        for core in spec.cores:
            if core in self.load:
                self.load[core] -= sign * (spec.cpu or 0) / len(spec.cores)
        if spec.devices:
            for device in self.devices():
                if device.index in spec.devices:
                    device.free += sign * min(1.0, spec.gpu or 0)


def by_free(device: Device) -> float:
    return device.free


def too_large(wanted: str, there_is: str) -> Refused:
    return Refused("%s is more than this node has (%s)" % (wanted, there_is), "capacity")


def usable_cores() -> list[int]:
    """Return the numbers of the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def usable_memory_mib() -> int:
    """Return how much memory the machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    except (OSError, ValueError):
        return 1 << 20


def list_gpus() -> list[Device]:
    """Ask the driver which gpus there are."""
    if not (read_whole("/proc/driver/nvidia/version") or os.path.exists("/dev/nvidiactl")):
        return []
    import subprocess

    command = ["nvidia-smi", "--query-gpu=index,name", "--format=csv,noheader"]
    try:
        text = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    lines = [line.partition(",") for line in text.decode("utf-8", "replace").splitlines()]
    return [Device(int(index), name.strip()) for index, _, name in lines if index.isdigit()]
