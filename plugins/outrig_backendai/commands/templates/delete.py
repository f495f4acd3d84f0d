"""`bai session-template delete`"""

from __future__ import annotations

from outrig.errors import OutrigError
from outrig_backendai.commands.dotfiles import FORCE
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.commands.templating import TEMPLATE, TemplateCommand


class BaiTemplateDelete(TemplateCommand):
    """Forget a template."""

    summary = "Keep a template no longer"
    examples = (("bai sesstpl delete 3f2a", "sessions that are there stay"),)
    arguments = (TEMPLATE,)
    options = (FORCE, OWNER)

    def handle(self) -> int:
        """Forget it, once that is sure."""
        templates = self.templates()
        record = templates.find(self.word("template-id") or "")
        question = f"Delete template {record.name}?"
        sure = self.flag("force") or self.confirm(question, assume_without_terminal=True)
        if not sure:
            raise OutrigError("nothing was deleted")
        templates.remove(record)
        self.line(f"Session template {record.id} deleted")
        return 0
