"""`--filter` and `--order`: what is selected, in which order, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from outrig.errors import UsageError
from outrig_backendai.listing.field import Field
from outrig_backendai.listing.filtering import matching, ordered
from outrig_backendai.listing.page import cut


@dataclass(frozen=True)
class Thing:
    """A record to select."""

    name: str
    size: int | None = None
    at: datetime = datetime(2026, 11, 21, tzinfo=UTC)
    tags: tuple[str, ...] = ()
    ready: bool = False


FIELDS: tuple[Field[Thing], ...] = (
    Field("name", "Name", lambda one: one.name, ("called",)),
    Field("size", "Size", lambda one: one.size),
    Field("at", "At", lambda one: one.at),
    Field("tags", "Tags", lambda one: one.tags),
    Field("ready", "Ready?", lambda one: one.ready),
)
THINGS = (
    Thing("a", 2, ready=True),
    Thing("b b", 10, datetime(2026, 1, 1, tzinfo=UTC), ("x", "y")),
    Thing('c"d', None, tags=("x",)),
    Thing("é%_", 3),
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('name == "a"', ["a"]),
        ("called == a", ["a"]),
        ("name!='a'", ["b b", 'c"d', "é%_"]),
        (r'name == "c\"d"', ['c"d']),
        ('name like "%b%"', ["b b"]),
        ('name like "é__"', ["é%_"]),
        ('name ilike "A"', ["a"]),
        ('name contains " "', ["b b"]),
        ("name in [a, 'b b']", ["a", "b b"]),
        ("name in (a)", ["a"]),
        ("size > 2", ["b b", "é%_"]),
        ("size >= 2 & size <= 3", ["a", "é%_"]),
        ("size < 3", ["a"]),
        ("size is null", ['c"d']),
        ("size isnot null", ["a", "b b", "é%_"]),
        ("size == abc", []),
        ('at < "2026-06-01"', ["b b"]),
        ("at >= 2026-11-21T00:00:00+00:00", ["a", 'c"d', "é%_"]),
        ("tags contains y", ["b b"]),
        ("ready == true", ["a"]),
        ("name == a | name == 'b b' & size == 10", ["a", "b b"]),
        ("(name == a | name == 'b b') & size == 10", ["b b"]),
        ("!(name == a)", ["b b", 'c"d', "é%_"]),
        ("  ", ["a", "b b", 'c"d', "é%_"]),
    ],
)
def test_a_filter_selects(text: str, names: list[str]) -> None:
    assert [one.name for one in matching(THINGS, text, FIELDS)] == names


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nosuch == 1", "--filter: there is no field 'nosuch'"),
        ("name", "it ends too early"),
        ("name ==", "it ends too early"),
        ("name is 3", "is takes null"),
        ("name == a b", "unexpected b"),
        ("name in a", "in takes a list"),
        ("name in [a", "] is missing"),
        ("(name == a", ") is missing"),
        ("name ~ a", "~ is no comparison"),
        ('name == "a', "nothing that can be read"),
        ("at > yesterday", '"yesterday" is not a time'),
        ("(" * 400 + "name == a" + ")" * 400, "too many parentheses"),
    ],
)
def test_a_filter_that_is_wrong_is_named(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as error:
        matching(THINGS, text, FIELDS)
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("name", ["a", "b b", 'c"d', "é%_"]),
        ("-name", ["é%_", 'c"d', "b b", "a"]),
        ("+size", ["a", "é%_", "b b", 'c"d']),
        ("at, -name", ["b b", "é%_", 'c"d', "a"]),
        ("", ["a", "b b", 'c"d', "é%_"]),
    ],
)
def test_an_order_sorts(text: str, names: list[str]) -> None:
    assert [one.name for one in ordered(THINGS, text, FIELDS)] == names


def test_an_order_by_what_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="--order: there is no field 'nosuch'"):
        ordered(THINGS, "-nosuch", FIELDS)


def test_pages_are_cut() -> None:
    page = cut(THINGS, 1, 2)
    assert ([one.name for one in page.records], page.total, page.left) == (["b b", 'c"d'], 4, 1)
    assert (cut(THINGS, 9, None).records, cut(THINGS, 9, None).left) == ((), 0)
    for offset, limit in ((-1, None), (0, 0)):
        with pytest.raises(UsageError, match="is less than"):
            cut(THINGS, offset, limit)
