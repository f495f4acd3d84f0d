"""Daft's configuration files, and the cluster files that are made of them."""
