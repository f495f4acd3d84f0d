"""The entrypoint of a job: does what it is told, in one word, as JSON in Base64."""

from __future__ import annotations

import base64
import json
import sys

from outrig_ray.engine.node.files import end, look, put
from outrig_ray.engine.node.place import Place
from outrig_ray.engine.node.running import run


def main() -> int:
    """Do it, and return the job's exit code."""
    spec = json.loads(base64.b64decode(sys.argv[1]).decode())
    place = Place(spec["session"])
    return {"run": run, "look": look, "put": put, "end": end}[spec["do"]](place, spec)
