"""The command reference of the documentation, and the help of everything for golden files."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from outrig.cli.application import global_options, load_command
from outrig.cli.invocation import Invocation
from outrig.cli.menu import ABOUT, group_help
from outrig.cli.tree import Tree
from outrig.cli.usage import argument_row, command_help, is_hidden, option_row, paragraphs, synopsis
from outrig.manifest import OWN, Manifest, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outrig.cli.command import Command
    from outrig.manifest import Entry

COLUMNS = 80


def own_commands(manifest: Manifest | None = None) -> list[Entry]:
    """Return Outrig's own commands that help shows, in the order of their words."""
    entries = (load() if manifest is None else manifest).commands.values()
    own = [one for one in entries if one.distribution == OWN and one.kind == "command"]
    return sorted((one for one in own if not one.hidden), key=lambda one: one.words)


def help_pages(columns: int = COLUMNS) -> dict[str, str]:
    """Return what `--help` prints for every command and group of Outrig's own, by their words."""
    tree = Tree(load())
    commands = own_commands(tree.manifest)
    shared = {one.name for one in global_options()}
    pages = {}
    with contextlib.redirect_stdout(io.StringIO()):  # no terminal, so no colours
        for entry in commands:
            name = f"outrig {entry.words}"
            own = {one.name for one in load_command(entry).options}
            pages[entry.words] = command_help(load_command(entry), name, shared - own, columns)
        for prefix in {"", *(one.words.rpartition(" ")[0] for one in commands)}:
            asked = Invocation(())
            asked.typed = prefix.split()
            pages[prefix] = group_help(tree, prefix, asked, columns)
    return dict(sorted(pages.items()))


def reference_markdown() -> str:
    """Return the command reference: every command with arguments, options and examples."""
    manifest = load()
    text = f"# Commands\n\n{ABOUT}\n\n## Options of every command\n\n"
    text += _table(("option", "meaning"), (option_row(one) for one in global_options()))
    group = None
    for entry in own_commands(manifest):
        first = entry.words.partition(" ")[0]
        if first != group:
            group = first
            about = manifest.commands.get(first)
            text += f"\n## {first}\n"
            if about is not None and about.kind == "group":
                text += f"\n{about.summary}.\n"
        text += "\n".join(("", *_section(load_command(entry), entry.words)))
    return text


def _section(command: Command, words: str) -> Iterator[str]:
    """Yield the lines about one command."""
    shared = {one.name for one in global_options()} - {one.name for one in command.options}
    own = [
        one for one in command.definition.options if one.name not in shared and not is_hidden(one)
    ]
    yield f"### outrig {words}\n"
    yield f"{command.summary}.\n"
    yield f"```text\n{synopsis(command, f'outrig {words}', bool(own))}\n```\n"
    if command.details:
        yield paragraphs(command.details, 10_000)
    if command.definition.arguments:
        rows = [argument_row(one) for one in command.definition.arguments]
        yield _table(("argument", "meaning"), rows)
    if own:
        yield _table(("option", "meaning"), [option_row(one) for one in own])
    for line, meaning in command.examples:
        yield f"```bash\n{line}  # {meaning}\n```\n"


def _table(headings: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {headings[0]} | {headings[1]} |", "|---|---|"]
    for name, meaning in rows:
        code = name.strip().replace("|", "\\|")
        text = meaning.replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| `{code}` | {text} |")
    return "\n".join(lines) + "\n"
