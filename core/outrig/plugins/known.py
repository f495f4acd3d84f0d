"""Names people will ask for, and where each comes from: data, not code."""

from __future__ import annotations

from outrig import __version__
from outrig.plugins.kinds import Kind

_EXTRAS: dict[tuple[Kind, str], str] = {
    (Kind.PROVIDER, "ssh"): "ssh",
    (Kind.PROVIDER, "aws"): "aws",
    (Kind.PROVIDER, "gcp"): "gcp",
    (Kind.PROVIDER, "ray"): "ray",
    (Kind.STORE, "s3"): "s3",
    (Kind.STORE, "gs"): "gcs",
    (Kind.STORE, "gcs"): "gcs",
    (Kind.STORE, "memory"): "memory",
}
"""The extra of Outrig's own distribution that brings the plugin or what it needs."""


def install_hint(kind: Kind, name: str) -> str | None:
    """Say how to get a well-known plugin, or that this Outrig has none; `None` for any other."""
    extra = _EXTRAS.get((kind, name))
    if extra is None:
        return None
    if extra in _provided_extras():
        return f"pip install 'outrig[{extra}]'"
    return f"this version of Outrig ({__version__}) does not include it"


def _provided_extras() -> frozenset[str]:
    from importlib import metadata

    try:
        return frozenset(metadata.metadata("outrig").get_all("Provides-Extra") or ())
    except metadata.PackageNotFoundError:
        return frozenset()
