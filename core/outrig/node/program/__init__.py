"""What runs on a node: stdlib only, Python 3.8 or newer, joined into one file before it is sent.

Modules here import each other by `from outrig.node.program.<module> import <name>` only, and share
one namespace once joined, so a name is given once. `TYPE_CHECKING` is set to false by hand, as
importing `typing` would be a good part of the program's start.
"""
