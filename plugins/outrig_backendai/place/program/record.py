"""What the client wrote down about a session's inside, and where its parts are on the node."""

from __future__ import annotations

import json
import os

HOME = "/home/work"
STATE = ".place"


class Wrong(Exception):  # noqa: N818 - it is an answer: one line for the user
    """What keeps the inside from being made or entered."""


class Inside:
    """One session's inside. `work` is its directory on the node, in which `home` and STATE are."""

    def __init__(self, work: str, fields: dict[str, object]) -> None:
        self.work = work
        self.home = work + "/home"
        self.state = work + "/" + STATE
        self.cache = os.path.dirname(os.path.dirname(os.path.dirname(work))) + "/place"
        self.host = str(fields.get("host") or "main1")
        self.means = str(fields.get("means") or "")
        self.environ = texts(fields.get("environ"))
        self.hosts = texts(fields.get("hosts"))
        self.hidden = words(fields.get("hidden"))
        self.shown = words(fields.get("shown"))
        self.interpreter = str(fields.get("interpreter") or "")
        self.engine = str(fields.get("engine") or "")
        self.image = str(fields.get("image") or "")
        self.shmem_mib = int(str(fields.get("shmem_mib") or 64))
        self.memory_mib = int(str(fields.get("memory_mib") or 0))
        self.cpu = float(str(fields.get("cpu") or 0))
        self.devices = words(fields.get("devices"))
        self.session = str(fields.get("session") or "")
        mounts = fields.get("mounts")
        self.mounts = [Bound(*one) for one in mounts] if isinstance(mounts, list) else []

    def own(self, name: str) -> str:
        """Return the path of a file of ours that is not seen inside."""
        return self.state + "/" + name


class Bound:
    """A directory that is to be seen inside, at `target` below HOME."""

    __slots__ = ("read_only", "source", "target")

    def __init__(self, source: str, target: str, read_only: bool) -> None:
        if not target.startswith(HOME + "/") or ".." in target.split("/"):
            raise Wrong("mount %s: it is not below %s" % (target, HOME))
        self.source = source
        self.target = target
        self.read_only = read_only


def say(text: str) -> None:
    """Write a line for the user."""
    os.write(2, text.encode("utf-8", "surrogateescape") + b"\n")


def texts(value: object) -> dict[str, str]:
    """Return a JSON object as texts by name."""
    pairs = value.items() if isinstance(value, dict) else ()
    return {str(name): str(one) for name, one in pairs}


def words(value: object) -> list[str]:
    """Return a JSON list as texts."""
    return [str(one) for one in value] if isinstance(value, list) else []


def read_inside(work: str) -> Inside:
    """Read what was written down; raises `Wrong`."""
    try:
        with open("%s/%s/place.json" % (work, STATE), "rb") as source:
            fields = json.load(source)
    except (OSError, ValueError) as error:
        raise Wrong("this session has no inside: %s" % error) from None
    return Inside(work, fields)


def read_fields(path: str) -> dict[str, object]:
    """Return a JSON object kept in a file, an empty one when it is missing or not whole."""
    try:
        with open(path, "rb") as source:
            value = json.load(source)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def holds_text(path: str, text: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as source:
            return source.read() == text
    except OSError:
        return False


def write_text(path: str, text: str) -> None:
    """Write a file so that it is either the old one or the new one, whole.

    One that says so already stays: it may just be mounted, and a file that was replaced cannot be.
    """
    if holds_text(path, text):
        return
    aside = "%s.%d" % (path, os.getpid())
    try:
        with open(aside, "w", encoding="utf-8", errors="surrogateescape") as target:
            target.write(text)
        os.rename(aside, path)
    except OSError as error:
        if os.path.lexists(aside):
            os.unlink(aside)
        raise OSError(error.errno, error.strerror, path) from None
