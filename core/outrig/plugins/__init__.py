"""Plugins: which there are, loading one by its name, and the typed façade over their hooks."""

from __future__ import annotations

from outrig.plugins.facade import Hooks as Hooks
