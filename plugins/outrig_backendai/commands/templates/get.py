"""`bai session-template get`"""

from __future__ import annotations

import json

from outrig.api import option
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.commands.templating import TEMPLATE, TemplateCommand


class BaiTemplateGet(TemplateCommand):
    """Print a template."""

    summary = "Print a template; `update` takes what it prints"
    examples = (("bai sesstpl get 3f2a > session-template.yaml", "to change and update"),)
    arguments = (TEMPLATE,)
    options = (
        option(
            "format",
            "f",
            "yaml or json",
            value="FORMAT",
            choices=("yaml", "json"),
            default="yaml",
        ),
        OWNER,
    )

    def handle(self) -> int:
        """Print it."""
        document = dict(self.templates().find(self.word("template-id") or "").document)
        if self.text("format") == "json" or self.output == "json":
            self.write(json.dumps(document, indent=2) + "\n")
            return 0
        import yaml

        self.write(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
        return 0
