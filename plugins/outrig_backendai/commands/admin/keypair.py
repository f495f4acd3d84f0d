"""`bai admin keypair`"""

from __future__ import annotations

from outrig.api import Command
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.listing.keypairs import FIELDS, listed_keypair
from outrig_backendai.listing.printing import print_record


class BaiAdminKeypair(Command):
    """Show the key pair in use, and its limits."""

    summary = "Show the key pair in use, and its limits"
    details = "BACKEND_ACCESS_KEY says which that is. The secret key is not shown in full."
    examples = (("bai admin keypair", "show it"),)

    def handle(self) -> int:
        """Print it."""
        compute = Compute(self.outrig)
        print_record(self, listed_keypair(compute, compute.caller.access_key), FIELDS)
        return 0
