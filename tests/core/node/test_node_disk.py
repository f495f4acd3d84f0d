"""Disks that are full or cannot be written: said in a line, and what ran keeps its exit code."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import RemoteError
from outrig.ids import new_id
from outrig.model.run import RunStatus, Task
from outrig.testing.providers import Held
from outrig_local.provider import LocalProvider, LocalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

FILL = "dd if=/dev/zero of=fill bs=64k 2>/dev/null; dd if=/dev/zero of=fill2 bs=512 2>/dev/null"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "outrig-test", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def on_small_disk(small_disk: Path) -> Iterator[Held]:
    provider = LocalProvider(LocalSettings(root=str(small_disk / "node")))
    held = Held(provider)
    held.sync({})
    yield held
    held.end()
    provider.close()


def test_the_exit_code_is_kept_when_the_command_fills_the_disk(on_small_disk: Held) -> None:
    state, _, _ = on_small_disk.sh(f"{FILL}; exit 11")
    assert (state.status, state.exit_code) == (RunStatus.FAILED, 11)


def test_on_a_full_disk_a_run_is_refused_and_works_again_later(on_small_disk: Held) -> None:
    on_small_disk.sh(FILL)
    with pytest.raises(RemoteError, match="No space left on device"):
        on_small_disk.start(Task(id=new_id(), script="true", variables={"LARGE": "x" * 100_000}))
    work = Path(on_small_disk.provider.settings.root) / "s"  # type: ignore[attr-defined]
    (fill,) = work.rglob("work/fill")
    fill.unlink()
    assert on_small_disk.sh("echo works")[1] == b"works\n"


def test_a_sync_that_does_not_fit_is_said_and_can_be_repeated(on_small_disk: Held) -> None:
    root = on_small_disk.provider.settings.root  # type: ignore[attr-defined]
    with pytest.raises(RemoteError, match=rf"No space left on device \({root}"):
        on_small_disk.sync({str(number): os.urandom(900_000) for number in range(8)})
    on_small_disk.sync({"a": "fits"})
    assert on_small_disk.sh("ls")[1] == b"a\n"


def test_a_file_that_does_not_fit_leaves_nothing(on_small_disk: Held) -> None:
    data = (os.urandom(1 << 20) for _ in range(8))
    provider = on_small_disk.files
    with pytest.raises(RemoteError, match="No space left on device"):
        provider.write_file(on_small_disk.session_id, on_small_disk.head, "big", data, False)
    assert provider.list_files(on_small_disk.session_id, on_small_disk.head, ["."]) == ()
    assert on_small_disk.sh("echo works")[1] == b"works\n"


def test_a_node_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    provider = LocalProvider(LocalSettings(root=str(tmp_path / "file" / "node")))
    with pytest.raises(RemoteError, match=r"node root .*/file/node: Not a directory"):
        Held(provider).sync({})
    provider.close()


def test_a_node_root_on_another_file_system(on_small_disk: Held) -> None:
    on_small_disk.sync({"a": "content", "b/c": os.urandom(1_500_000)})
    assert on_small_disk.sh("cat a; wc -c < b/c")[1] == b"content1500000\n"
