"""Cloning a template's repository in a session, its credential known to git alone.

The password comes as a file that only the session's user may read, beside a program that git asks
for it; both go when git is done. So it is in no command line, log, record or git configuration.
"""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from outrig.errors import ConfigError

if TYPE_CHECKING:
    from outrig_backendai.templates.template import GitSource

ASIDE = ".outrig-clone"
HOME = "/home/work"
_ASK = """#!/bin/sh
case "$1" in
Username*) cat "$HOME/{aside}/username" ;;
*) cat "$HOME/{aside}/password" ;;
esac
"""
_CLONE = """
if [ ! -e {target} ]; then
  (
    trap 'rm -rf "$HOME/{aside}"' EXIT
    export GIT_TERMINAL_PROMPT=0
    if [ -e "$HOME/{aside}/ask" ]; then
      export GIT_ASKPASS="$HOME/{aside}/ask"
    fi
    command -v git >/dev/null || {{ echo "there is no git in this image" >&2; exit 127; }}
    git -c credential.helper= clone -q {options} -- {repository} {target} || exit
    {checkout}
  ) || exit
fi
rm -rf "$HOME/{aside}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """A file of a session's home that only its user may read."""

    path: str
    data: bytes
    permission: str


def without_credential(git: GitSource) -> GitSource:
    """Return a repository whose URL holds no credential; one in the URL is taken out of it.

    Raises `ConfigError` for a URL that cannot be read.
    """
    try:
        parts = urlsplit(git.repository)
    except ValueError as err:
        raise ConfigError(f"spec.kernel.git.repository is no URL: {err}") from None
    if parts.scheme not in ("http", "https") or "@" not in parts.netloc:
        return git
    who, _, host = parts.netloc.rpartition("@")
    name, _, password = who.partition(":")
    return replace(
        git,
        repository=urlunsplit(parts._replace(netloc=host)),
        username=git.username or unquote(name),
        password=git.password or unquote(password),
    )


def clone_text(git: GitSource) -> str:
    """Return shell text that clones a repository into a session's home, if it is not there."""
    name = posixpath.basename(git.repository.rstrip("/")).removesuffix(".git") or "repository"
    place = posixpath.normpath(posixpath.join(HOME, git.destination or name))
    if not place.startswith(f"{HOME}/"):
        raise ConfigError(f"spec.kernel.git.destinationDir {git.destination!r} is not below {HOME}")
    target = f'"$HOME"/{shlex.quote(place[len(HOME) + 1 :])}'
    checkout = f"git -C {target} checkout -q {shlex.quote(git.commit)} --" if git.commit else ":"
    return _CLONE.format(
        aside=ASIDE,
        target=target,
        options=f"-b {shlex.quote(git.branch)}" if git.branch else "",
        repository=shlex.quote(git.repository),
        checkout=checkout,
    )


def secret_files(username: str, password: str) -> tuple[SecretFile, ...]:
    """Return the files by which git learns a credential."""
    texts = (("username", username, "600"), ("password", password, "600"))
    files = [
        SecretFile(path=f"{ASIDE}/{name}", data=f"{text}\n".encode(), permission=permission)
        for name, text, permission in texts
    ]
    ask = _ASK.format(aside=ASIDE).encode()
    return (*files, SecretFile(path=f"{ASIDE}/ask", data=ask, permission="700"))
