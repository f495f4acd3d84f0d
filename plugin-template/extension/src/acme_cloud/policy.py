"""The policy `acme`: no session in forbidden regions, and every session is booked.

An extension may have any of these hooks: `review_plan` (change or refuse), `session_event` (be told
what happened), and any other hook as a wrapper (`@hookimpl(wrapper=True)`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outrig.api import Settings, hookimpl, setting
from outrig.errors import PolicyError

if TYPE_CHECKING:
    from outrig.api import Context, Plan


@dataclass(frozen=True, kw_only=True)
class AcmeSettings(Settings):
    """Settings: keys `extensions.acme.…`, variables `OUTRIG_ACME_…`."""

    forbidden_regions: tuple[str, ...] = setting(("us-1",), help="regions that are not allowed")
    cost_centre: str = setting("4711", help="what sessions are booked on")


class AcmePolicy:
    """Looks at the plan of every start, `--dry-run` included."""

    settings_type = AcmeSettings

    def __init__(self, settings: AcmeSettings) -> None:
        self.settings = settings

    @hookimpl
    def review_plan(self, plan: Plan, context: Context) -> Plan:
        """Refuse a plan that goes where it must not; tag all others."""
        context.check_cancelled()
        region = str(plan.settings.get("region") or "")
        zones = [one.zone for one in plan.candidates if one.zone]
        for place in filter(None, [region, *zones]):
            if place.startswith(self.settings.forbidden_regions):
                raise PolicyError(
                    f"{place} is not allowed by Acme",
                    hint="use another region; those forbidden: "
                    + ", ".join(self.settings.forbidden_regions),
                )
        return replace(plan, tags={**plan.tags, "cost-centre": self.settings.cost_centre})
