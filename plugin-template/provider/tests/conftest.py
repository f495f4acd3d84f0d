"""Gives tests the fixtures of Outrig: `outrig_home`, `run`, `project`, `plugins`, …"""

pytest_plugins = ("outrig.testing.fixtures",)
