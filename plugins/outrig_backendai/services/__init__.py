"""Services of sessions: web terminals, SSH, notebooks and ports, reached through a local proxy."""
