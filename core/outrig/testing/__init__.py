"""What tests of Outrig and of its plugins share.

Switch it on in a `conftest.py`:

    pytest_plugins = ("outrig.testing.fixtures",)

and a test gets `outrig_home` (a home of its own), `run` (the command line), `project` (a directory
made of a mapping), `plugins` (distributions on a temporary path), `clock` and `ids` (both steady).
"""
