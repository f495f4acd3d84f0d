"""What nodes cost, as far as that is known, and when they end by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.cli.amounts import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.cli.command import Command
    from outrig.model.node import Candidate
    from outrig.model.session import Plan, Session


def candidate_lines(plan: Plan) -> Iterator[str]:
    """Yield a line for each way to get the nodes of a plan, in order, with its price."""
    known = {one.candidate: one.usd_per_hour for one in plan.prices}
    named = [one for one in plan.candidates if one.instance_type is not None]
    for number, one in enumerate(named, 1):
        price = known.get(one)
        usd = "price unknown" if price is None else f"{price * plan.count:.4f} USD per hour"
        yield f"candidate {number}: {_described(one)}: {usd}"


def _described(one: Candidate) -> str:
    where = "" if one.zone is None else f" in {one.zone}"
    return f"{one.instance_type}{where}{', spot' if one.spot else ''}"


def note_cost(command: Command, session: Session) -> None:
    """Say in one line what a session costs and when it ends by itself, where it costs anything."""
    if not any("price" in node.data for node in session.nodes):
        return
    usd, life = session.usd_per_hour, session.lifetime
    said = ["price unknown" if usd is None else f"{usd:.4f} USD per hour"]
    spot = any(node.data.get("spot") for node in session.nodes)
    what = "terminated" if life.terminate or spot else "stopped"
    if life.idle_s is not None:
        said.append(f"{what} when idle for {duration(life.idle_s)}")
    if life.max_age_s is not None:
        said.append(f"{what} at the age of {duration(life.max_age_s)}")
    if life.idle_s is None and life.max_age_s is None:
        said.append("runs until it is stopped")
    command.note(f"{session.name}: {', '.join(said)}")
