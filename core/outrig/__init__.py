"""Outrig runs a project anywhere."""

from __future__ import annotations

__version__ = "0.1.0"


def metric(name: str, value: float, step: float | None = None) -> None:
    """Tell Outrig a number that this run measured; `step` says when, for curves.

    Does nothing outside a run, and what cannot be written is passed over. Runs have this function
    also where Outrig is not installed.
    """
    import contextlib
    import json
    import os

    path = os.environ.get("OUTRIG_METRICS")
    if path:
        fields: dict[str, object] = {"name": str(name), "value": float(value)}
        if step is not None:
            fields["step"] = float(step)
        data = (json.dumps(fields) + "\n").encode()
        with contextlib.suppress(OSError), open(path, "ab", buffering=0) as file:  # noqa: PTH123
            file.write(data)
