"""How far a long step is, as it is said on a terminal and without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.progress import Meter
from outrig.session.observer import Progress

if TYPE_CHECKING:
    from outrig.testing.steady import Clock

_MIB = 1 << 20


def _copy(done: int, total: int | None = 100) -> Progress:
    whole = None if total is None else total * _MIB
    return Progress(step="copy", done=done * _MIB, total=whole, note="bytes copied")


def test_a_terminal_is_told_amount_rate_and_time_left(clock: Clock) -> None:
    meter = Meter(clock)
    assert meter.words(_copy(20), live=True) == "copy: 20.0 MiB of 100 MiB copied"
    clock.sleep(0.05)
    assert meter.words(_copy(21), live=True) is None, "not ten times a second"
    clock.sleep(1.95)
    told = meter.words(_copy(40), live=True)
    assert told == "copy: 40.0 MiB of 100 MiB copied, 10.0 MiB/s, 6.0 s left"


def test_without_a_terminal_there_is_a_line_in_ten_seconds(clock: Clock) -> None:
    meter = Meter(clock)
    told = []
    for second in range(31):
        told.append(meter.words(_copy(second * 2), live=False))
        clock.sleep(1)
    lines = [line for line in told if line]
    assert lines[0] == "copy: 20.0 MiB of 100 MiB copied, 2.0 MiB/s, 40.0 s left"
    assert len(lines) == 3


def test_an_unknown_total_has_no_time_left_and_counts_have_no_rate(clock: Clock) -> None:
    meter = Meter(clock)
    meter.words(_copy(0, None), live=True)
    clock.sleep(2)
    assert meter.words(_copy(4, None), live=True) == "copy: 4.0 MiB copied, 2.0 MiB/s"
    labels = Progress(step="list", done=200, total=900, note="labels read")
    assert meter.words(labels, live=True) == "list: 200 of 900 labels read"


def test_a_new_step_begins_anew(clock: Clock) -> None:
    meter = Meter(clock)
    meter.words(_copy(90), live=True)
    clock.sleep(5)
    other = Progress(step="check", done=0, total=_MIB, note="bytes verified")
    assert meter.words(other, live=True) == "check: 0 B of 1.0 MiB verified"
    clock.sleep(1)
    again = Progress(step="check", done=_MIB // 2, total=_MIB, note="bytes verified")
    told = meter.words(again, live=True)
    assert told == "check: 512 KiB of 1.0 MiB verified, 512 KiB/s, 1.0 s left"
