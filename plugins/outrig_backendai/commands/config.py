"""`bai config`"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.api import Command
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.directory.database import NAME
from outrig_backendai.directory.identity import ENDPOINT
from outrig_backendai.listing.field import Field
from outrig_backendai.listing.keypairs import masked
from outrig_backendai.listing.printing import print_record

if TYPE_CHECKING:
    from outrig_backendai.directory.identity import Caller


class BaiConfig(Command):
    """Show who is asking, and what counts where nothing is said."""

    summary = "Show who is asking, and what counts where nothing is said"
    details = """
    There is no server: sessions are recorded in a file of this computer. BACKEND_ACCESS_KEY chooses
    another key pair, BACKEND_DOMAIN and BACKEND_GROUP the domain and group that count where no
    option names them. A BACKEND_ENDPOINT that names a server is refused.
    """
    examples = (("bai config", "show it"),)

    def handle(self) -> int:
        """Print it."""
        compute = Compute(self.outrig)
        caller = compute.caller
        keypair = compute.directory.keypairs.get(caller.access_key)
        secret = "" if keypair is None else masked(keypair.secret_key)
        print_record(self, caller, _fields(compute.directory.state_directory, secret))
        return 0


def _fields(state_directory: str, secret: str) -> tuple[Field[Caller], ...]:
    return (
        Field("endpoint", "API Endpoint", lambda _: ENDPOINT),
        Field("client_version", "Client version", lambda _: f"outrig {version('outrig')}"),
        Field("directory", "Directory", lambda _: str(Path(state_directory, NAME))),
        Field("domain", "Default domain name", lambda one: one.domain),
        Field("group", "Default group name", lambda one: one.group),
        Field("user", "User", lambda one: one.user_email),
        Field("access_key", "Access Key", lambda one: one.access_key),
        Field("secret_key", "Secret Key", lambda _: secret),
        Field("resource_policy", "Resource Policy", lambda one: one.policy),
        Field("is_superadmin", "Superadmin?", lambda one: one.is_superadmin),
    )
