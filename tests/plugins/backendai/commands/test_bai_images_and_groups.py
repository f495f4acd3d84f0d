"""Names of images, and sets of agents: what a command changes, others show and sessions follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.errors import NotFoundError, UsageError
from outrig_backendai.directory.scaling_groups import ScalingGroupChange
from tests.plugins.backendai.commands.test_bai_admin_lists import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai


CHANGES = (
    "bai admin alias-image mine python",
    "bai admin dealias-image mine",
    "bai admin rescan-images",
    "bai admin scaling-groups add big",
    "bai admin scaling-groups update default",
    "bai admin scaling-groups delete default",
    "bai admin scaling-groups associate-scaling-group default default",
    "bai admin scaling-groups dissociate-scaling-group default default",
)


def test_only_superadmins_change_what_all_use(bai: Bai, compute: Compute) -> None:
    with compute.directory.write() as rows:
        rows.execute("UPDATE user SET role = 'user'")
    for line in CHANGES:
        done = bai(*line.split()[1:])
        assert (done.exit_code, "only superadmins" in done.err) == (5, True), line
    bai("admin", "images").checked()
    others = bai("ps", "--access-key", "*")
    assert (others.exit_code, "only administrators" in others.err) == (5, True)


def images(bai: Bai) -> list[dict[str, object]]:
    """Return the images that are listed."""
    found = record(bai, "admin", "images")["items"]
    assert isinstance(found, list)
    return found


def test_images_are_found_and_get_other_names(bai: Bai) -> None:
    found = [one for one in images(bai) if one["name"] == "python"]
    assert found, "this test runs on a Python"
    target = f"python:{found[0]['tag']}"
    done = bai("admin", "alias-image", "mine", target).checked()
    assert done.err == f"alias mine created for target {target}\n"
    named = [one for one in images(bai) if "mine" in one["aliases"]]  # type: ignore[operator]
    assert [one["tag"] for one in named] == [found[0]["tag"]]
    again = bai("admin", "image", "alias", "other", "mine").checked()
    assert "alias other created" in again.err
    circle = bai("admin", "alias-image", "mine", "other")
    assert (circle.exit_code, "leads to no image" in circle.err) == (2, True)
    bai("admin", "dealias-image", "mine").checked()
    missing = bai("admin", "image", "dealias", "mine")
    assert (missing.exit_code, "there are: other" in missing.err) == (4, True)


def test_images_are_looked_for_again(bai: Bai) -> None:
    out = bai("admin", "rescan-images").checked().out
    assert int(out.split()[0]) == len(images(bai)) > 0
    nowhere = bai("admin", "image", "rescan", "-r", "nosuch.example.org").checked().out
    assert nowhere == "0 images of nosuch.example.org on this computer\n"
    listed = [bai("admin", *words, "--operation").checked().out for words in (["images"], LIST)]
    assert listed[0] == listed[1]


LIST = ["image", "list"]


def test_a_scaling_group_is_a_set_of_agents(bai: Bai) -> None:
    agent = str(record(bai, "admin", "agents")["items"][0]["id"])  # type: ignore[index]
    bai("admin", "scaling-groups", "add", "big", "--desc", "many cores", "--agent", agent).checked()
    assert record(bai, "admin", "scaling-group", "big")["agents"] == [agent]
    assert record(bai, "admin", "scaling-group", "default")["agents"] == []
    nowhere = bai("start", "-t", "nowhere", "python")
    assert (nowhere.exit_code, "no agent can be used" in nowhere.err) == (6, True)
    bai("start", "-t", "there-it-is", "--sgroup", "big", "python").checked()
    assert bai("ps", "-f", "scaling_group,agent_ids", "--plain").checked().out == f"big  {agent}\n"
    bai("rm", "there-it-is").checked()
    bai("admin", "scaling-groups", "update", "big", "--active", "no").checked()
    refused = bai("start", "--sgroup", "big", "python")
    assert (refused.exit_code, 'no scaling group "big"' in refused.err) == (4, True)
    full = bai("admin", "scaling-groups", "delete", "big")
    assert (full.exit_code, f'"big" has agents: {agent}' in full.err) == (2, True)
    bai("admin", "scaling-groups", "update", "default", "--agent", agent).checked()
    bai("admin", "scaling-group", "delete", "big").checked()
    assert record(bai, "admin", "scaling-groups")["count"] == 1


def test_domains_use_scaling_groups(bai: Bai) -> None:
    def available() -> list[object]:
        found = record(bai, "admin", "list-scaling-groups", "default")["items"]
        assert isinstance(found, list)
        return [one["name"] for one in found]

    bai("admin", "scaling-groups", "add", "big", "--inactive").checked()
    bai("admin", "scaling-groups", "associate-scaling-group", "big", "default").checked()
    assert available() == ["default"]
    bai("admin", "scaling-groups", "update", "big", "-a", "true").checked()
    assert available() == ["big", "default"]
    bai("admin", "scaling-groups", "update", "big", "--private", "true").checked()
    assert available() == ["default"]
    bai("admin", "scaling-group", "update", "big", "--private", "false").checked()
    bai("admin", "scaling-groups", "dissociate-scaling-group", "big", "default").checked()
    assert available() == ["default"]


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["add", "default"], 2, 'scaling group "default" exists already'),
        (["add", "x", "--driver", "aws"], 2, "'aws' is not one of static"),
        (["add", "x", "--driver-opts", '{"a": 1}'], 2, "--driver-opts: there are no options"),
        (["update", "default", "-a", "maybe"], 2, "'maybe' is neither true nor false"),
    ],
    ids=str,
)
def test_changes_that_cannot_be(words: list[str], code: int, reason: str, bai: Bai) -> None:
    done = bai("admin", "scaling-groups", *words)
    assert (done.exit_code, done.out) == (code, "")
    assert reason in done.err


def test_what_is_not_there_is_named(compute: Compute) -> None:
    groups = compute.directory.scaling_groups
    with pytest.raises(UsageError, match="cannot be the name of a scaling group"):
        groups.add("a b", ScalingGroupChange())
    changes: tuple[Callable[[], None], ...] = (
        lambda: groups.change("nosuch", ScalingGroupChange()),
        lambda: groups.remove("nosuch"),
        lambda: groups.associate("default", "nosuch"),
        lambda: groups.dissociate("default", "nosuch"),
        lambda: compute.directory.agents.move("nosuch", "default"),
    )
    for change in changes:
        with pytest.raises(NotFoundError, match="nosuch"):
            change()
