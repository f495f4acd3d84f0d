"""`bai session-template list`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import option
from outrig_backendai.commands.templating import TemplateCommand
from outrig_backendai.listing.field import Field
from outrig_backendai.listing.page import Page
from outrig_backendai.listing.printing import print_page

if TYPE_CHECKING:
    from outrig_backendai.directory.templates import TemplateRecord

_FIELDS: tuple[Field[TemplateRecord], ...] = (
    Field("name", "Name", lambda one: one.name),
    Field("id", "ID", lambda one: one.id),
    Field("created_at", "Created At", lambda one: one.created_at),
    Field("user_email", "Owner", lambda one: one.owner_email, ("user",)),
    Field("domain_name", "Domain", lambda one: one.domain, ("domain",)),
    Field("group_name", "Group", lambda one: one.group, ("group",)),
)


class BaiTemplateList(TemplateCommand):
    """List templates."""

    summary = "List templates, newest first"
    examples = (("bai sesstpl list", "your own"),)
    options = (option("list-all", "a", "those of all users, for administrators"),)

    def handle(self) -> int:
        """Print them."""
        found = self.templates().select(everyone=self.flag("list-all"))
        page = Page(found, len(found))
        print_page(self, page, _FIELDS, empty="There is no task templates created yet.")
        return 0
