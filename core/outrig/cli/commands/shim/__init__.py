"""Launchers that let another tool's own command lines work as they are."""
