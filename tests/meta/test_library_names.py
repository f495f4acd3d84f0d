"""`outrig.api` offers every record and interface that plugins meet; names of both APIs load."""

from __future__ import annotations

import importlib
import inspect

import pytest

import outrig.api
import outrig_ray.api

MODULES = (
    "outrig.interfaces",
    "outrig.model.console",
    "outrig.model.node",
    "outrig.model.run",
    "outrig.model.session",
    "outrig.model.snapshot",
)


@pytest.mark.parametrize("name", dir(outrig.api))
def test_every_name_loads(name: str) -> None:
    assert getattr(outrig.api, name) is not None


@pytest.mark.parametrize("name", dir(outrig_ray.api))
def test_every_name_of_the_ray_plugin_loads(name: str) -> None:
    assert getattr(outrig_ray.api, name) is not None


@pytest.mark.parametrize("module", MODULES)
def test_no_record_and_no_interface_is_left_out(module: str) -> None:
    members = inspect.getmembers(importlib.import_module(module), inspect.isclass)
    own = {name for name, one in members if one.__module__ == module and not name.startswith("_")}
    assert own - set(dir(outrig.api)) == set()
