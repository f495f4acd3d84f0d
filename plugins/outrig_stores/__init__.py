"""Snapshot stores on file systems and object storage."""
