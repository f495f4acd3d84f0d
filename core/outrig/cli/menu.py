"""Help of groups: what may follow the words typed so far. Part of the start-up path."""

from __future__ import annotations

import sys

from outrig.cli.terminal import clean, definitions, fill, paint, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.cli.invocation import Invocation
    from outrig.cli.tree import Tree

ABOUT = "Outrig runs a project anywhere: on this computer, on your machines, in a cloud."
GLOBAL_OPTIONS = (
    ("-h, --help", "show help"),
    ("-v, --verbose", "say more; -vv also shows tracebacks"),
    ("-q, --quiet", "say only what was asked for, and errors"),
    ("-y, --yes", "answer every question with yes"),
    ("--no-color", "colour nothing"),
    ("--without-plugin NAME", "leave a plugin out"),
)
VERSION_OPTION = ("-V, --version", "show the version")
MAX_WIDTH = 100


def help_width() -> int:
    """Return how many columns help takes."""
    return max(40, min(width(), MAX_WIDTH))


def heading(text: str) -> str:
    """Return a heading of help, bold on a terminal."""
    return paint(text, "bold", sys.stdout)


def usage(call: str, columns: int) -> str:
    """Return the line that shows how to call something, line end included."""
    return f"{heading('Usage:')} {fill(call, columns - 7, ' ' * 7)}\n"


def program(asked: Invocation) -> str:
    """Return what the user calls the tool and the group by: `outrig session`, or a shim's name."""
    if asked.shim:
        return " ".join([asked.shim, *asked.typed[1:]])
    return " ".join(["outrig", *asked.typed])


def group_help(tree: Tree, prefix: str, asked: Invocation, columns: int | None = None) -> str:
    """Return the help of the group at `prefix` (empty: the whole tool), line end included."""
    columns = columns or help_width()
    name = program(asked)
    about = _about(tree, prefix, asked)
    text = f"{fill(clean(about), columns)}\n\n" if about else ""
    text += usage(f"{name} COMMAND [OPTIONS] [ARGUMENTS]", columns)
    children = tree.children(prefix, asked)
    rows = [
        (word, clean(entry.summary) if entry else "Commands: " + ", ".join(tree.children(longer)))
        for word, entry in children.items()
        for longer in [f"{prefix} {word}".strip()]
    ]
    if rows:
        text += f"\n{heading('Commands:')}\n{definitions(rows, columns)}"
    here = tree.entries.get(prefix)
    own = here.options if here is not None else ()
    stands_alone = not asked.typed or (here is not None and here.shim)
    options = (*own, *GLOBAL_OPTIONS, *((VERSION_OPTION,) if stands_alone else ()))
    text += f"\n{heading('Options:')}\n{definitions(options, columns)}"
    footer = fill(f"{name} COMMAND --help tells more about a command.", columns)
    return f"{text}\n{footer}\n"


def _about(tree: Tree, prefix: str, asked: Invocation) -> str:
    typed = tree.entries.get(" ".join(asked.typed))
    entry = typed if typed is not None and typed.summary else tree.entries.get(prefix)
    return entry.summary if entry is not None else "" if prefix else ABOUT
