"""Insides by bubblewrap: for users who may open no namespaces where bubblewrap may."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from outrig_backendai.place.record import Bind, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.plugins.backendai.place.conftest import Trial

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="there is no bwrap here (package bubblewrap)"
)


@pytest.fixture
def bubbled(sessions: Callable[[str, Sequence[str]], Trial], nobody: tuple[str, ...]) -> Trial:
    """A session of a normal user, by bubblewrap."""
    made = sessions("bubbled", nobody)
    shown = made.work.parents[3] / "shown"
    shown.mkdir()
    os.chown(shown, *((65534, 65534) if nobody else (os.getuid(), os.getgid())))
    (shown / "file").write_text("shown\n")
    bind = Bind(source=str(shown), target="/home/work/data/shown", read_only=True)
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or ""
    place = Place(
        means="bubblewrap", interpreter=python, hosts={"sub1": "127.0.0.9"}, mounts=(bind,)
    )
    done = made.set_up(place)
    if "bubblewrap does not work" in done.err:
        pytest.skip(done.err)
    assert done.code == 0, done.err
    return made


def test_it_is_really_home_work_and_nobody_elses_files_are_seen(bubbled: Trial) -> None:
    done = bubbled.run(
        "pwd -P; hostname; whoami; ls /home; cat data/shown/file; getent hosts sub1; "
        f"ls {bubbled.work} /root; ls -A /tmp; echo new > made; echo x > data/shown/y; exit 7"
    )
    assert done.code == 7
    assert done.out.split() == [
        *("/home/work", "main1", "work", "work", "shown", "127.0.0.9", "sub1"),
    ]
    assert (bubbled.work / "home/made").read_text() == "new\n"
    assert not (bubbled.work.parents[3] / "shown/y").exists()


def test_scripts_end_as_they_would_anywhere(bubbled: Trial) -> None:
    assert bubbled.run("kill -KILL $$").code == 137
    assert bubbled.run("kill -TERM $$").code == 143
    assert bubbled.run("python -c 'import sys; print(sys.prefix)'").out == "/home/work/.venv\n"
    assert bubbled.run("cat made || echo kept > made").code == 0
    assert bubbled.run("cat made").out == "kept\n"
