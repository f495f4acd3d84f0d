"""Slots and sizes as users write them, and how devices are shared."""

from __future__ import annotations

import pytest

from outrig.errors import UsageError
from outrig_backendai.slots import Slots, format_size, parse_size, recorded_slots, slots_from

GIB = 1 << 30


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8g", 8 * GIB),
        ("256m", 256 << 20),
        ("1.5GiB", GIB * 3 // 2),
        ("64 bytes", 64),
        ("1_000", 1000),
        (".5k", 512),
        ("3TB", 3 << 40),
        ("7b", 7),
    ],
)
def test_sizes_are_binary_with_any_spelling(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "g", "-1m", "1x", "1 m m", "1e9", "999999999999y", "५m", "∞"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)


def test_a_bare_number_of_memory_is_mib() -> None:
    assert slots_from({"mem": "256"}).mem == 256 << 20
    assert slots_from({"memory": "256m", "gpu": "1"}) == Slots(mem=256 << 20, cuda_device=1)


@pytest.mark.parametrize(
    "pairs", [{"tpu": "1"}, {"cpu": "many"}, {"cpu": "-1"}, {"cuda.device": "0.5"}, {"cpu": "nan"}]
)
def test_slots_that_are_none_are_refused(pairs: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        slots_from(pairs)


def test_slots_are_recorded_in_bytes_and_read_back() -> None:
    slots = Slots(cpu=2.5, mem=3 * GIB, cuda_shares=0.5)
    assert slots.pairs() == {"cpu": "2.5", "mem": str(3 * GIB), "cuda.shares": "0.5"}
    assert recorded_slots(slots.pairs()) == slots


def test_what_lacks_is_named() -> None:
    free = Slots(cpu=2, mem=GIB, cuda_device=1)
    assert Slots(cpu=3).lacking(free) == "cpu"
    assert Slots(cpu=1, mem=2 * GIB).lacking(free) == "mem"
    assert Slots(cpu=1, cuda_shares=1.5).lacking(free) == "cuda"
    assert Slots(cpu=0.1).times(20).lacking(free) is None


def test_sizes_are_shown_short() -> None:
    assert [format_size(one) for one in (12, 1024, 3 * GIB // 2)] == ["12", "1.0K", "1.5G"]
