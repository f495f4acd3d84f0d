"""What is put into a session for its services when it is launched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.api import ConsoleRequest
from outrig.errors import RemoteError
from outrig_backendai.place.entering import inside
from outrig_backendai.services.keys import ID_FILE

if TYPE_CHECKING:
    from outrig.api import Outrig, Session
    from outrig_backendai.place.record import Place
    from outrig_backendai.services.keys import SessionKeys

_TAKE = f"umask 077; cd; rm -f {ID_FILE}; cat > {ID_FILE}"


def put_user_key(outrig: Outrig, there: Session, place: Place, keys: SessionKeys) -> None:
    """Put the private key by which to log in into a session's home; raises `RemoteError`.

    It goes through a pipe: nobody sees it on a command line or in a record.
    """
    words = ("sh", "-c", inside(place, _TAKE))
    program = outrig.program(
        there, ConsoleRequest(session_id=there.id, node=there.nodes[0], argv=words)
    )
    program.write(keys.user_private.encode("ascii"))
    program.finish()
    said = b""
    while part := program.read():
        said += part[1][:1000]
    if code := program.close():
        lines = said.decode("utf-8", "replace").strip().splitlines()
        raise RemoteError(f"{ID_FILE} could not be written: {lines[-1] if lines else code}")
