"""The commands on folders."""
