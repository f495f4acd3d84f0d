"""`outrig store add`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.command import Command
from outrig.cli.definition import argument, option
from outrig.cli.store_listing import store_fields
from outrig.config.stores import StorePlace, add_store, located
from outrig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.cli.definition import Option


class StoreAdd(Command):
    """Give a store a name."""

    summary = "Give a store a name"
    details = (
        "The name, the URL and the settings given here are written into the configuration file. "
        "Wherever a store is asked for, its name will do. Each setting of the store's plugin is an "
        "option: see outrig store add NAME URL --help."
    )
    examples = (
        ("outrig store add backup s3://bucket/outrig", "in AWS, with the usual credentials"),
        (
            "outrig store add lab s3://snaps --s3-endpoint http://s3.lab.example --default",
            "on a server of one's own, from now on the usual one",
        ),
    )
    arguments = (
        argument("name", "what to call it: letters, digits, - and _"),
        argument("url", "where it is: s3://bucket/prefix, gs://bucket/prefix, a path"),
    )
    options = (option("default", None, "keep snapshots there from now on"),)

    def extend(self, words: Sequence[str]) -> Iterable[Option]:
        """Add the settings of the plugin that the URL chooses."""
        leading = self.leading(words)
        if len(leading) < 2:
            return ()
        return [
            option(
                one.flag,
                None,
                f"{one.help}{f' ({one.unit})' if one.unit else ''}",
                value="VALUE",
                implied="true" if one.hint is bool else None,
            )
            for one in store_fields(self, located(leading[1]))
            if not self.definition.has_option(one.flag)
        ]

    def handle(self) -> int:
        """Write it down."""
        place = StorePlace(
            name=self.word("name"), url=located(self.word("url") or ""), settings=self._given()
        )
        self.outrig.snapshots.at(place.url).try_settings(place)
        add_store(place)
        if self.flag("default"):
            from outrig.config.edit import set_key
            from outrig.config.file import config_path

            set_key(config_path(), "store", place.name)
        self.note(f"added {place.name}: {place.url}; to try it: outrig doctor --store {place.name}")
        return 0

    def _given(self) -> dict[str, object]:
        given: dict[str, object] = {}
        for one in store_fields(self, located(self.word("url") or "")):
            if not (self.definition.has_option(one.flag) and self.was_given(one.flag)):
                continue
            try:
                given[one.name] = one.convert(self.text(one.flag))
            except ValueError:
                raise UsageError(f"--{one.flag}: expected {one.expected}") from None
        return given
