"""The file that `daft init-config` writes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from outrig.errors import ConfigError, ConflictError
from outrig_daft.names import (
    DEFAULT_IMAGE,
    DEFAULT_REGION,
    DEFAULT_TYPE,
    DEFAULT_USER,
    DEFAULT_WORKERS,
)

if TYPE_CHECKING:
    from pathlib import Path

_ODD = re.compile(r"[^A-Za-z0-9_.-]+")
_TEXT = f"""\
# A cluster for Daft. `outrig daft up` starts it as it is; change what you want otherwise.

[setup]
# required: what the cluster is called
name = {{name}}

# required: who supplies the machines: aws, gcp, ssh (with hosts), local, or another provider
provider = "aws"

# optional, defaults to {DEFAULT_REGION}
# region = "{DEFAULT_REGION}"

# optional, defaults to the image's usual one ({DEFAULT_USER} for Amazon Linux)
# ssh_user = "{DEFAULT_USER}"

# optional, defaults to {DEFAULT_WORKERS} worker nodes
# number_of_workers = {DEFAULT_WORKERS}

# optional, defaults to {DEFAULT_TYPE}
# instance_type = "{DEFAULT_TYPE}"

# optional, defaults to {DEFAULT_IMAGE}, elsewhere the newest Amazon Linux 2023
# image_id = "{DEFAULT_IMAGE}"

# optional, defaults to none: an instance profile (name or ARN), for access to S3
# iam_instance_profile_arn = "arn:aws:iam::123456789012:instance-profile/name"

# optional, default to Python 3.12 and the newest Ray
# python_version = "3.12"
# ray_version = "2.50.0"

# optional, defaults to an empty list: packages besides Ray and Daft
# dependencies = ["polars"]

[run]
# optional, defaults to an empty list: run on all nodes after all that
setup_commands = ['echo "Hello, World!"']

# optional: jobs for `daft submit` and `daft job submit NAME`
# [[job]]
# name = "main"
# command = "python main.py"
# working-dir = "."
"""


def name_for(path: Path) -> str:
    """Return what the cluster of a file is called."""
    stem = path.name.removesuffix(".toml").strip(".-")
    return _ODD.sub("-", stem).strip(".-") or "daft"


def write_template(path: Path) -> None:
    """Write the template; raises `ConflictError` rather than overwrite anything."""
    text = _TEXT.format(name=json.dumps(name_for(path)))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        kind = "directory" if path.is_dir() else "file"
        raise ConflictError(
            f"there is a {kind} {path} already; it was left as it is",
            hint="give another name: outrig daft init-config NAME.toml",
        ) from None
    except OSError as err:
        raise ConfigError(f"{path} cannot be written: {err.strerror}") from err
