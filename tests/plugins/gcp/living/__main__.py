"""A living Compute Engine on the loopback, until its standard input ends.

python -m tests.plugins.gcp.living DIRECTORY MACHINES PERIOD

prints where it is as one line of JSON. A control at `/_living/` sets rules, limits and reclaims.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from tests.plugins.gcp.living.compute import Compute
from tests.plugins.gcp.living.fleet import Fleet
from tests.plugins.gcp.living.front import Front, handler
from tests.plugins.gcp.living.records import Records

PROJECT = "p1"


def main(directory: Path, machines: bool, period_s: float) -> None:
    """Serve until nobody holds our standard input any more."""
    fleet = Fleet(directory / "disks", directory / "ssh_config", machines=machines)
    front = Front(Compute(Records(period_s), fleet))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(front))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    front.tokens.service_account(directory / "key.json", base, PROJECT)
    where = {
        "endpoint": base,
        "config": str(fleet.config),
        "key": str(directory / "key.json"),
        "project": PROJECT,
    }
    sys.stdout.write(json.dumps(where) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    fleet.clear()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] == "machines", float(sys.argv[3]))
