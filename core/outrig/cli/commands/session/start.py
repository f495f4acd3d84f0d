"""`outrig session start`"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.invoking import (
    COMMAND_ARGUMENTS,
    PARAM_OPTION,
    SHELL_OPTION,
    asks_for_help,
    cases,
    is_given,
    option_value,
    parameter_options,
    project_for_words,
    wants_shell,
)
from outrig.cli.provider_options import named_providers, provider_options
from outrig.cli.starting import StartOptions, start_cases
from outrig.cli.sweep_options import GRID_OPTIONS, SWEEP_OPTIONS
from outrig.durations import parse_duration_s
from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.cli.definition import Option
    from outrig.model.project import Project


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


class SessionStart(Command):
    """Start a session, and run a command of the project in it."""

    summary = "Start a session and run a command of the project in it"
    details = (
        "Makes a snapshot of the project (or takes the named one), fits out compute, puts the "
        "snapshot there, sets up the environment, runs the command with its parameters and brings "
        "its output files back. The exit code is the command's own; 125 is a failure of Outrig's.\n"
        "\n"
        "With a name that is in use the session is brought up to date instead, and what has not "
        'changed is skipped. "*" as a parameter\'s value starts one session for each choice, in '
        "parallel.\n"
        "\n"
        "An expression as a value makes a sweep, whose cases are runs of one session, each in a "
        "directory of its own: case:64,128  range:0,5  linspace:0.1,0.5,5  log:1e-5,1e-1,5  "
        "file:values.csv#lr  random:10,uniform(0,1). The word @trials.csv takes each row of a "
        "table as a case. Every combination is a case; --preview shows them. See: outrig sweep.\n"
        "\n"
        "Ctrl-C leaves a command running that has started; before that it ends the start "
        "and releases what was made."
    )
    examples: ClassVar[Sequence[tuple[str, str]]] = (
        ("outrig session start train --lr 0.1", "a new session, and a command with a parameter"),
        ('outrig session start train --optimizer "*"', "one session for each choice"),
        ('outrig session start train --lr "log:1e-5,1e-1,5" --max-parallel 2', "a sweep"),
        ("outrig session start --name dev", "a session that runs nothing yet"),
        ('outrig session start --shell "ls -la"', "any program"),
        ("outrig session start train --dry-run", "what would be done"),
    )
    arguments = COMMAND_ARGUMENTS
    session_options: ClassVar[Sequence[Option]] = (
        option("name", None, "the session's name (default: the project's)", value="NAME"),
        option("snapshot-name", None, "start from this snapshot", value="NAME"),
        SHELL_OPTION,
        PARAM_OPTION,
        option("dry-run", None, "print what would be done, and do nothing"),
        option("detach", None, "return when the command has started"),
        option(
            "provider",
            None,
            "where the nodes come from; of several the first that has capacity",
            value="NAME,NAME",
        ),
        option("count", None, "how many nodes", value="N", type=_count),
        option("resources", None, "slots of the node, as cpu=2,memory=512m,gpu=1", value="SLOTS"),
        option(
            "timeout", None, "end the command after this time", value="TIME", type=parse_duration_s
        ),
        option("idle", None, "end the session when nothing ran for this long", value="TIME"),
        option(
            "idle-action",
            None,
            "what happens then: stop keeps the files, terminate lets gc remove them",
            choices=("stop", "terminate"),
            default="stop",
        ),
        option("max-age", None, "end the session at this age", value="TIME"),
        option(
            "on-interruption",
            None,
            "when spot nodes are taken back: stop suspends the session, restart gets new nodes, "
            "rerun also runs again there what was cut (default: stop)",
            choices=("stop", "restart", "rerun"),
        ),
        option("no-pull", None, "leave the output files in the session"),
        option(
            "cluster-param",
            None,
            "a parameter of the cluster file",
            value="NAME=VALUE",
            repeat=True,
        ),
        option("session-args", None, "the same, as --NAME=VALUE,--NAME=VALUE", value="ARGS"),
    )
    options: ClassVar[Sequence[Option]] = (*session_options, *GRID_OPTIONS, *SWEEP_OPTIONS)
    runs_commands = True
    asked_project: Project | None = None
    """The project that the words are about, once `extend` has found it."""

    def extend(self, words: Sequence[str]) -> Iterable[Option]:
        """Make the parameters of the named command options of this one."""
        self.keep_unknown = wants_shell(words)
        self.asked_project = project_for_words(self, words)
        if self.asked_project is None:
            return ()
        own = provider_options(self, *self._providers(self.asked_project, words))
        if self.keep_unknown:  # after --shell a word is the program's
            before = words[: words.index("--shell")]
            return [one for one in own if is_given(before, one.name)]
        options = [*parameter_options(self, self.asked_project, words)]
        if options and asks_for_help(words) and self.definition.has_option("preview"):
            self.details = f"{self.details}\n\n{self._expressions()}"
        return [*options, *own]

    def _expressions(self) -> str:
        known = ", ".join(f"{prefix}:…" for prefix in self.outrig.sweeps.prefixes())
        return f"Expressions that are installed here: {known}, and @FILE.csv."

    def _providers(self, project: Project, words: Sequence[str]) -> tuple[str, ...]:
        named = option_value(words, "--provider")
        if named is not None:
            return named_providers(named)
        leading = self.leading(words)
        command = project.command(leading[0]) if leading else None
        try:
            return self.outrig.provider_names(project, command)
        except UsageError:  # its cluster file has parameters, whose values are not known yet
            return ("local",)

    def handle(self) -> int:
        """Start what the words ask for."""
        from outrig.cli.sweeping import asked_for_many, start_many

        project = self.asked_project or self.outrig.project()
        if asked_for_many(self, project):
            return start_many(self, project, StartOptions.of(self))
        wanted = cases(self, project, wildcards=True)
        return start_cases(self, project, wanted, StartOptions.of(self))
