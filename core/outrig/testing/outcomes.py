"""A pytest plugin that writes how each test ended to the file `OUTRIG_OUTCOMES`, a line each."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

OUTCOMES = os.environ.get("OUTRIG_OUTCOMES", os.devnull)  # before a test has another environment


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write the outcome of a test, and of what failed around it, with its last line."""
    if report.when != "call" and report.passed:
        return
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr or "")
    line = next((one.strip() for one in text.splitlines() if one.strip()), "")
    told = {"test": report.nodeid.rpartition("::")[2], "outcome": report.outcome, "why": line}
    with Path(OUTCOMES).open("a", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")
