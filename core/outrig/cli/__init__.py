"""The command line: everything between `sys.argv` and the engine."""
