"""The commands on templates."""
