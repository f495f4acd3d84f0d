"""Folders: where their files are, and how they come into sessions."""
