"""Questions of `doctor` about an account, and their answers as lines."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from outrig.errors import OutrigError

if TYPE_CHECKING:
    from collections.abc import Callable

Line = tuple[str, bool, str]
"""What was looked at, whether it is well, and what was found or is to do."""

MOST_SKEW_S = 240.0


def asked(name: str, question: Callable[[], str]) -> Line:
    """Return the answer to a question, or why there is none."""
    try:
        return name, True, question()
    except OutrigError as err:
        return name, False, f"{err}; {err.hint}" if err.hint else str(err)


def clock(said: Callable[[], str]) -> Line:
    """Compare this computer's clock with the `Date` that the cloud answers with."""
    try:
        skew = time.time() - parsedate_to_datetime(said()).timestamp()
    except (OutrigError, KeyError, TypeError, ValueError):
        return "clock", True, "not known"
    if abs(skew) > MOST_SKEW_S:
        return "clock", False, f"{skew:.0f} s off: requests that are 5 minutes off are refused"
    return "clock", True, f"{abs(skew):.0f} s off"
