"""Directories and distributions made of mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def write_files(root: Path, files: Mapping[str, str | bytes | Mapping[str, object]]) -> Path:
    """Write files below `root`, by relative path; text that begins with `#!` is made executable."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_as_bytes(content))
        if isinstance(content, str) and content.startswith("#!"):
            path.chmod(0o755)
    return root


def _as_bytes(content: str | bytes | Mapping[str, object]) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True).encode()


def write_distribution(
    site: Path,
    name: str,
    *,
    entry_points: Mapping[str, Mapping[str, str]],
    files: Mapping[str, str | bytes],
    version: str = "1.0",
    requires: Sequence[str] = ("outrig",),
) -> Path:
    """Write an installed distribution into `site` and return its `.dist-info` directory.

    `entry_points` maps a group (`outrig.providers`) to names and values (`{"acme": "acme:Acme"}`),
    `files` holds its modules, `requires` its declared requirements.
    """
    write_files(site, files)
    information = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {one}" for one in requires]
    points = []
    for group, values in entry_points.items():
        points += [f"[{group}]", *(f"{key} = {value}" for key, value in values.items()), ""]
    record = [*files, *(f"{information}/{one}" for one in ("METADATA", "RECORD"))]
    write_files(
        site,
        {
            f"{information}/METADATA": "\n".join(metadata) + "\n",
            f"{information}/entry_points.txt": "\n".join(points),
            f"{information}/INSTALLER": "outrig.testing\n",
            f"{information}/RECORD": "".join(f"{one},,\n" for one in record),
        },
    )
    return site / information
