"""From words to a command, without the command framework. Part of the start-up path.

Answers `--version`, help of groups, unknown commands and completion of command words by itself;
for everything else one command's module is imported by `outrig.cli.application`.
"""

from __future__ import annotations

import sys

from outrig import __version__
from outrig.cli.errors import report, say
from outrig.cli.invocation import Invocation, leave_out_among
from outrig.cli.terminal import send
from outrig.cli.tree import Tree
from outrig.errors import UsageError
from outrig.manifest import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.manifest import Manifest

COMPLETE = "__complete"


def main(argv: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    asked = Invocation(argv)
    try:
        try:
            code = _run(asked, argv)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as err:
        code = report(err, verbosity=asked.verbosity)
    return code


def _run(asked: Invocation, argv: Sequence[str]) -> int:
    if argv and argv[0] == COMPLETE:
        from outrig.cli.completing import answer

        return answer(argv[1:])
    while asked.words and len(asked.words[0]) > 1 and asked.words[0][0] == "-":
        if not asked.take_global(0):
            break
    if asked.shim:
        from outrig.cli.launcher import hand_over_early

        hand_over_early(asked)
    if asked.version:
        send(sys.stdout, f"outrig {__version__}\n")
        return 0
    while asked.words[:1] == ["help"]:
        asked.help = True
        del asked.words[0]
    leave_out_among(asked.words)
    manifest = load()
    if manifest.fresh:
        tell_problems(manifest)
    return _dispatch(asked, Tree(manifest))


def _dispatch(asked: Invocation, tree: Tree) -> int:
    if asked.shim:
        from outrig.cli.launcher import enter

        enter(asked, tree)
    try:
        place = tree.find(asked)
    except UsageError:
        if asked.shim:
            from outrig.cli.launcher import hand_over

            hand_over(asked)
        raise
    if place.entry is not None:
        from outrig.cli.application import run

        return run(place.entry, asked)
    if asked.after:
        raise tree.unknown(place.prefix, asked.after[0], asked)
    if asked.version:
        send(sys.stdout, f"outrig {__version__}\n")
        return 0
    from outrig.cli.menu import group_help

    if not place.prefix and not tree.manifest.fresh:
        tell_problems(tree.manifest)
    send(sys.stdout, group_help(tree, place.prefix, asked))
    return 0


def tell_problems(manifest: Manifest) -> None:
    """Name each distribution that has problems in one line on stderr."""
    told: dict[str, str] = {}
    more: dict[str, int] = {}
    for problem in manifest.problems:
        text = str(problem) if problem.used else f"skipped {problem}"
        if told.setdefault(problem.distribution, text) != text:
            more[problem.distribution] = more.get(problem.distribution, 0) + 1
    for distribution, text in told.items():
        others = f" (and {more[distribution]} more)" if distribution in more else ""
        say("outrig: warning:", "yellow", f"{text}{others}; see: outrig plugin doctor")
