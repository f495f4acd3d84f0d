"""A living EC2 on the loopback, until its standard input ends.

python -m tests.plugins.aws.living DIRECTORY MACHINES PERIOD

prints where it is as one line of JSON. A control at `/_living/` sets rules, limits and reclaims.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path


def main(directory: Path, machines: bool, period_s: float) -> None:
    """Serve until nobody holds our standard input any more."""
    os.environ["MOTO_ENABLE_AMI_VALIDATION"] = "1"
    os.environ["MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION"] = "1"
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    from tests.plugins.aws.living.account import Account
    from tests.plugins.aws.living.front import Front

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            """Say nothing: tests read the requests from the log."""

    config = directory / "ssh_config"
    account = Account(directory / "disks", config, machines=machines, period_s=period_s)
    front = Front(DomainDispatcherApplication(create_backend_app), account)
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=Quiet)
    account.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = {"endpoint": f"http://127.0.0.1:{server.server_port}", "config": str(account.config)}
    sys.stdout.write(json.dumps(where) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    account.close()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] == "machines", float(sys.argv[3]))
