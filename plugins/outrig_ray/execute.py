"""`ray session execute`"""

from __future__ import annotations

from outrig.api import SessionExecute


class RaySessionExecute(SessionExecute):
    """Run a command of the project in sessions that are running."""

    examples = (
        ("ray session execute evaluate", "in the session used last"),
        ("ray session execute --name default-session --shell ls", "any program"),
    )
