"""What `.gitignore` and `.outrigignore` leave out, by exactly git's rules.

Patterns and names are bytes, as in git. The rules are those of git's `dir.c` and `wildmatch.c`
(2.39); a test compares with `git check-ignore` over many random patterns. Two pattern libraries
were not exact: they differ in classes, escapes, and `**` beside other characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from outrig.snapshot.wildmatch import NEVER, translate

IGNORE_FILES = (b".gitignore", b".outrigignore")
"""Read in this order in each directory: what the second says wins."""

_GLOB_SPECIAL = re.compile(rb"[*?\[\\]")


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern: whether it takes back (`!`), holds for directories only, and is anchored."""

    regex: bytes
    negated: bool
    directories_only: bool
    anchored: bool


def _trim(line: bytes) -> bytes:
    """Drop trailing spaces, except where the last is escaped."""
    last_space = None
    position = 0
    while position < len(line):
        byte = line[position]
        if byte == 0x20:
            last_space = position if last_space is None else last_space
        else:
            last_space = None
            if byte == 0x5C:
                position += 1
                if position == len(line):
                    return line
        position += 1
    return line if last_space is None else line[:last_space]


def parse_rule(line: bytes) -> Rule | None:
    """Read one line of an ignore file; `None` for what can never match anything."""
    if not line or line.startswith(b"#"):
        return None
    line = _trim(line)
    negated = line.startswith(b"!")
    pattern = line[1:] if negated else line
    directories_only = pattern.endswith(b"/")
    if directories_only:
        pattern = pattern[:-1]
    anchored = b"/" in pattern
    if anchored and pattern.startswith(b"/"):
        pattern = pattern[1:]
    if not pattern:
        return None
    special = _GLOB_SPECIAL.search(pattern)
    # git compares up to the first special character by itself and gives only the rest to its
    # matcher, which is why `a**/b` there means the same as `a/**/b` and more
    literal = pattern if special is None else pattern[: special.start()]
    rest = translate(pattern[len(literal) :], path=anchored)
    if rest == NEVER:
        return None
    return Rule(re.escape(literal) + rest, negated, directories_only, anchored)


def parse_rules(content: bytes) -> tuple[Rule, ...]:
    """Read an ignore file; the last rule that matches wins."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    lines = (line.removesuffix(b"\r") for line in content.split(b"\n"))
    return tuple(rule for rule in map(parse_rule, lines) if rule is not None)


def _union(rules: list[Rule]) -> re.Pattern[bytes] | None:
    if not rules:
        return None
    return re.compile(b"(?:" + b"|".join(rule.regex for rule in rules) + rb")\Z", re.DOTALL)


class RuleSet:
    """The rules of one ignore file, ready to ask. Most names match none of them: asked at once."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = [
            (re.compile(rule.regex + rb"\Z", re.DOTALL), rule) for rule in reversed(rules)
        ]
        self._by_name = _union([rule for rule in rules if not rule.anchored])
        self._by_path = _union([rule for rule in rules if rule.anchored])

    def decide(self, name: bytes, path: bytes, *, is_directory: bool) -> bool | None:
        """Say whether to ignore; `path` is relative to the ignore file; `None`: no rule speaks."""
        named = self._by_name is not None and self._by_name.match(name)
        if not named and (self._by_path is None or not self._by_path.match(path)):
            return None
        for regex, rule in self._rules:
            if rule.directories_only and not is_directory:
                continue
            if regex.match(path if rule.anchored else name):
                return not rule.negated
        return None


class Ignore:
    """The rules that hold in one directory: its own before those of the directories above."""

    def __init__(self, levels: tuple[tuple[bytes, RuleSet], ...] = (), key: bytes = b"") -> None:
        self._levels = levels
        self.key = key
        """Changes when any rule that holds here does; part of a directory's signature."""

    def below(self, name: bytes) -> Ignore:
        """Return the rules for the sub-directory `name`, which has no ignore file itself."""
        if not self._levels:
            return self
        prefix = name + b"/"
        return Ignore(tuple((up + prefix, rules) for up, rules in self._levels), self.key)

    def with_file(self, file: bytes, content: bytes) -> Ignore:
        """Return these rules and, before them, those of an ignore file in this directory."""
        from hashlib import blake2b

        digest = blake2b(digest_size=16)
        for part in (self.key, file, content):
            digest.update(len(part).to_bytes(8, "big") + part)
        level = (b"", RuleSet(parse_rules(content)))
        return Ignore((level, *self._levels), digest.digest())

    def ignores(self, name: bytes, *, is_directory: bool) -> bool:
        """Say whether `name` in this directory is left out."""
        for prefix, rules in self._levels:
            decision = rules.decide(name, prefix + name, is_directory=is_directory)
            if decision is not None:
                return decision
        return False
