"""The group `ray job`."""

from __future__ import annotations

from outrig.api import Group

JOB = Group(summary="Run jobs on a running Ray cluster")
