"""What other plugins may use of this one: Ray clusters on nodes, and the jobs on them.

Names are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_HOME = {
    "outrig_ray.clusters.bringing_up": ("Brought", "UpOptions", "bring_up"),
    "outrig_ray.clusters.cluster": ("PROJECT", "Cluster", "clusters", "find_cluster", "home_of"),
    "outrig_ray.clusters.following": ("StepError",),
    "outrig_ray.clusters.runtime": ("RUNTIME", "SET_UP", "runtimes"),
    "outrig_ray.clusters.taking_down": ("take_down",),
    "outrig_ray.jobs.address": ("DASHBOARD_PORT", "Address"),
    "outrig_ray.jobs.client": ("Jobs",),
    "outrig_ray.jobs.columns": ("JOB_COLUMNS",),
    "outrig_ray.jobs.following": ("follow_job",),
    "outrig_ray.jobs.job": ("Job", "NewJob"),
    "outrig_ray.jobs.package": ("upload_directory",),
    "outrig_ray.jobs.reaching": ("dashboard_of", "in_place", "place_directory"),
    "outrig_ray.launcher.up": ("UpReport",),
}

_WHERE = {name: module for module, names in _HOME.items() for name in names}

if TYPE_CHECKING:
    from outrig_ray.clusters.bringing_up import Brought as Brought
    from outrig_ray.clusters.bringing_up import UpOptions as UpOptions
    from outrig_ray.clusters.bringing_up import bring_up as bring_up
    from outrig_ray.clusters.cluster import PROJECT as PROJECT
    from outrig_ray.clusters.cluster import Cluster as Cluster
    from outrig_ray.clusters.cluster import clusters as clusters
    from outrig_ray.clusters.cluster import find_cluster as find_cluster
    from outrig_ray.clusters.cluster import home_of as home_of
    from outrig_ray.clusters.following import StepError as StepError
    from outrig_ray.clusters.runtime import RUNTIME as RUNTIME
    from outrig_ray.clusters.runtime import SET_UP as SET_UP
    from outrig_ray.clusters.runtime import runtimes as runtimes
    from outrig_ray.clusters.taking_down import take_down as take_down
    from outrig_ray.jobs.address import DASHBOARD_PORT as DASHBOARD_PORT
    from outrig_ray.jobs.address import Address as Address
    from outrig_ray.jobs.client import Jobs as Jobs
    from outrig_ray.jobs.columns import JOB_COLUMNS as JOB_COLUMNS
    from outrig_ray.jobs.following import follow_job as follow_job
    from outrig_ray.jobs.job import Job as Job
    from outrig_ray.jobs.job import NewJob as NewJob
    from outrig_ray.jobs.package import upload_directory as upload_directory
    from outrig_ray.jobs.reaching import dashboard_of as dashboard_of
    from outrig_ray.jobs.reaching import in_place as in_place
    from outrig_ray.jobs.reaching import place_directory as place_directory
    from outrig_ray.launcher.up import UpReport as UpReport


def __getattr__(name: str) -> object:
    module = _WHERE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted(_WHERE)
