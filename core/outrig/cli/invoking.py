"""From the words of a command line to a project's command with its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.cli.definition import Option, argument, option
from outrig.errors import OutrigError, UsageError
from outrig.session.requests import NewRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.cli.command import Command
    from outrig.model.project import Command as ProjectCommand
    from outrig.model.project import Parameter, Project

COMMAND_ARGUMENTS = (
    argument("command", "a command of the project", required=False),
    argument("arguments", "with --shell: the rest of the line", required=False, repeat=True),
)
SHELL_OPTION = option("shell", None, "run the words as they are, with the shell")
PARAM_OPTION = option(
    "param",
    None,
    "a parameter's value, whatever the parameter is called",
    value="NAME=VALUE",
    repeat=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing to run: what to add to the session's name, and the run (`None`: nothing)."""

    suffix: str = ""
    run: NewRun | None = None


def parameter_options(command: Command, project: Project, words: Sequence[str]) -> Iterable[Option]:
    """Return the options of the project command that the words name, for `Command.extend`.

    Raises `UsageError` when they begin with a command that is not there.
    """
    leading = command.leading(words)
    named = project.command(leading[0]) if leading else None
    if named is None:
        if leading and words[0] == leading[0] and not asks_for_help(words):
            find_command(project, leading[0])
        return
    own = {one.name for one in command.definition.options}
    for parameter in named.params:
        if parameter.name not in own:
            yield option(
                parameter.name,
                None,
                parameter_help(parameter),
                value=parameter.type.value.upper() if parameter.type else "VALUE",
            )


def parameter_help(parameter: Parameter) -> str:
    """Say what a parameter is for, which values it takes and which it has."""
    from outrig.project.parameters import describe

    notes = "; ".join(describe(parameter))
    text = parameter.help.strip()
    return f"{text} ({notes})" if text else notes


def asks_for_help(words: Sequence[str]) -> bool:
    """Tell whether it is only help that is asked for."""
    return "--help" in words or "-h" in words


def wants_shell(words: Sequence[str]) -> bool:
    """Tell whether `--shell` is among the words."""
    return "--shell" in words


def cases(
    command: Command, project: Project, *, default: str | None = None, wildcards: bool
) -> tuple[Case, ...]:
    """Return what the bound words ask to run; one empty case when they name nothing.

    `default` names the command to run when none is named and there is one of that name. Raises
    `UsageError` for an unknown command and for values that do not fit.
    """
    name, rest = command.word("command"), command.argument_words("arguments")
    if command.flag("shell"):
        script = " ".join([*([name] if name else []), *rest])
        if not script.strip():
            raise UsageError("--shell needs something to run", hint='--shell "ls -la"')
        return (Case(run=NewRun(script=prefixed(project, script))),)
    if name is None and default is not None and project.command(default):
        name = default
    if name is None:
        return (Case(),)
    if rest:
        raise UsageError(
            f'"{rest[0]}" is one word too many after command "{name}"',
            hint="give parameters as --NAME VALUE, or use --shell",
        )
    return _bound(command, project, find_command(project, name), wildcards=wildcards)


def prefixed(project: Project, script: str) -> str:
    """Put the project's prefix before a script."""
    return f"{project.prefix}\n{script}" if project.prefix else script


def find_command(project: Project, name: str) -> ProjectCommand:
    """Return the project's command of that name; raises `UsageError` saying which there are."""
    found = project.command(name)
    if found is None:
        names = ", ".join(dict.fromkeys(one.name for one in project.commands)) or "no commands"
        raise UsageError(
            f'command "{name}" is not in this project (has: {names})',
            hint="to run a program as it is, use --shell",
        )
    return found


def given_values(command: Command, project_command: ProjectCommand) -> dict[str, str]:
    """Return the parameter values on the command line, as text."""
    values: dict[str, str] = {}
    own = {one.name for one in [*command.options, SHELL_OPTION, PARAM_OPTION]}
    for parameter in project_command.params:
        if parameter.name not in own and command.definition.has_option(parameter.name):
            value = command.text(parameter.name)
            if value is not None:
                values[parameter.name] = value
    for pair in command.texts("param"):
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f'--param "{pair}" is not NAME=VALUE')
        values[name] = value
    return values


def _bound(
    command: Command, project: Project, named: ProjectCommand, *, wildcards: bool
) -> tuple[Case, ...]:
    from outrig.project.parameters import bind, expand_wildcards
    from outrig.project.rendering import render

    values = bind(named, given_values(command, named))
    if values.wildcards and not wildcards:
        raise UsageError(
            f'--{values.wildcards[0]} "*" starts one session for each choice',
            hint="use it with: outrig session start",
        )
    return tuple(
        Case(
            suffix=case.suffix,
            run=NewRun(
                script=render(project, named, case.values),
                command=named.name,
                params=case.values.texts(),
                background=named.background,
                tmux=named.config.tmux,
            ),
        )
        for case in expand_wildcards(named, values)
    )


def project_for_words(command: Command, words: Sequence[str]) -> Project | None:
    """Return the project whose commands the words may name.

    An error in the project file is raised, unless it is only help that was asked for.
    """
    try:
        project = command.outrig.project()
        name = option_value(words, "--snapshot-name")
        if name is not None:
            outrig = command.outrig
            snapshot = outrig.snapshots.resolve(outrig.project_id(project), name)
            project = outrig.project_of(snapshot, project.root)
    except OutrigError:
        if asks_for_help(words):
            return None
        raise
    return project


def is_given(words: Sequence[str], name: str) -> bool:
    """Tell whether an option is among words that are not bound yet."""
    return any(word.partition("=")[0] == f"--{name}" for word in words)


def option_value(words: Sequence[str], name: str) -> str | None:
    """Return the value of an option among words that are not bound yet."""
    for position, word in enumerate(words):
        if word == name and position + 1 < len(words):
            return words[position + 1]
        if word.startswith(name + "="):
            return word.partition("=")[2]
    return None
