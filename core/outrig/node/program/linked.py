"""Blocks that a node fetches from a store by itself, through links; it never has credentials."""

from __future__ import annotations

import json
import queue
import threading

from outrig.node.program.apply import block_content
from outrig.node.program.place import Refused
from outrig.node.program.zstd import found_zstd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.apply import Applying
    from outrig.node.program.call import Call

WORTH_LINKS = 4 << 20
"""So many bytes must be missing before links are asked for; fewer come sooner through the pipe."""
LINKS_AT_ONCE = 4
LINK_S = 30.0
REACH_S = 3.0
MOST_LINKED = 32 << 20
LINK_TRIES = 2


class Fetching:
    """Fetches what links lead to, several at once. What cannot be fetched stays missing.

    `given_up` means that no more is asked for, `over` that nobody takes what was fetched.
    """

    def __init__(self, links: list[dict[str, object]]) -> None:
        self.waiting = links
        self.lock = threading.Lock()
        self.given_up = False
        self.over = False
        self.done: queue.Queue[tuple[dict[str, object], bytes | None] | None] = queue.Queue(2)
        self.working = min(LINKS_AT_ONCE, len(links))
        for _ in range(self.working):
            threading.Thread(target=self.work, daemon=True).start()

    def work(self) -> None:
        while True:
            with self.lock:
                link = self.waiting.pop(0) if self.waiting and not self.given_up else None
            if link is None:
                break
            data = self.fetched(link)
            self.hand_over((link, data))
        self.hand_over(None)

    def hand_over(self, one: tuple[dict[str, object], bytes | None] | None) -> None:
        while True:
            try:
                self.done.put(one, timeout=0.5)
                return
            except queue.Full:
                if self.over:
                    return

    def fetched(self, link: dict[str, object]) -> bytes | None:
        for _ in range(LINK_TRIES):
            try:
                return follow(link)
            except (OSError, ValueError):  # urllib's errors are some of these
                continue
        self.given_up = True
        return None


def is_reachable(url: str) -> bool:
    """Whether somebody listens where a link leads; what stands between may have to be asked."""
    import socket
    import urllib.parse
    import urllib.request

    if urllib.request.getproxies():
        return True
    try:
        found = urllib.parse.urlsplit(url)
        port = found.port or (443 if found.scheme == "https" else 80)
        socket.create_connection((found.hostname or "", port), REACH_S).close()
    except (OSError, ValueError):
        return False
    return True


def follow(link: dict[str, object]) -> bytes:
    """Return the bytes that a link leads to; raises `OSError`, `ValueError`."""
    import http.client
    import urllib.request

    start, length = int(str(link["start"])), int(str(link["length"]))
    if not 0 < length <= MOST_LINKED:
        raise ValueError("a link to %d bytes" % length)
    url = str(link["url"])
    if not url.startswith(("https://", "http://")):
        raise ValueError("a link to something else than a web server")
    wanted = {"Range": "bytes=%d-%d" % (start, start + length - 1)}
    asked = urllib.request.Request(url, headers=wanted)  # noqa: S310 - looked at above
    try:
        with urllib.request.urlopen(asked, timeout=LINK_S) as answer:  # noqa: S310 - the same
            if answer.status != 206:
                raise OSError("the store does not know ranges")
            data: bytes = answer.read(length + 1)
    except http.client.HTTPException as error:
        raise OSError(str(error)) from None
    if len(data) != length:
        raise OSError("the store sent %d bytes instead of %d" % (len(data), length))
    return data


def fetch_linked(call: Call, applying: Applying) -> int:
    """Fetch what is missing from the store, as far as there are links and it can be reached.

    Returns how many bytes are no longer missing.
    """
    if not call.fields.get("links") or not found_zstd():
        return 0
    missing = applying.missing_bytes()
    if missing < WORTH_LINKS:
        return 0
    call.send_fields({"want": "links", "chunks": sorted(applying.places)})
    links = [json.loads(data) for data in call.receive()]
    if not links or not is_reachable(str(links[0].get("url"))):
        return 0
    fetching = Fetching(links)
    try:
        while fetching.working:
            call.check()
            try:
                one = fetching.done.get(timeout=0.5)
            except queue.Empty:
                continue
            if one is None:
                fetching.working -= 1
            elif one[1] is not None:
                take_linked(applying, one[0], memoryview(one[1]))
    finally:
        fetching.given_up = fetching.over = True
    return missing - applying.missing_bytes()


def take_linked(applying: Applying, link: dict[str, object], data: memoryview) -> None:
    """Put what was fetched where it belongs; what is not whole stays missing."""
    blocks = link["blocks"]
    for start, stored, size, places in blocks if isinstance(blocks, list) else ():
        try:
            content = block_content(data[start : start + stored], size)
        except Refused:
            continue
        if all(begin + length <= len(content) for _, begin, length in places):
            applying.take_content(content, places)
