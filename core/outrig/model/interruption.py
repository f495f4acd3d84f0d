"""What becomes of sessions whose nodes are taken back."""

from __future__ import annotations

from enum import Enum


class Interruption(Enum):
    """What becomes of a session when its provider takes nodes back.

    `STOP` suspends it. With `RESTART` it gets new nodes with its last snapshot; runs that were cut
    stay LOST. With `RERUN` those are run again there, from their beginning.
    """

    STOP = "stop"
    RESTART = "restart"
    RERUN = "rerun"
