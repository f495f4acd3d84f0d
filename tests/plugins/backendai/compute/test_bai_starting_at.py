"""`--starts-at`: a time, or a span of time from now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from outrig.errors import UsageError
from outrig_backendai.compute.starting_at import parse_starts_at

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("1.5", 1.5),
        ("-90", -90),
        ("+1d", 86400),
        ("1day 2hrs", 86400 + 7200),
        ("2h30m", 9000),
        ("2hours 30minutes 5seconds", 9005),
        ("1.5h", 5400),
        ("- 10m", -600),
        ("1d1s", 86401),
    ],
)
def test_a_span_counts_from_now(text: str, seconds: float) -> None:
    assert parse_starts_at(text, NOW) == NOW + timedelta(seconds=seconds)


def test_a_time_is_taken_as_it_is() -> None:
    assert parse_starts_at("2026-02-01T10:30:00+09:00", NOW) == datetime(
        2026, 2, 1, 1, 30, tzinfo=UTC
    )
    assert parse_starts_at("2026-02-01T10:30:00Z", NOW).hour == 10


@pytest.mark.parametrize(
    "text",
    ["", "h", "2h30", "10 m", "1 d 2 h", "1w", "-", "30m2h", "soon", "1d 99999999999d", "٣h"],
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="neither a time nor a span"):
        parse_starts_at(text, NOW)
