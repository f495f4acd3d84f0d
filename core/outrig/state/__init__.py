"""The records: one SQLite database in the state directory, used by many processes at once."""
