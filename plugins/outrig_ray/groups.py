"""The groups of the `ray` command set, and the tool whose launcher leads here."""

from __future__ import annotations

from outrig.api import Group

RAY = Group(summary="Ray clusters, and projects as users of Ray know them", shim="ray")
PROJECT = Group(summary="Make and check Ray projects")
SESSION = Group(summary="Run the commands of a Ray project in sessions")
