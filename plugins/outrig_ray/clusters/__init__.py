"""Ray clusters on the nodes of a session: set up step by step, started, stopped, reached."""
