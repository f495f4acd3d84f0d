"""Outrig runs a project anywhere."""

__version__ = "0.1.0"
