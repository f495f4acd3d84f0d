"""`bai app`"""

from __future__ import annotations

from contextlib import suppress

from outrig.api import Command, TerminalObserver, argument, interruptible, option
from outrig.errors import Interrupted
from outrig_backendai.commands.session_options import pairs
from outrig_backendai.compute.sessions import Compute
from outrig_backendai.services.catalogue import HTTP, LOOPBACK, PREOPEN, TCP, find_service

DEFAULT_BIND = ("127.0.0.1", 8080)


def bound(text: str) -> tuple[str, int]:
    """Read `[HOST:]PORT`; an IPv6 address stands in brackets. Raises `ValueError`."""
    host, colon, port = text.rpartition(":")
    if colon and not host:
        raise ValueError(text)
    number = int(port)
    if not 0 <= number < 65536:
        raise ValueError(text)
    return host.removeprefix("[").removesuffix("]") or "127.0.0.1", number


class BaiApp(Command):
    """Reach a service of a session on this computer."""

    summary = "Reach a service of a session on this computer"
    details = (
        "Every session has ttyd, a terminal for browsers, and sshd, for ssh, sftp and scp as the "
        "user work; sessions with Python have jupyter, which is installed when it is first asked "
        "for. Ports named with --preopen are reached by their number. Prints the address and goes "
        "on until Ctrl-C. Connections count as use of the session."
    )
    examples = (
        ("bai app -b 9900 mysession jupyter", "Jupyter at http://127.0.0.1:9900"),
        ("bai app -b 9900 mysession ttyd", "a terminal in the browser"),
        ("bai app mysession sshd -b 9922", "then: ssh -i id_container -p 9922 work@localhost"),
    )
    arguments = (
        argument("name", "the session, by id or name"),
        argument("app", "the service; see `bai apps`"),
    )
    options = (
        option(
            "protocol",
            "p",
            "what clients speak; http gets an answer where nobody listens",
            choices=(HTTP, TCP, PREOPEN),
        ),
        option(
            "bind",
            "b",
            "where to listen: 127.0.0.1:8080; port 0 takes a free one",
            value="[HOST:]PORT",
            type=bound,
        ),
        option("arg", None, "an option for the service's start", value="ARGUMENT", repeat=True),
        option("env", "e", "a variable for the service's start", value="NAME=VALUE", repeat=True),
    )

    def handle(self) -> int:
        """Lead connections there until the user has enough."""
        from outrig_backendai.services.serving import Wanted, proxy

        self.outrig.watch(TerminalObserver(self))
        compute = Compute(self.outrig)
        with interruptible(self.outrig):
            session = compute.find(self.word("name") or "")
            name = self.word("app") or ""
            host, port = self.option("bind") or DEFAULT_BIND
            wanted = Wanted(
                service=find_service(session, name),
                host=host,
                port=port,
                protocol=self.text("protocol"),
                arguments=self.texts("arg"),
                variables=pairs(self.texts("env"), "-e"),
            )
            with suppress(Interrupted), proxy(compute, session, wanted, self.note) as opened:
                shown = f"[{host}]" if ":" in host else host
                scheme = TCP if (wanted.protocol or wanted.service.protocol) == TCP else HTTP
                self.note(
                    f'A local proxy to the application "{name}" provided by the session '
                    f'"{session.name}" is available at:'
                )
                self.line(f"{scheme}://{shown}:{opened.port}{opened.path}")
                self.flush()
                if host not in LOOPBACK:
                    self.note(f"everybody who reaches {shown} can use it")
                opened.serve()
            self.note("Shutting down....")
            self.note(f'The local proxy to "{name}" has terminated.')
        return 0
