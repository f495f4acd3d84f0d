"""`ray session stop`"""

from __future__ import annotations

from outrig.api import SessionStop


class RaySessionStop(SessionStop):
    """Stop sessions; their nodes are kept unless they are to be terminated."""

    summary = "Stop sessions, keeping their nodes unless --terminate is given"
    details = (
        "What runs in the session is ended and output files come back. The work directory and the "
        "nodes are kept, and `ray session attach --start` resumes it; --terminate gives them back."
    )
    examples = (
        ("ray session stop", "the session used last"),
        ("ray session stop default-session --terminate", "for good"),
    )

    def keeps(self) -> bool:
        """Keep the nodes unless asked otherwise."""
        return not self.flag("terminate")
