"""The files of a run: what to run, that it started, how it ended."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import time

from outrig.node.program.place import exists, read_whole, write_all, write_file
from outrig.node.program.proc import boot_id, start_time

RESERVED = 1024
"""How many bytes of an `exit` or `started` file are kept free beforehand, for full disks."""


class Spec:
    """What one run is, as the client and the keeper wrote it."""

    __slots__ = (
        "apart",
        "background",
        "batch",
        "cores",
        "cpu",
        "devices",
        "directory",
        "engine",
        "gpu",
        "gpu_type",
        "image",
        "memory_mib",
        "run",
        "script",
        "session",
        "shared",
        "timeout_s",
        "variables",
    )

    def __init__(self, fields: dict[str, object]) -> None:
        self.run = str(fields["run"])
        self.session = str(fields["session"])
        self.batch = str(fields.get("batch", ""))
        self.engine = str(fields.get("engine") or "")
        self.image = str(fields.get("image") or "")
        self.script = str(fields["script"])
        self.directory = str(fields.get("directory", "."))
        self.cpu = number(fields.get("cpu"))
        self.memory_mib = number(fields.get("memory_mib"))
        self.gpu = number(fields.get("gpu"))
        self.gpu_type = str(fields["gpu_type"]) if fields.get("gpu_type") else None
        self.timeout_s = number(fields.get("timeout_s"))
        self.background = bool(fields.get("background"))
        self.shared = bool(fields.get("shared"))
        self.apart = texts_or_none(fields.get("apart"))
        self.cores = numbers(fields.get("cores"))
        self.devices = numbers(fields.get("devices"))
        variables = fields.get("variables")
        self.variables = dict(variables) if isinstance(variables, dict) else {}

    def encode(self) -> bytes:
        """Return the spec as it is kept."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}).encode("ascii")

    def beside(self) -> bool:
        """Whether the run is nobody's work, as an engine beneath the others; see the engine."""
        return self.variables.get("OUTRIG_BESIDE") == "1"

    def takes_slots(self) -> bool:
        """Whether the run asks for anything that is counted; shared limits are not."""
        return not self.shared and bool(self.cpu or self.memory_mib or self.gpu)


def number(value: object) -> float | None:
    """Return a JSON number, `None` for anything else."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def texts_or_none(value: object) -> list[str] | None:
    """Return a JSON list as texts, `None` for anything else."""
    return [str(one) for one in value] if isinstance(value, list) else None


def numbers(value: object) -> list[int]:
    """Return a JSON list of integers."""
    return [one for one in value if isinstance(one, int)] if isinstance(value, list) else []


def read_fields(path: str) -> dict[str, object] | None:
    """Return a JSON object kept in a file, `None` if it is missing or not whole."""
    data = read_whole(path)
    if data is None:
        return None
    try:
        value = json.loads(data.decode("utf-8", "replace").strip(" \0\n"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def read_spec(directory: str) -> Spec | None:
    """Return the spec in a run's directory, `None` before there is one."""
    fields = read_fields(directory + "/spec")
    try:
        return Spec(fields) if fields else None
    except KeyError:
        return None


def reserve(path: str) -> None:
    """Take the disk space that `publish` will need."""
    if not exists(path):
        write_file(path, b" " * RESERVED, 0)


def publish(aside: str, path: str, fields: dict[str, object]) -> bool:
    """Fill the reserved file and link it to its name; false if another was there first."""
    if exists(path):
        return False  # the reserved file may be that one
    data = json.dumps(fields).encode("ascii").ljust(RESERVED)
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        write_all(fd, data)
    finally:
        os.close(fd)
    try:
        os.link(aside, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        return publish_without_links(path, data)  # a file system that has no hard links
    return True


def publish_without_links(path: str, data: bytes) -> bool:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    try:
        write_all(fd, data)
    finally:
        os.close(fd)
    return True


def mark_started(directory: str) -> bool:
    """Say that this process is the run, its last act before exec; false if one was there."""
    fields: dict[str, object] = {
        "pid": os.getpid(),
        "start": start_time(os.getpid()),
        "boot": boot_id(),
        "time": time.time(),
    }
    return publish(directory + "/started.new", directory + "/started", fields)


class Ending:
    """How a run ended."""

    __slots__ = ("code", "reason", "status")

    def __init__(self, status: str, code: int | None, reason: str | None = None) -> None:
        self.status = status
        self.code = code
        self.reason = reason

    def write(self, directory: str) -> bool:
        """Write it as the run's end; false if the run had ended already."""
        fields: dict[str, object] = {
            "status": self.status,
            "code": self.code,
            "reason": self.reason and self.reason.encode("ascii", "replace").decode("ascii")[:400],
            "time": time.time(),
        }
        return publish(directory + "/exit.new", directory + "/exit", fields)


def ending_of(code: int, status: int, asked: dict[str, object] | None) -> Ending:
    """Make the ending of what waitid said; `asked` is why it was told to end, if it was."""
    by_signal = code in (getattr(os, "CLD_KILLED", 2), getattr(os, "CLD_DUMPED", 3))
    exit_code = 128 + status if by_signal else status
    if asked is not None:
        given = number(asked.get("code"))
        return Ending(
            str(asked.get("status", "CANCELLED")),
            exit_code if given is None else int(given),
            str(asked["reason"]) if asked.get("reason") else None,
        )
    if exit_code == 0:
        return Ending("SUCCEEDED", 0)
    return Ending("FAILED", exit_code, signal_name(status) if by_signal else None)


def signal_name(number_of: int) -> str:
    """Return `killed by SIGSEGV`."""
    try:
        return "killed by %s" % signal.Signals(number_of).name
    except ValueError:
        return "killed by signal %d" % number_of


def lock_is_free(path: str) -> bool:
    """Whether nobody holds the flock on a file; a file that is not there is free."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(fd)
