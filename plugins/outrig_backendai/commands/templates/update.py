"""`bai session-template update`"""

from __future__ import annotations

from outrig_backendai.commands.dotfiles import FILE, read_given
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.commands.templating import TEMPLATE, TemplateCommand
from outrig_backendai.templates.template import MOST_BYTES


class BaiTemplateUpdate(TemplateCommand):
    """Keep another text for a template."""

    summary = "Keep another text for a template"
    details = "A password that reads ******** stays what it was. Sessions that are there stay."
    examples = (("bai sesstpl update 3f2a < session-template.yaml", "from standard input"),)
    arguments = (TEMPLATE,)
    options = (FILE, OWNER)

    def handle(self) -> int:
        """Keep it."""
        from outrig_backendai.templates.document import read_template

        templates = self.templates()
        record = templates.find(self.word("template-id") or "")
        file = self.text("file")
        template, document = read_template(read_given(file, MOST_BYTES), file or "standard input")
        templates.change(record, template.name, document)
        self.line(f"Session template {record.id} updated")
        return 0
