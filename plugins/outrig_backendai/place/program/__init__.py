"""The program that makes the inside of a session on its node, and enters it.

Standard library only, Python 3.8 or newer. Its modules are joined to one text and put beside the
session's work directory when it is set up.
"""
