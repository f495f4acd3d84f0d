"""An event loop in a thread of its own: servers there, and the user's Ctrl-C in the main thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from outrig.errors import OutrigError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from outrig_backendai.services.door import Door

T = TypeVar("T")
_THREADS = 512
"""Each program that is talked with takes one to read it, and another while it takes no input."""
_IN_USE_S = 5.0
_ENDS_S = 10.0


class Loop:
    """A running event loop; `close` ends what is left on it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="service")
        self._loop.set_default_executor(self._threads)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Do something on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Cancel what is left, and end the thread."""
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(_ENDS_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_ENDS_S)
        self._threads.shutdown(wait=False, cancel_futures=True)
        if not self._thread.is_alive():
            self._loop.close()


@contextlib.contextmanager
def running_loop() -> Iterator[Loop]:
    """Give a loop while the block runs."""
    loop = Loop()
    try:
        yield loop
    finally:
        loop.close()


async def _cancel_all() -> None:
    mine = asyncio.current_task()
    tasks = [one for one in asyncio.all_tasks() if one is not mine]
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def keep_in_use(door: Door, any_open: Callable[[], bool]) -> None:
    """Tell the session's node that it is in use, as long as there are connections."""
    while True:
        if any_open():
            with contextlib.suppress(OutrigError):  # what uses it says what is wrong
                await asyncio.to_thread(door.in_use)
        await asyncio.sleep(_IN_USE_S)


async def pass_on(
    read: Callable[[], T | None], send: Callable[[T], Coroutine[object, object, None]]
) -> None:
    """Read in a thread, and send each part before the next is read, to the end."""
    while (part := await asyncio.to_thread(read)) is not None:
        await send(part)
