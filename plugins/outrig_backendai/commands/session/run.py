"""`bai run`"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.api import Command, argument, interruptible, option
from outrig.errors import UsageError
from outrig_backendai.commands.session_options import (
    COMMON,
    RUN_RESOURCES,
    max_wait_s,
    new_session,
)
from outrig_backendai.compute.request import BATCH
from outrig_backendai.compute.sessions import Compute

if TYPE_CHECKING:
    from outrig_backendai.compute.request import NewSession
    from outrig_backendai.execution.cases import Case

_RANGE = "VARIABLE=EXPRESSION"
_OWN = (
    option("code", "c", "a piece of code to run", value="CODE"),
    option("exec", None, "what to run, with the shell (default: main.*)", value="CMD"),
    option("build", None, "what to run before that", value="CMD"),
    option("clean", None, "what to run first of all", value="CMD"),
    option("basedir", None, "what the paths of FILES are relative to", value="PATH"),
    option("terminal", None, "give the program this terminal"),
    option("rm", None, "end the session afterwards"),
    option("stats", "s", "say what was used"),
    option("env-range", None, "run once for each, with $VARIABLE in -e", value=_RANGE, repeat=True),
    option("build-range", None, "likewise, in --build", value=_RANGE, repeat=True),
    option("exec-range", None, "likewise, in --exec", value=_RANGE, repeat=True),
    option("max-parallel", None, "so many cases at once", value="NUM", type=int),
    option("attach", None, "come back to what runs in a session, or to cases", value="NAME"),
)


class BaiRun(Command):
    """Run code or files in a session."""

    summary = "Run code or files in a session"
    details = (
        "A new session is made, or the one of that name and image taken. FILES are sent to "
        "/home/work, each with its path below --basedir (here, where nothing is said). Then "
        "--clean, --build and --exec are run there, or the code of -c. The exit code is the "
        "program's; 125 says that it came to nothing.\n"
        "\n"
        "Ranges make a session for each combination of their values:\n"
        "\n"
        "    case:a,b,c            these texts\n"
        "    linspace:1,2,3        as many numbers at equal distances: 1, 1.5 and 2\n"
        "    range:1,6,2           as Python's range: 1, 3 and 5\n"
        "\n"
        "Their cases go on when this command is ended with Ctrl-C; --attach comes back to them."
    )
    examples = (
        ("bai run --rm -c 'print(\"hello world\")' python", "a piece of code"),
        (
            "bai run --rm --exec 'python myscript.py arg1' python ./myscript.py",
            "a file, with arguments",
        ),
        (
            "bai run --exec 'python a.py $N' --exec-range N=linspace:1,2,3 python a.py",
            "a session for each value",
        ),
    )
    arguments = (
        argument("image", "the runtime: python:3.11, or an alias as python", required=False),
        argument("files", "files and directories to send", required=False, repeat=True),
    )
    options = (*COMMON, RUN_RESOURCES, *_OWN)
    runs_commands = True

    def handle(self) -> int:
        """Run it."""
        with interruptible(self.outrig):
            if self.text("attach") is not None:
                from outrig_backendai.commands.attaching import attach

                return attach(self, Compute(self.outrig), self.text("attach") or "")
            wanted, cases = self._wanted(), self._cases()
            if self.flag("enqueue-only"):
                return self._enqueue(wanted, cases)
            self._check(wanted)
            return self._many(wanted, cases) if self._varies else self._one(wanted, cases[0])

    @property
    def _varies(self) -> bool:
        return any(self.texts(f"{kind}-range") for kind in ("env", "build", "exec"))

    def _wanted(self) -> NewSession:
        image = self.word("image")
        if image is None:
            raise UsageError("an image is needed", hint="as in: bai run -c 'print(1)' python")
        return new_session(self, image)

    def _check(self, wanted: NewSession) -> None:
        """Raise `UsageError` for what does not go together."""
        code, files = self.text("code"), self.argument_words("files")
        if (code is None) == (not files):
            said = "both -c and FILES are" if files else "neither -c nor FILES is"
            raise UsageError(f"{said} given", hint="give one of them")
        if wanted.type == BATCH:
            raise UsageError(
                "run gives a session its program itself",
                hint="for a batch session: bai start --type batch -c COMMAND",
            )
        if (self.value("max-parallel", int) or 1) < 1 or self.option("max-parallel") == 0:
            raise UsageError("--max-parallel is at least 1")
        if self.flag("terminal") and self._varies:
            raise UsageError("--terminal is for one case", hint="leave the ranges out")

    def _cases(self) -> tuple[Case, ...]:
        from outrig_backendai.commands.session_options import pairs
        from outrig_backendai.execution.cases import Ranges, combine
        from outrig_backendai.execution.ranges import read_ranges

        found = {
            kind: read_ranges(self.outrig, f"{kind}-range", self.texts(f"{kind}-range"))
            for kind in ("env", "build", "exec")
        }
        environ = pairs(self.texts("env"), "-e")
        return combine(Ranges(**found), environ, self.text("build"), self.text("exec"))

    def _enqueue(self, wanted: NewSession, cases: tuple[Case, ...]) -> int:
        """Ask for the sessions only, as `start --enqueue-only` does."""
        from outrig_backendai.commands.starting import start_session

        code = 0
        for one in cases:
            named = replace(wanted, environ=one.environ)
            if self._varies and wanted.name is not None:
                named = replace(named, name=f"{wanted.name}-{one.number}")
            code = start_session(self, named, None, enqueue_only=True) or code
        return code

    def _one(self, wanted: NewSession, case: Case) -> int:
        from outrig_backendai.commands.running import Wish, run_once
        from outrig_backendai.execution.job import Job
        from outrig_backendai.execution.sources import sources

        job = Job(
            code=self.text("code"),
            files=sources(self.argument_words("files"), self.text("basedir")),
            clean=self.text("clean"),
            build=case.build,
            exec=case.exec,
        )
        wish = Wish(
            max_wait_s=max_wait_s(self),
            remove=self.flag("rm"),
            stats=self.flag("stats"),
            terminal=self.flag("terminal"),
        )
        return run_once(self, Compute(self.outrig), wanted, job, wish)

    def _many(self, wanted: NewSession, cases: tuple[Case, ...]) -> int:
        from outrig_backendai.commands.running_cases import follow_cases, say_case_stats
        from outrig_backendai.compute.creating import check_session_name
        from outrig_backendai.directory.executions import ExecutionRequest
        from outrig_backendai.execution.background import submit
        from outrig_backendai.execution.sources import sources

        compute = Compute(self.outrig)
        name = wanted.name or f"pysdk-{secrets.token_hex(5)}"
        check_session_name(f"{name}-{len(cases) - 1}")
        request = ExecutionRequest(
            session=wanted,
            code=self.text("code"),
            files=sources(self.argument_words("files"), self.text("basedir")),
            clean=self.text("clean"),
            cap=self.value("max-parallel", int),
            remove=self.flag("rm"),
            max_wait_s=max_wait_s(self),
        )
        execution = submit(compute, request, cases, name)
        for one in cases:
            self.note(f"[{name}-{one.number}] {one.label}")
        code = follow_cases(self, compute, execution)
        if self.flag("stats"):
            say_case_stats(self, compute, execution)
        return code
