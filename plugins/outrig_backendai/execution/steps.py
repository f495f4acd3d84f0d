"""The shell text of one run: clean, build, execute; or a piece of code."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outrig_backendai.execution.languages import PYTHON, main_file

if TYPE_CHECKING:
    from outrig_backendai.execution.languages import Language

DEFAULT = "*"
"""Stands for what the language has for a step."""
CODE_BYTES = 96 * 1024
"""Longer code is put into a file: one word of a command line takes 128 KiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What one case is to do. `paths` are the files that were sent, relative to `/home/work`.

    `code` is run instead of files, unless it `needs_file`. `environ` is set for this run alone.
    """

    code: str | None = None
    paths: tuple[str, ...] = ()
    clean: str | None = None
    build: str | None = None
    exec: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict)

    def script(self, language: Language) -> str:
        """Return it as shell text; the first step that fails ends it with its exit code."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.environ.items()]
        if language is PYTHON:
            lines.append('export PYTHONUNBUFFERED="${PYTHONUNBUFFERED-1}"')
        in_place = None if self.code is None else language.of_code(self.code)
        if in_place is not None:
            return "\n".join([*lines, f"exec {in_place}", ""])
        *steps, last = self._commands(language)
        lines += [f"sh -c {shlex.quote(step)} || exit $?" for step in steps]
        lines.append(f"exec sh -c {shlex.quote(last)}")
        return "\n".join(lines) + "\n"

    def _commands(self, language: Language) -> list[str]:
        clean = None if self.clean == DEFAULT else self.clean
        build = language.built(self.paths) if self.build in (None, DEFAULT) else self.build
        if self.exec in (None, DEFAULT):
            execute = f"exec {language.of_file(main_file(language, self.paths))}"
            return [step for step in (clean, build, execute) if step]
        return [step for step in (clean, build, self.exec) if step]


def needs_file(code: str, language: Language) -> bool:
    """Tell whether code is too long for a command line, or its language has to have a file."""
    quoted = shlex.quote(shlex.quote(code))  # as it is on its way there
    return language.code is None or len(quoted.encode()) > CODE_BYTES
