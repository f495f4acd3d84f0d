"""Compute sessions: asked for, queued, launched and ended."""
