"""Runs: what was executed, how it stands and what it printed."""
