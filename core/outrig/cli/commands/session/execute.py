"""`outrig session execute`"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from outrig.cli.choosing import LONG_NAME_OPTION, asked_sessions
from outrig.cli.command import Command
from outrig.cli.definition import option
from outrig.cli.invoking import (
    COMMAND_ARGUMENTS,
    PARAM_OPTION,
    SHELL_OPTION,
    cases,
    parameter_options,
    wants_shell,
)
from outrig.cli.running import Outcome, TerminalObserver, each, finish, interruptible
from outrig.cli.starting import run_and_pull
from outrig.durations import parse_duration_s
from outrig.errors import OutrigError, UsageError
from outrig.model.resources import parse_resources
from outrig.session.projects import check_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from outrig.cli.definition import Option
    from outrig.model.project import Project
    from outrig.model.session import Session
    from outrig.session.requests import NewRun


class SessionExecute(Command):
    """Run a command of the project in sessions that are running."""

    summary = "Run a command of the project in running sessions"
    details = (
        "The command is taken from the snapshot that was last put on the session. Several sessions "
        "work in parallel, their lines prefixed with the session's name. The exit code is the "
        "command's own; of several the common one, or 1 when they differ."
    )
    examples: ClassVar[Sequence[tuple[str, str]]] = (
        ("outrig session execute evaluate", "in the session used last"),
        ('outrig session execute train --lr 0.2 --name "train-*"', "in several"),
        ('outrig session execute --shell "df -h ."', "any program"),
    )
    arguments = COMMAND_ARGUMENTS
    options: ClassVar[Sequence[Option]] = (
        LONG_NAME_OPTION,
        SHELL_OPTION,
        PARAM_OPTION,
        option("on", None, "head, workers, all, a rank or a node's name", value="NODES"),
        option("detach", None, "return when the command has started"),
        option("resources", None, "slots of the node, as cpu=2,memory=512m,gpu=1", value="SLOTS"),
        option(
            "timeout", None, "end the command after this time", value="TIME", type=parse_duration_s
        ),
        option("no-pull", None, "leave the output files in the session"),
    )
    runs_commands = True

    def extend(self, words: Sequence[str]) -> Iterable[Option]:
        """Make the parameters of the named command options of this one."""
        self.keep_unknown = wants_shell(words)
        if self.keep_unknown:
            return ()
        try:
            project = self._project(self._named_in(words))
        except OutrigError:
            if "--help" in words or "-h" in words:
                return ()
            raise
        return parameter_options(self, project, words)

    def handle(self) -> int:
        """Run what the words ask for in what was named."""
        sessions = asked_sessions(self)
        project = self._project(sessions[0])
        run = self._run(project)
        for session in sessions:
            check_cluster(session, project.command(run.command) if run.command else None)
        several_nodes = self.text("on") in ("all", "workers")
        observer = TerminalObserver(self, prefix=len(sessions) > 1, by_node=several_nodes)
        self.outrig.watch(observer)
        try:
            with interruptible(self.outrig):
                targets = [self._target(one, run, len(sessions) > 1) for one in sessions]
                outcomes = each([one.name for one in sessions], targets)
        finally:
            observer.finish()
        return finish(outcomes)

    def _run(self, project: Project) -> NewRun:
        run = cases(self, project, wildcards=False)[0].run
        if run is None:
            names = ", ".join(dict.fromkeys(one.name for one in project.commands))
            raise UsageError(
                "no command was named",
                hint=f"this project has: {names or 'none'}; or use --shell",
            )
        resources = self.text("resources")
        if resources is not None:
            run = replace(run, resources=parse_resources(resources))
        return replace(run, timeout_s=self.value("timeout", float), on=self.text("on"))

    def _named_in(self, words: Sequence[str]) -> Session:
        from outrig.cli.invoking import option_value

        name = option_value(words, "--name")
        return self.outrig.find(self.outrig.here(), name)[0]

    def _project(self, session: Session) -> Project:
        outrig = self.outrig
        if session.snapshot_id is not None:
            found = outrig.snapshots.find(session.snapshot_id)
            if found is not None:
                return outrig.project_of(found, session.project_root)
        return outrig.project(session.project_root)

    def _target(self, session: Session, run: NewRun, several: bool) -> Callable[[], Outcome]:
        def target() -> Outcome:
            if self.flag("detach"):
                runs = tuple(self.outrig.execute(session, [run]))
                self.line(runs[0].id)
                return Outcome(session=session, runs=runs)
            ended = run_and_pull(self, session, [run], pull=not self.flag("no-pull"), apart=several)
            return Outcome(session=session, runs=ended)

        return target
