"""What sets Python, Ray and Daft up on a node, in the login user's `~/.venv`."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DEFAULT_PYTHON = "3.12"
_PATH = 'export PATH="$HOME/.local/bin:$PATH"; '
_UV = (
    "[ -x ~/.venv/bin/python ] || command -v uv >/dev/null || "
    "python3 -m pip install --user --quiet uv || curl -LsSf https://astral.sh/uv/install.sh | sh"
)
_ACTIVATE = (
    "grep -qsF '.venv/bin/activate' ~/.bashrc || echo "
    "'[ ! -f ~/.venv/bin/activate ] || . ~/.venv/bin/activate' >> ~/.bashrc"
)
_INSTALL = (
    "if command -v uv >/dev/null; then uv pip install --python ~/.venv/bin/python {words}; "
    "else ~/.venv/bin/python -m pip install {words}; fi"
)
_AUTHORISE = (
    "mkdir -p ~/.ssh && chmod 700 ~/.ssh && {{ grep -qsF {key} ~/.ssh/authorized_keys || "
    "printf '%s\\n' {key} >> ~/.ssh/authorized_keys; }} && chmod 600 ~/.ssh/authorized_keys"
)
_PLAIN_VERSION = re.compile(r"=?\s*([0-9][0-9A-Za-z.]*)")


def environment_commands(
    python: str | None, ray: str | None, dependencies: Sequence[str]
) -> list[str]:
    """Return the commands that set a node's Python up; what is there already is left."""
    python_words = shlex.quote(_python(python))
    requirements = [_requirement("ray[default]", ray), *_daft(dependencies), *dependencies]
    words = " ".join(shlex.quote(one) for one in requirements)
    return [
        _PATH + _UV,
        f"{_PATH}[ -x ~/.venv/bin/python ] || uv venv --python {python_words} ~/.venv",
        _ACTIVATE,
        _PATH + _INSTALL.format(words=words),
    ]


def authorise_command(public_key: str) -> str:
    """Return what lets a key log in to a node."""
    return _AUTHORISE.format(key=shlex.quote(" ".join(public_key.split()[:2])))


def public_key(path: Path) -> str:
    """Return the public part of a private key; raises `ConfigError`."""
    import subprocess

    from outrig.errors import ConfigError, NotFoundError

    path = path.expanduser()
    if not path.is_file():
        raise NotFoundError(f"there is no key {path}")
    words = ["ssh-keygen", "-y", "-P", "", "-f", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return " ".join(done.stdout.split()[:2])
    beside = path.with_name(f"{path.name}.pub")
    if beside.is_file():  # it has a passphrase, or is in a device
        return " ".join(beside.read_text(errors="replace").split()[:2])
    why = done.stderr.strip().splitlines()[-1:] or ["it is none"]
    raise ConfigError(f"{path} cannot be read as a private key: {why[0]}")


def _python(version: str | None) -> str:
    if version is None:
        return DEFAULT_PYTHON
    plain = _PLAIN_VERSION.fullmatch(version)
    return plain[1] if plain else version.replace("^", "~=")


def _requirement(package: str, version: str | None) -> str:
    if version is None:
        return package
    plain = _PLAIN_VERSION.fullmatch(version)
    return f"{package}=={plain[1]}" if plain else package + version.replace("^", "~=")


def _daft(dependencies: Sequence[str]) -> list[str]:
    """Return Daft, unless the file asks for a release of its own."""
    names = {re.split(r"[^A-Za-z0-9._-]", one.strip(), maxsplit=1)[0] for one in dependencies}
    own = [] if names & {"daft", "getdaft"} else ["daft"]
    return own + ([] if "deltalake" in names else ["deltalake"])
