"""Names and values that Daft's files have when they say nothing else."""

from __future__ import annotations

DEFAULT_FILE = ".daft.toml"
DEFAULT_REGION = "us-west-2"
DEFAULT_USER = "ec2-user"
DEFAULT_WORKERS = 2
DEFAULT_TYPE = "m7g.medium"
DEFAULT_IMAGE = "ami-01c3c55948a949a52"
"""The image of daft-launcher's guide, which is in the default region."""
