"""Commands that list sessions and say everything about one."""
