"""The commands of Ray's cluster launcher: `ray up`, `ray exec` and the others."""
