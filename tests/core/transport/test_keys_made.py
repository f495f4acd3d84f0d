"""The keys that Outrig makes: to log in with, and for machines to show."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from outrig.errors import ConfigError
from outrig.transport.keys import host_key_for, login_key


def test_a_login_key_is_made_once_and_fits(outrig_home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: login_key(), range(8)))
    assert len(found) == 1
    (key,) = found
    path = Path(key.path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(one.name for one in path.parent.iterdir()) == ["id_ed25519", "id_ed25519.pub"]
    told = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(path)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[:2] == key.public.split()


def test_a_host_key_follows_from_its_token(outrig_home: Path, tmp_path: Path) -> None:
    key = host_key_for("one")
    assert host_key_for("one") == key
    assert host_key_for("two").public != key.public
    path = tmp_path / "key"
    path.write_text(key.private)
    path.chmod(0o600)
    told = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(path)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[:2] == key.public.split()
    assert key.public.startswith("ecdsa-sha2-nistp256 ")


def test_a_key_that_cannot_be_kept_is_said(outrig_home: Path) -> None:
    keys = outrig_home / "outrig" / "state" / "keys"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text("a file")
    with pytest.raises(ConfigError, match="id_ed25519 cannot be used"):
        login_key()
