"""Sweeps: one command over many values, as one thing to preview, cap, watch, cancel and read."""
