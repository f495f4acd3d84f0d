"""What runs on nodes of a Ray cluster: standard library only, Python 3.8 and newer."""
