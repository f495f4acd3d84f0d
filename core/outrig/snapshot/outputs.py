"""`output_files`: which paths they name, inside the project and outside.

A pattern is a path or a glob (`*`, `?`, `[…]`, `**`); what it names is taken whole, whatever the
ignore rules say. Patterns are followed one path component at a time while the tree is walked.
"""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass, field

OUTSIDE = b".outrig/outputs"
"""Below this directory of a snapshot stand the outputs from outside the root, by absolute path."""

_MAGIC = re.compile(rb"[*?\[]")
_ANY = b"**"


@dataclass(frozen=True, slots=True)
class OutputPattern:
    """One entry of `output_files`: its text, and its components below the root or below `/`."""

    text: str
    parts: tuple[bytes, ...]
    outside: bool


def parse_output(text: str, root: bytes) -> OutputPattern:
    """Read one entry; what does not stand below `root` (an absolute real path) is outside."""
    parts = [part for part in os.path.join(root, os.fsencode(text)).split(b"/") if part]  # noqa: PTH118
    fixed = next((at for at, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    # links on the way are followed as the system would; the last component is taken as it is
    stem = min(fixed, len(parts) - 1)
    base = os.path.realpath(b"/" + b"/".join(parts[:stem]))
    last = b"/".join(parts[stem:])
    whole = base if last == b"." else os.path.normpath(os.path.join(base, last))  # noqa: PTH118
    below = whole[len(root.rstrip(b"/")) + 1 :] if _is_below(whole, root) else None
    inside = below is not None
    kept = tuple(part for part in (below if inside else whole).split(b"/") if part)  # type: ignore[union-attr]
    return OutputPattern(text, kept, not inside)


def _is_below(path: bytes, root: bytes) -> bool:
    return path == root or path.startswith(root.rstrip(b"/") + b"/")


class FoundOutputs:
    """Remembers which patterns named something."""

    def __init__(self, patterns: tuple[OutputPattern, ...]) -> None:
        self._patterns = patterns
        self._found: set[str] = set()

    def add(self, pattern: OutputPattern) -> None:
        """Note that `pattern` names something that exists."""
        self._found.add(pattern.text)

    def missing(self) -> tuple[str, ...]:
        """Return the patterns that named nothing, as written, in order."""
        return tuple(one.text for one in self._patterns if one.text not in self._found)


@dataclass(frozen=True, slots=True)
class OutputState:
    """How far the patterns are matched by the path of one directory."""

    found: FoundOutputs
    open: tuple[tuple[OutputPattern, int], ...] = ()
    inside: bool = field(default=False)
    """The directory is part of an output: so is all below it."""

    def wants_all_names(self) -> bool:
        """Whether the directory must be listed, as opposed to asked for literal names."""
        return self.inside or any(_MAGIC.search(one.parts[at]) for one, at in self.open)

    def literal_names(self) -> set[bytes]:
        """Return the names the patterns go on with."""
        return {one.parts[at] for one, at in self.open}

    def enter(self, name: bytes) -> OutputState:
        """Return the state for the child `name`; `inside` says that it is (part of) an output."""
        if not self.open:
            return self
        going: list[tuple[OutputPattern, int]] = []
        inside = self.inside
        for pattern, at in self.open:
            for step in _advance(pattern, at, name):
                if step == len(pattern.parts):
                    self.found.add(pattern)
                    inside = True
                else:
                    going.append((pattern, step))
        return OutputState(self.found, tuple(going), inside)


def _advance(pattern: OutputPattern, at: int, name: bytes) -> list[int]:
    """Return the positions in the pattern that may follow after `name` at position `at`."""
    part = pattern.parts[at]
    if part == _ANY:
        steps = [at]
        if at + 1 == len(pattern.parts):
            steps.append(at + 1)
        else:
            steps.extend(_advance(pattern, at + 1, name))
        return steps
    if part == name or (_MAGIC.search(part) and fnmatch.fnmatchcase(name, part)):
        return [at + 1]
    return []


def output_states(outputs: tuple[str, ...], root: bytes) -> tuple[OutputState, OutputState]:
    """Return the states to begin with at the root, and at `/` for what lies outside."""
    patterns = tuple(parse_output(text, root) for text in outputs)
    found = FoundOutputs(patterns)
    inner = tuple((one, 0) for one in patterns if not one.outside and one.parts)
    outer = tuple((one, 0) for one in patterns if one.outside)
    whole = [one for one in patterns if not one.parts and not one.outside]
    for one in whole:
        found.add(one)
    return OutputState(found, inner, bool(whole)), OutputState(found, outer)
