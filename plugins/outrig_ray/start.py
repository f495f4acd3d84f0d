"""`ray session start`"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.api import SessionStart, StartOptions, cases, option, parameter_options, start_cases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.api import Option, Project

DEFAULT_COMMAND = "default"
DEFAULT_SESSION = "default-session"


def _is_value(project: Project, words: Sequence[str], word: str) -> bool:
    """Tell whether a word is the value of a parameter of the default command."""
    default = project.command(DEFAULT_COMMAND)
    place = words.index(word)
    names = [] if default is None or place == 0 else [f"--{one.name}" for one in default.params]
    return words[place - 1] in names


class RaySessionStart(SessionStart):
    """Start a session and run a command of the project in it, as Ray does."""

    summary = "Start a session, and run a command of the project in it"
    details = (
        "Without COMMAND the project's command `default` is run, where it has one. The session is "
        "called default-session unless --name says otherwise; one of that name that is there "
        "already is brought up to date. The exit code is the command's own; 125 is a failure of "
        "Outrig's. \"*\" as a parameter's value starts one session for each choice, in parallel."
    )
    examples = (
        ("ray session start", "the command called default"),
        ('ray session start train --lr "*"', "one session for each choice"),
        ("ray session start --shell ls -la", "any program"),
    )
    options = (
        option("name", "n", f"the session's name (default: {DEFAULT_SESSION})", value="NAME"),
        *(one for one in SessionStart.session_options if one.name != "name"),
        option("no-config-cache", None, "accepted; no cluster configuration is cached"),
    )

    def extend(self, words: Sequence[str]) -> Iterable[Option]:
        """Make the parameters of the named command, else of the default one, options."""
        found = tuple(super().extend(words))
        project = self.asked_project
        if project is None or self.keep_unknown:
            return found
        # The value of an option that is not known yet looks like an argument, so look closer.
        named = any(project.command(word) for word in self.leading(words)[:1])
        if named and not _is_value(project, words, self.leading(words)[0]):
            return found
        return (*found, *parameter_options(self, project, [DEFAULT_COMMAND]))

    def handle(self) -> int:
        """Start what the words ask for."""
        project = self.asked_project or self.outrig.project()
        wanted = cases(self, project, default=DEFAULT_COMMAND, wildcards=True)
        options = StartOptions.of(self)
        named = replace(options, name=options.name or DEFAULT_SESSION)
        return start_cases(self, project, wanted, named)
