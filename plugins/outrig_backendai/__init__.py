"""The command set `bai`: sessions, code execution, services and folders as Backend.AI has them."""
