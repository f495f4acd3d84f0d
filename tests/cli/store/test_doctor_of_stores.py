"""`outrig doctor --store`: what a store can do and what it lacks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outrig.errors import StoreError
from outrig.snapshot.probe import Outcome, probe_store
from outrig.testing.stores import FaultyStore, MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.command_line import CommandLine


class _Careless(MemoryStore):
    """It overwrites what is there."""

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        del if_absent
        return super().put(key, data, if_absent=False)


def test_a_good_store_has_nothing_to_say(run: CommandLine, tmp_path: Path) -> None:
    store = tmp_path / "store"
    found = run("doctor", "--store", str(store), "--output", "csv").checked().out
    assert "problem" not in found
    assert "not listed any more" in found
    assert [one for one in store.rglob("*") if one.is_file()] == []


def test_a_store_that_cannot_be_used_is_a_problem(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("doctor", "--store", str(tmp_path / "file/store"))
    assert result.exit_code == 1
    assert "problem" in result.out


def test_what_is_lacking_is_said() -> None:
    careless = _Careless()
    careless.clock = time.time
    found = {one.what: one.outcome for one in probe_store(careless)}
    assert found.pop("taken keys") is Outcome.LACKS
    assert set(found.values()) == {Outcome.WELL}
    late = FaultyStore(careless)
    late.lists_late = True
    assert {one.what: one.outcome for one in probe_store(late)}["listing"] is Outcome.LACKS
    assert careless.objects == {}


def test_a_clock_that_is_wrong_is_a_problem() -> None:
    store = MemoryStore()
    store.clock = lambda: time.time() - 7300
    (clock,) = [one for one in probe_store(store) if one.what == "clock"]
    assert clock.outcome is Outcome.FAILS
    assert "-2.0 h" in clock.found


def test_a_store_that_may_only_be_read_fails_where_it_writes() -> None:
    store = MemoryStore()

    def refuses(method: str, _key: str) -> None:
        if method == "put":
            raise StoreError("read only", hint="ask somebody")

    store.fails = refuses
    found = list(probe_store(store))
    assert [(one.what, one.outcome) for one in found] == [
        ("list", Outcome.WELL),
        ("write", Outcome.FAILS),
    ]
    assert found[1].found == "read only (ask somebody)"
