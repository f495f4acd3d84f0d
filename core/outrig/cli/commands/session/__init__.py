"""Sessions: hold nodes and run a project's commands on them."""
