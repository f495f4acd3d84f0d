"""Outrig's own commands, one module each: `commands/<group>/<verb>.py`."""
