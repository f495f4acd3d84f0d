"""Images: what agents have to run code in, and other names for those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import ConflictError, NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig_backendai.directory.database import Directory

CONTAINER, INTERPRETER = "container", "interpreter"
LOCAL = "local"
"""The registry of what is no container image."""
_COLUMNS = "agent, registry, name, tag, kind, program, digest, size"
_MOST_ALIASES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image of one agent: a container image, or an interpreter of that version.

    `program` is the path of the interpreter, or of the container engine.
    """

    agent: str
    registry: str
    name: str
    tag: str
    kind: str
    program: str
    digest: str = ""
    size: str = ""

    @property
    def reference(self) -> str:
        """Its whole name; for a container image, that by which the engine knows it."""
        own = f"{self.name}:{self.tag}"
        return own if self.registry == LOCAL else f"{self.registry}/{own}"

    @property
    def short(self) -> str:
        """Its name as users write it."""
        return f"{self.name.removeprefix('library/')}:{self.tag}"


class Images:
    """The tables of images and of their other names."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def all(self, agents: Sequence[str] | None = None) -> list[Image]:
        """Return the images of some agents, or of all."""
        query = f"SELECT {_COLUMNS} FROM image ORDER BY registry, name, tag, agent"  # noqa: S608
        found = [
            Image(**dict(zip(_COLUMNS.split(", "), map(str, row), strict=True)))
            for row in self._directory.rows(query)
        ]
        return [one for one in found if agents is None or one.agent in agents]

    def is_known(self, agent: str) -> bool:
        """Whether it was ever looked what an agent has."""
        return bool(self._directory.rows("SELECT 1 FROM image_scan WHERE agent = ?", agent))

    def put(self, agent: str, images: Sequence[Image]) -> None:
        """Record what an agent has now; what it had before is forgotten."""
        with self._directory.write() as rows:
            rows.execute("DELETE FROM image WHERE agent = ?", (agent,))
            rows.execute("INSERT OR REPLACE INTO image_scan (agent) VALUES (?)", (agent,))
            rows.executemany(
                f"INSERT OR REPLACE INTO image ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                [(agent, *_values(one)) for one in images],
            )

    def forget(self, agent: str) -> None:
        """Forget what an agent has: it is looked again when it is used."""
        with self._directory.write() as rows:
            rows.execute("DELETE FROM image WHERE agent = ?", (agent,))
            rows.execute("DELETE FROM image_scan WHERE agent = ?", (agent,))

    def aliases(self) -> dict[str, str]:
        """Return the other names that were given, with what each stands for."""
        found = self._directory.rows("SELECT alias, target FROM image_alias ORDER BY alias")
        return {str(alias): str(target) for alias, target in found}

    def add_alias(self, alias: str, target: str) -> None:
        """Let a name stand for an image; raises `UsageError`, and `ConflictError` for a circle."""
        for text in (alias, target):
            check_name(text)
        known = {**self.aliases(), alias: target}
        try:
            followed(alias, known)
        except UsageError as err:
            raise ConflictError(str(err)) from None
        with self._directory.write() as rows:
            rows.execute(
                "INSERT OR REPLACE INTO image_alias (alias, target) VALUES (?, ?)", (alias, target)
            )

    def remove_alias(self, alias: str) -> str:
        """Remove another name; returns what it stood for. Raises `NotFoundError`."""
        known = self.aliases()
        if alias not in known:
            names = ", ".join(known) or "none"
            raise NotFoundError(f'there is no image alias "{alias}" (there are: {names})')
        with self._directory.write() as rows:
            rows.execute("DELETE FROM image_alias WHERE alias = ?", (alias,))
        return known[alias]

    def named(self, text: str) -> str:
        """Return what a name stands for, in the end; itself when it is nobody's alias."""
        return followed(text, self.aliases())


def _values(one: Image) -> tuple[str, ...]:
    return (one.registry, one.name, one.tag, one.kind, one.program, one.digest, one.size)


def check_name(text: str) -> str:
    """Return the name of an image or alias if it can be one; raises `UsageError`."""
    if not text or not text.isascii() or not text.isprintable() or set(text) & set(" '\"$`\\;|&"):
        raise UsageError(f"{text!r} cannot be the name of an image", hint="write NAME:TAG")
    if text.startswith("-") or len(text) > 255:
        raise UsageError(f"{text[:80]!r} cannot be the name of an image", hint="write NAME:TAG")
    return text


def followed(text: str, aliases: dict[str, str]) -> str:
    """Follow aliases; raises `UsageError` for those that lead back to themselves."""
    seen = [text]
    while seen[-1] in aliases:
        seen.append(aliases[seen[-1]])
        if len(seen) > _MOST_ALIASES or seen[-1] in seen[:-1]:
            raise UsageError(f'image alias "{text}" leads to no image: {" -> ".join(seen[:5])}')
    return seen[-1]
