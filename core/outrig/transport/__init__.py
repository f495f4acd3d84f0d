"""Byte pipes to the node program."""
