"""The embedded directory: who there is, what may be used, and what was recorded of it."""
