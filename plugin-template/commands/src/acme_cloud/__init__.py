"""The commands below `outrig acme`."""
