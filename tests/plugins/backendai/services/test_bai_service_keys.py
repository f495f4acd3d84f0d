"""Keys of sessions: always the same for one session, others for every other, kept by nobody."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from outrig.errors import ConfigError
from outrig_backendai.services.keys import session_keys, state_secret

if TYPE_CHECKING:
    from pathlib import Path


def test_a_session_has_the_same_keys_each_time(tmp_path: Path) -> None:
    first, again = session_keys(str(tmp_path), "one"), session_keys(str(tmp_path), "one")
    assert (first.user_public, first.host_public) == (again.user_public, again.host_public)
    assert first.user_private.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert first.user_public.split()[0] == "ssh-ed25519"
    assert first.user_public.split()[2] == "work@one"


def test_no_two_keys_are_the_same(tmp_path: Path) -> None:
    one, two = session_keys(str(tmp_path / "a"), "one"), session_keys(str(tmp_path / "a"), "two")
    elsewhere = session_keys(str(tmp_path / "b"), "one")
    publics = [
        key.split()[1]
        for keys in (one, two, elsewhere)
        for key in (keys.user_public, keys.host_public)
    ]
    assert len(set(publics)) == 6


def test_the_secret_is_its_owners_and_made_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(state_secret, [str(tmp_path / "state")] * 32))
    assert len(secrets) == 1
    (kept,) = (tmp_path / "state").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_damaged_secret_is_said(tmp_path: Path) -> None:
    state_secret(str(tmp_path))
    (tmp_path / "backendai.secret").write_bytes(b"short")
    with pytest.raises(ConfigError, match=r"backendai\.secret is damaged"):
        session_keys(str(tmp_path), "one")


def test_a_secret_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot keep the secret of sessions"):
        session_keys(str(tmp_path / "file"), "one")
