"""How jobs are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Column

if TYPE_CHECKING:
    from outrig_ray.jobs.job import Job

JOB_COLUMNS: tuple[Column[Job], ...] = (
    Column("id", lambda one: one.id),
    Column("status", lambda one: one.status.value),
    Column("exit", lambda one: one.exit_code),
    Column("submitted", lambda one: one.submitted_at),
    Column("ended", lambda one: one.ended_at),
    Column("entrypoint", lambda one: one.entrypoint),
)
