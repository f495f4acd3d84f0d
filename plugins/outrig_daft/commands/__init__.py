"""The commands of daft-launcher, and those of daft-cli."""
