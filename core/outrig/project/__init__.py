"""Project files of every form: finding, validating, reading, and the parameters they declare."""
