"""The contract of command sets: subclass it, give the fixture `distribution`, get the suite.

    class TestAcmeCommands(CommandSetContract):
        @pytest.fixture
        def distribution(self) -> str:
            return "acme-cloud"

The distribution is installed, an editable install will do.
"""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

import pytest

from outrig.cli.application import bind, global_options, load_command
from outrig.cli.invocation import Invocation
from outrig.cli.usage import command_help, is_hidden
from outrig.errors import UsageError
from outrig.manifest import Manifest, load

if TYPE_CHECKING:
    from outrig.cli.command import Command
    from outrig.manifest import Entry
    from outrig.testing.command_line import CommandLine

SUMMARY_LENGTH = 80


class CommandSetContract:
    """What every set of commands promises."""

    @pytest.fixture
    def manifest(self, outrig_home: object) -> Manifest:
        """Find what is installed, anew."""
        return load(rebuild=True)

    @pytest.fixture
    def entries(self, manifest: Manifest, distribution: str) -> list[Entry]:
        """Return the commands of the distribution."""
        found = [
            one
            for one in manifest.commands.values()
            if one.distribution == distribution and one.kind == "command"
        ]
        assert found, f"{distribution} has no commands: is it installed?"
        return found

    @pytest.fixture
    def commands(self, entries: list[Entry]) -> dict[str, Command]:
        """Return the commands by their words."""
        return {one.words: load_command(one) for one in entries}

    def test_every_entry_point_is_used(self, manifest: Manifest, distribution: str) -> None:
        wrong = [str(one) for one in manifest.problems if one.distribution == distribution]
        assert wrong == []

    def test_groups_say_what_they_are(self, manifest: Manifest, distribution: str) -> None:
        groups = [
            one
            for one in manifest.commands.values()
            if one.distribution == distribution and one.kind == "group"
        ]
        assert [one.words for one in groups if not _is_summary(one.summary)] == []

    def test_every_command_has_a_summary_of_one_line(self, commands: dict[str, Command]) -> None:
        assert [words for words, one in commands.items() if not _is_summary(one.summary)] == []

    def test_every_command_is_explained(self, commands: dict[str, Command]) -> None:
        silent = [
            words
            for words, one in commands.items()
            if not one.hidden and not (one.details or one.examples)
        ]
        assert silent == [], "details or examples"

    def test_arguments_and_options_are_explained(self, commands: dict[str, Command]) -> None:
        silent = [
            f"{words}: {each.name}"
            for words, one in commands.items()
            for each in one.definition.arguments
            if not each.description
        ]
        silent += [
            f"{words}: --{each.name}"
            for words, one in commands.items()
            for each in one.definition.options
            if not each.description and not is_hidden(each)
        ]
        assert silent == []

    def test_examples_call_the_command(self, commands: dict[str, Command]) -> None:
        shared = {"", "outrig"}
        for words, one in commands.items():
            for line, meaning in one.examples:
                assert meaning, line
                first = re.split(r"\s+", line)[0]
                called = line.startswith(f"outrig {words}") or first not in shared
                assert called, f"{words}: {line}"

    def test_help_is_printed(self, commands: dict[str, Command]) -> None:
        shared = {one.name for one in global_options()}
        for words, one in commands.items():
            own = {each.name for each in one.options}
            text = command_help(one, f"outrig {words}", shared - own, 80)
            assert one.summary in text

    def test_an_unknown_option_is_wrong_usage(self, commands: dict[str, Command]) -> None:
        for words, one in commands.items():
            if one.keep_unknown or one.verbatim:
                continue
            with pytest.raises(UsageError, match="no-such-option"):
                bind(one, Invocation(["--no-such-option"]))
            assert words

    def test_modules_can_be_imported_one_by_one(self, entries: list[Entry]) -> None:
        for one in entries:
            assert importlib.import_module(one.value.partition(":")[0])

    def test_help_works_from_the_command_line(
        self, entries: list[Entry], run: CommandLine, distribution: str
    ) -> None:
        first = min(entries, key=lambda one: one.words)
        done = run(*first.words.split(), "--help").checked()
        assert first.summary in done.out
        assert distribution not in done.err


def _is_summary(text: str) -> bool:
    one_line = "\n" not in text and text == text.strip()
    return bool(text) and one_line and len(text) <= SUMMARY_LENGTH and not text.endswith(".")
