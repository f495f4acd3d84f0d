"""The parts that providers of clouds are built on, each by itself."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.api import Lifetime, NodeQuery
from outrig.cloud.account import at_once
from outrig.cloud.checking import asked, clock
from outrig.cloud.ending import ENDING, WATCHING, ending_files, told
from outrig.cloud.machine_types import families, same_gpu, with_gpus
from outrig.cloud.machines import Machine, MachineState, Wanted
from outrig.cloud.node_config import node_config
from outrig.cloud.places import Place, kinds, planned
from outrig.cloud.prices import KEPT_S, DayPrices
from outrig.cloud.settings import CloudSettings
from outrig.errors import AuthError, ConfigError
from outrig.paths import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK = "def look():\n    return b''\n"


@pytest.fixture
def prices(away_from_home: Path) -> Path:
    """The file of a provider's prices."""
    return Path(cache_dir()) / "acme-prices.json"


def test_prices_are_kept_for_a_day_and_shared(prices: Path) -> None:
    DayPrices("acme").put({"a": 0.5, "b": 2.0})
    assert DayPrices("acme").get("a") == 0.5
    old = {"a": [0.5, time.time() - KEPT_S - 1], "b": [2.0, time.time()]}
    prices.write_text(json.dumps(old))
    again = DayPrices("acme")
    assert (again.get("a"), again.get("b"), again.get("c")) == (None, 2.0, None)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1}', '{"a": ["x", 1]}', "\udcff"])
def test_a_file_of_prices_that_is_damaged_is_no_file(prices: Path, text: str) -> None:
    prices.parent.mkdir(parents=True, exist_ok=True)
    prices.write_text(text, errors="surrogateescape")
    found = DayPrices("acme")
    assert found.get("a") is None
    found.put({"a": 1.0})
    assert DayPrices("acme").get("a") == 1.0


def test_prices_that_cannot_be_written_are_known_for_this_once(prices: Path) -> None:
    prices.mkdir(parents=True)
    found = DayPrices("acme")
    found.put({"a": 1.0})
    assert found.get("a") == 1.0
    assert DayPrices("acme").get("a") is None


def test_a_gpu_has_many_names() -> None:
    assert same_gpu("nvidia-tesla-t4", "T4")
    assert same_gpu("A100-80GB", "a100 80gb")
    assert not same_gpu("A100", "A100-80GB")


def test_families_and_gpus_make_a_catalogue() -> None:
    found = families((("big-{}", 8.0), ("small-{}", 1.5)), (("4x", 4), ("2x", 2)))
    assert [one.name for one in found] == ["small-2x", "big-2x", "small-4x", "big-4x"]
    assert found[0].memory_mib == 3072
    (one,) = with_gpus([("g", 4, 16, 2, "L4")])
    assert (one.memory_mib, one.gpu, one.gpu_type) == (16384, 2, "L4")


def test_places_come_spot_first_then_by_region_and_type() -> None:
    settings = CloudSettings(spot=True, spot_fallback=True)
    assert kinds(settings) == (True, False)
    assert kinds(CloudSettings()) == (False,)
    found = [*planned("acme", [("s", "r1"), ("s", "r2")], ["a", "b"], settings)]
    assert [one.label for one in found[:3]] == ["a in r1, spot", "b in r1, spot", "a in r2, spot"]
    assert (len(found), found[-1].label) == (8, "b in r2")
    zone = Place(provider="acme", scope="s", region="r1", machine_type="a", spot=False, zone="r1-z")
    assert (zone.candidate.zone, zone.candidate.instance_type) == ("r1-z", "a")


def test_a_machine_is_a_node_with_all_that_is_known() -> None:
    state = MachineState.RUNNING
    one = Machine(id="m", scope="s", state=state, private="10.0.0.1", spot=True, tags={"t": "v"})
    node = one.node("acme")
    assert (node.id, node.provider, node.address) == ("m", "acme", "10.0.0.1")
    assert (node.data["state"], node.data["spot"], node.data["tag:t"]) == ("running", "yes", "v")


def test_what_is_wanted_is_the_querys_session_else_its_owner() -> None:
    assert Wanted.by(NodeQuery(session_id="S", owner="o")).sessions == ("S",)
    assert Wanted.by(NodeQuery(owner="o")) == Wanted(owner="o")


def test_a_machine_is_told_to_watch_only_where_it_may_be_taken_back() -> None:
    files, units = ending_files(Lifetime(idle_s=60.0), None)
    assert (WATCHING in files, units) == (False, ["outrig-ending.timer"])
    compile(files[ENDING], ENDING, "exec")
    files, units = ending_files(Lifetime(idle_s=60.0), LOOK)
    assert units[-1] == "outrig-watching.service"
    compile(files[WATCHING], WATCHING, "exec")


def test_limits_that_differ_are_told_apart() -> None:
    assert told(Lifetime(idle_s=1.0)) != told(Lifetime(idle_s=1.0, terminate=True))
    assert told(Lifetime()) == told(Lifetime())


def test_calls_at_once_answer_in_order_and_all_are_tried() -> None:
    tried: list[int] = []

    def call(number: int) -> int:
        tried.append(number)
        if number % 2:
            raise ConfigError(f"no {number}")
        return number * 10

    assert at_once(call, [2, 4, 6]) == [20, 40, 60]
    with pytest.raises(ConfigError, match="no 1"):
        at_once(call, range(20))
    assert sorted(tried[3:]) == [*range(20)]


def test_more_fields_are_a_mapping_without_our_own() -> None:
    assert node_config(None, "acme", {"name"}) == {}
    assert node_config('{"a": 1}', "acme", {"name"}) == {"a": 1}
    with pytest.raises(ConfigError, match=r"providers\.acme\.node_config is no JSON"):
        node_config("{", "acme", {"name"})
    with pytest.raises(ConfigError, match="sets itself") as caught:
        node_config('{"name": 1}', "acme", {"name", "count"})
    assert caught.value.hint == "leave out count, name"


def _refuse() -> str:
    raise AuthError("nobody knows you", hint="log in")


@pytest.mark.parametrize(
    ("question", "line"),
    [
        (lambda: "fine", ("who", True, "fine")),
        (_refuse, ("who", False, "nobody knows you; log in")),
    ],
)
def test_a_question_that_is_refused_is_a_line(
    question: Callable[[], str], line: tuple[str, bool, str]
) -> None:
    assert asked("who", question) == line


def test_a_clock_that_is_off_is_said() -> None:
    assert clock(lambda: formatdate(time.time(), usegmt=True))[1]
    name, well, said = clock(lambda: formatdate(time.time() - 3600, usegmt=True))
    assert (name, well) == ("clock", False)
    assert "refused" in said
    assert clock(lambda: "soon") == ("clock", True, "not known")
    assert clock(_refuse) == ("clock", True, "not known")
