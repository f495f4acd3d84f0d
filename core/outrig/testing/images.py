"""A small container image for tests, made of programs of this machine: no registry is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTAINERS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""


@contextmanager
def podman_image(
    name: str, programs: Sequence[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Give podman an image of some programs while the body runs; `place` is an empty directory.

    Skips the test where podman cannot be tried or does not work. No other engine is found then.
    """
    if shutil.which("podman") is None or os.geteuid() != 0:
        pytest.skip("no podman that may be tried")
    (place / "containers.conf").write_text(CONTAINERS)
    monkeypatch.setenv("CONTAINERS_CONF", str(place / "containers.conf"))
    (place / "bin").mkdir()
    (place / "bin/docker").write_text("#!/bin/sh\necho no daemon >&2; exit 1\n")
    (place / "bin/docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}/bin:{os.environ['PATH']}")
    if not podman("info", "--format", "json"):
        pytest.skip("podman does not work here")
    _import(name, programs, place / "rootfs")
    try:
        if not podman("run", "--rm", "--network", "host", name, "sh", "-c", "exit 0"):
            pytest.skip("podman cannot run containers here")
        yield
    finally:
        podman("rmi", "--force", name)


def podman(*words: str) -> bool:
    """Run podman; a broken one is not waited for for ever."""
    try:
        asked = subprocess.run(["podman", *words], capture_output=True, check=False, timeout=20)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def _import(name: str, programs: Sequence[str], place: Path) -> None:
    for program in programs:
        source = Path("/usr/bin", program).resolve()
        target = place / "usr" / "bin" / program
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        linked = subprocess.run(["ldd", source], capture_output=True, text=True, check=False)
        for library in [word for word in linked.stdout.split() if word.startswith("/")]:
            (place / library[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(library, place / library[1:])
    (place / "bin").symlink_to("usr/bin")
    (place / "tmp").mkdir()
    packed = subprocess.run(["tar", "-C", place, "-c", "."], capture_output=True, check=True)
    subprocess.run(
        ["podman", "import", "-", name], input=packed.stdout, capture_output=True, check=True
    )
