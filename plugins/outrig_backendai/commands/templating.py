"""What commands on templates share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import Command, argument
from outrig.errors import AuthError, NotFoundError
from outrig_backendai.commands.session_options import OWNER
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.directory.identity import caller_of

if TYPE_CHECKING:
    from outrig_backendai.directory.identity import Caller
    from outrig_backendai.directory.templates import Templates

TEMPLATE = argument("template-id", "the template, by id, its beginning, or name")


class TemplateCommand(Command):
    """Does something with the templates of an owner."""

    def templates(self) -> Templates:
        """Return the templates of `--owner`, or of the caller; raises `AuthError`."""
        from outrig_backendai.directory.templates import Templates

        compute = Compute(self.outrig)
        has_owner = self.definition.has_option(OWNER.name)
        owner = self.text(OWNER.name) if has_owner else None
        return Templates(compute.directory, _acting(compute, owner))


def _acting(compute: Compute, owner: str | None) -> Caller:
    """Return the caller, or for administrators the owner that they name."""
    if owner is None or owner == compute.caller.access_key:
        return compute.caller
    if not compute.caller.is_superadmin:
        raise AuthError("only administrators see and change the templates of others")
    keypair = compute.directory.keypairs.get(owner)
    if keypair is None:
        raise NotFoundError(f"there is no keypair {owner}")
    return caller_of(compute.directory, keypair)
