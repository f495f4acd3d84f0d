"""Every command of the contract answers `--help` with all its options and arguments.

`commands.json` says what both generations of Backend.AI's client had. What other parts of the
command set will bring is left out by name here.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from outrig.cli.application import global_options, load_command
from outrig.cli.definition import letters_of
from outrig.cli.invocation import Invocation
from outrig.cli.menu import group_help
from outrig.cli.tree import Place, Tree
from outrig.cli.usage import command_help
from outrig.manifest import load

if TYPE_CHECKING:
    from cleo.io.inputs.option import Option as CleoOption

    from outrig.cli.command import Command

CONTRACT: list[dict[str, Any]] = json.loads(Path(__file__).with_name("commands.json").read_text())
OF_THE_NEXT_PART = (
    "admin announcement",
    "admin domain",
    "admin domains",
    "admin etcd",
    "admin group",
    "admin groups",
    "admin keypair-resource-policies",
    "admin keypair-resource-policy",
    "admin keypairs",
    "admin keypair activate",
    "admin keypair add",
    "admin keypair deactivate",
    "admin keypair delete",
    "admin keypair list",
    "admin keypair update",
    "admin license",
    "admin manager",
    "admin resource",
    "admin resources",
    "admin show-license",
    "admin storage",
    "admin storage-list",
    "admin user",
    "admin users",
    "admin vfolder",
    "admin vfolders",
    "admin watcher",
    "announcement",
    "login",
    "logout",
    "manager",
    "proxy",
    "server-logs",
    "update-password",
)


def belongs_here(path: str) -> bool:
    """Tell whether a command is not of the next part."""
    return not any(f"{path} ".startswith(f"{one} ") for one in OF_THE_NEXT_PART)


def all_names(row: dict[str, Any]) -> list[str]:
    """Return all words that a command is called by."""
    parent = row["path"].rpartition(" ")[0]
    aliases = [f"{parent} {one}".strip() for one in row["aliases"]]
    return [row["path"], *aliases, *row["also"]]


ROWS = [row for row in CONTRACT if row["path"] and belongs_here(row["path"])]
NAMES = [(name, row) for row in ROWS for name in all_names(row)]


@cache
def tree() -> Tree:
    """Read what is installed once."""
    return Tree(load())


def place_of(path: str) -> Place:
    """Return where the words lead."""
    return tree().find(Invocation(["bai", *path.split(), "--help"]))


def command_of(path: str) -> Command:
    """Return the command the words lead to."""
    entry = place_of(path).entry
    assert entry is not None, f"bai {path} is a group"
    return load_command(entry)


def test_the_contract_is_whole() -> None:
    assert len(CONTRACT) == 145
    assert len(ROWS) == 69


@pytest.mark.parametrize(("name", "row"), NAMES, ids=[name for name, _ in NAMES])
def test_help_shows_all_that_the_contract_says(name: str, row: dict[str, Any]) -> None:
    place = place_of(name)
    if place.entry is None:
        asked = Invocation(["bai", *name.split()])
        assert row["options"] == row["args"] == []
        assert "Commands:" in group_help(tree(), place.prefix, asked, 100)
        return
    everywhere = {one.name for one in global_options()}
    text = command_help(command_of(name), name, everywhere, 200)
    missing = [
        flag
        for option in row["options"]
        for flag in option["flags"]
        if f"{flag} " not in text.replace(",", " ").replace("[", " ").replace("\n", " ")
    ]
    assert missing == []


OPTIONS = [(row, option) for row in ROWS for option in row["options"]]


@pytest.mark.parametrize(
    ("row", "option"), OPTIONS, ids=[f"{row['path']} {one['flags'][0]}" for row, one in OPTIONS]
)
def test_an_option_takes_what_the_contract_says(
    row: dict[str, Any], option: dict[str, Any]
) -> None:
    command = command_of(row["path"])
    found: set[str] = set()
    for flag in option["flags"]:
        declared = declared_by(command, flag)
        assert declared is not None, flag
        found.add(declared.name)
        assert declared.is_flag() is (option["value"] == "none"), flag
        assert declared.is_list() or not option["multiple"], flag
        choices = set(getattr(declared, "choices", ()))
        assert not choices or choices >= set(option["choices"] or choices), flag
    assert len(found) == 1, "all of its names are one option"


def declared_by(command: Command, flag: str) -> CleoOption | None:
    """Return the option that has a name, long or short."""
    if flag.startswith("--"):
        has = command.definition.has_option(flag[2:])
        return command.definition.option(flag[2:]) if has else None
    for one in command.definition.options:
        if flag[1:] in letters_of(one):
            return one
    return None


@pytest.mark.parametrize("row", [one for one in ROWS if one["args"]], ids=lambda row: row["path"])
def test_a_command_takes_as_many_arguments(row: dict[str, Any]) -> None:
    arguments = command_of(row["path"]).definition.arguments
    repeated = any(one["nargs"] != 1 for one in row["args"])
    if row["path"] in ("ssh", "scp"):  # all that follows the session goes to that program
        assert arguments[-1].is_list()
        return
    assert len(arguments) >= len(row["args"])
    assert arguments[-1].is_list() is repeated


SAME = (
    ("bai terminate", "bai rm"),
    ("bai terminate", "bai session destroy"),
    ("bai start", "bai create"),
    ("bai ps", "bai admin session list"),
    ("bai info", "bai admin session info"),
    ("bai session-template update", "bai sesstpl update"),
    ("bai admin images", "bai admin image list"),
    ("bai admin scaling-groups add", "bai admin scaling-group add"),
)


@pytest.mark.parametrize(("old", "new"), SAME)
def test_old_and_new_names_are_one_command(old: str, new: str) -> None:
    places = [place_of(words.removeprefix("bai ")) for words in (old, new)]
    assert places[0].prefix == places[1].prefix == old
