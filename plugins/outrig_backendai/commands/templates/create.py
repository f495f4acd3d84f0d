"""`bai session-template create`"""

from __future__ import annotations

from outrig.api import option
from outrig_backendai.commands.dotfiles import FILE, read_given
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.commands.templating import TemplateCommand
from outrig_backendai.templates.template import MOST_BYTES


class BaiTemplateCreate(TemplateCommand):
    """Keep a template."""

    summary = "Keep a template that sessions are made from, and print its id"
    details = (
        "A template is YAML or JSON: image, resources, folders, variables, commands, a repository "
        "to clone. A password in it is kept apart from it and never printed."
    )
    examples = (
        ("bai sesstpl create < session-template.yaml", "from standard input"),
        ("bai sesstpl create -f session-template.yaml", "from a file"),
    )
    options = (
        FILE,
        option("domain", "d", "its domain", value="DOMAIN_NAME"),
        option("group", "g", "its group", value="GROUP_NAME"),
        OWNER,
    )

    def handle(self) -> int:
        """Keep it."""
        from outrig_backendai.templates.document import read_template

        templates = self.templates()
        group = templates.group(self.text("domain"), self.text("group"))
        file = self.text("file")
        data = read_given(file, MOST_BYTES)
        template, document = read_template(data, file or "standard input")
        record = templates.add(template.name, group, document)
        self.line(f"Session template {record.id} created and ready")
        return 0
