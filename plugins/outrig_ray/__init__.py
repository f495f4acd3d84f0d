"""The command set of Ray projects: `ray project …` and `ray session …`."""
