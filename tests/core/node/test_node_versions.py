"""A newer client replaces the keeper of an older one, and what runs goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.ids import new_id
from outrig.model.run import RunStatus, Task
from outrig.node import boot, greeting
from outrig.testing.providers import Held
from outrig_local.provider import LocalProvider, LocalSettings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

VERSION = b"KEEPER_VERSION = 1\n"


def keeper(root: Path) -> tuple[int, int]:
    """Return the keeper's pid and version."""
    pid, version = (root / "keeper.lock").read_text().split()
    return int(pid), int(version)


def test_a_newer_client_replaces_the_keeper(
    root: Path, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = "while [ ! -e door ]; do sleep 0.02; done; exit $CODE"
    tasks = [Task(id=new_id(), script=waits, variables={"CODE": str(n)}) for n in range(4)]
    refs = held.start(*tasks, cap=2)
    while held.runner.wait(refs[:1], 10)[0].status is RunStatus.QUEUED:
        pass
    old = keeper(root)
    newer = boot.program_source().replace(VERSION, b"KEEPER_VERSION = 2\n")
    monkeypatch.setattr(greeting, "program_source", lambda: newer)
    monkeypatch.setattr(boot, "program_digest", lambda: "newer")
    provider = LocalProvider(LocalSettings(root=str(root)))
    guest = Held(provider)
    guest.session_id = held.session_id
    guest.wait(*guest.start(Task(id=new_id(), script="true")))
    assert old[1] == 1
    while (now := keeper(root))[1] != 2:
        pass
    assert now[0] != old[0]
    assert held.sh("touch door; echo old clients go on")[1] == b"old clients go on\n"
    assert [state.exit_code for state in held.wait(*refs)] == [0, 1, 2, 3]
    provider.close()
