"""Listings as tables, JSON, CSV and plain text."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

import pytest

from outrig.cli.listing import Column, ago, duration, render, size
from outrig.cli.table import columns_of, table
from outrig.errors import UsageError

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Row = dict[str, object]


class State(Enum):
    """A state."""

    READY = "ready"


ROW: Row = {
    "name": "a\x1b[31m\tb\u202e",
    "at": NOW - timedelta(minutes=3),
    "bytes": 1536,
    "took": 123.4,
    "state": State.READY,
    "none": None,
    "flag": True,
    "tags": ("x", "y"),
    "map": {"k": "\x9b"},
}
COLUMNS = [
    Column[Row]("name", lambda row: str(row["name"])),
    Column[Row]("at", lambda row: NOW - timedelta(minutes=3) if row else None),
    Column[Row]("bytes", lambda row: 1536 if row else None, unit="bytes"),
    Column[Row]("took", lambda row: 123.4 if row else None, unit="seconds"),
    Column[Row]("state", lambda row: State.READY if row else None),
    Column[Row]("none", lambda row: None if row else ""),
    Column[Row]("flag", lambda row: bool(row["flag"])),
    Column[Row]("tags", lambda row: ("x", "y") if row else ()),
    Column[Row]("map", lambda row: {"k": "\x9b"} if row else None, shown=False),
]


def test_a_table_is_for_people() -> None:
    heading, line = render([ROW], COLUMNS, now=NOW).splitlines()
    assert heading.split() == ["NAME", "AT", "BYTES", "TOOK", "STATE", "NONE", "FLAG", "TAGS"]
    assert line.startswith("a\\x1b[31m\\tb\\u202e  3 minutes ago  1.5 KiB  2 m 03 s  ready")
    assert line.endswith("yes   x,y")


def test_json_keeps_values_and_escapes_controls() -> None:
    text = render([ROW], COLUMNS, output="json")
    assert json.loads(text) == [
        {
            "name": ROW["name"],
            "at": "2026-11-21T11:57:00Z",
            "bytes": 1536,
            "took": 123.4,
            "state": "ready",
            "none": None,
            "flag": True,
            "tags": ["x", "y"],
            "map": {"k": "\x9b"},
        }
    ]
    assert text.replace("\n", "").isprintable()
    assert json.loads(render([], COLUMNS, output="json")) == []


def test_csv_and_plain_are_exact() -> None:
    heading, line = csv.reader(io.StringIO(render([ROW], COLUMNS, output="csv")))
    assert heading[0] == "name"
    assert line[1:8] == ["2026-11-21T11:57:00Z", "1536", "123.4", "ready", "", "true", "x,y"]
    plain = render([ROW], COLUMNS, output="plain", fields=("bytes", "name"))
    assert plain == "1536\ta\\x1b[31m\\tb\\u202e\n"


def test_fields_choose_and_order() -> None:
    assert (
        render([ROW], COLUMNS, fields=("took", "flag"), output="csv") == "took,flag\n123.4,true\n"
    )
    with pytest.raises(UsageError, match="no field 'nope'") as caught:
        render([ROW], COLUMNS, fields=("nope",))
    assert caught.value.hint is not None
    assert "name, at, bytes" in caught.value.hint


def test_a_table_may_have_a_rule() -> None:
    assert table(["a", "bc"], [["1"], ["é"]], rule=True) == "a  bc\n-  --\n1  é\n"
    assert table(["漢"], [[]], rule=True) == "漢\n--\n"


def test_wide_characters_take_two_columns() -> None:
    assert [columns_of(one) for one in ("abc", "漢字", "e\u0301", "🎉")] == [3, 4, 1, 2]
    text = table(["A", "B"], [["漢字", "x"], ["1", "22"]], right=[False, True])
    assert text == "A      B\n漢字   1\nx     22\n"


def test_ten_thousand_rows() -> None:
    numbers = range(10_000)
    columns = [[str(one) for one in numbers], ["name" * (one % 7) for one in numbers]]
    lines = table(["N", "NAME", ""], [*columns, [""] * 10_000]).splitlines()
    assert len(lines) == 10_001
    assert lines[-1] == "9999  namenamename"


@pytest.mark.parametrize(
    ("delta", "text"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=59), "59 seconds ago"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(hours=25), "1 day ago"),
        (timedelta(days=800), "800 days ago"),
        (timedelta(hours=-3), "in 3 hours"),
    ],
)
def test_relative_times(delta: timedelta, text: str) -> None:
    assert ago(NOW - delta, NOW) == text
    assert ago((NOW - delta).replace(tzinfo=None), NOW) == text


def test_numbers_for_people() -> None:
    assert [size(one) for one in (0, 1023, 1024, 150 * 1024**2, 5 * 1024**6)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "150 MiB",
        "5120 PiB",
    ]
    assert [duration(one) for one in (0.25, 61, 3 * 3600 + 60, 50 * 3600)] == [
        "0.2 s",
        "1 m 01 s",
        "3 h 01 m",
        "2 d 2 h",
    ]


@pytest.mark.usefixtures("acme")
def test_a_listing_command(run: CommandLine) -> None:
    out = run("acme", "rows", "--format", "name,size").checked().lines
    assert out == ["NAME             SIZE", "a\\x1b[31mred  2.0 KiB", '漢字, "q"         3 B']
    assert (
        run("acme", "rows", "--output", "csv", "--format", "size").checked().out
        == "size\n2048\n3\n"
    )
    assert len(run("acme", "rows", "--output=json").checked().out.splitlines()) == 12
    assert "\t2026-01-02T00:00:00Z\t3" in run("acme", "rows", "--output", "plain").checked().out
    unknown = run("acme", "rows", "--format", "nope")
    assert (unknown.exit_code, "fields: name, at, size" in unknown.err) == (2, True)
    bad = run("acme", "rows", "--output", "xml")
    assert (bad.exit_code, "not one of table, json, csv, plain, odd" in bad.err) == (2, True)


@pytest.mark.usefixtures("acme")
def test_an_empty_listing(run: CommandLine) -> None:
    done = run("acme", "rows", "--none").checked()
    assert (done.out, done.err) == ("", "no rows\n")
    assert run("acme", "rows", "--none", "--output", "json").checked().out == "[]\n"
    assert run("acme", "rows", "--none", "--output", "csv").checked().out == "name,at,size\n"
