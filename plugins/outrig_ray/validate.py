"""`ray project validate`"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import ProjectValidate

if TYPE_CHECKING:
    from outrig.api import Project


class RayProjectValidate(ProjectValidate):
    """Check the project's files, in Ray's words."""

    examples = (("ray project validate", "says: Project files validated!"),)

    def verdict(self, project: Project) -> str:  # noqa: ARG002 - it is the same for every project
        """Say what Ray says."""
        return "Project files validated!"
