"""Ray: its command lines and project files."""
