"""Calls that wait for a network, made a few ahead of whoever takes their results."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

A = TypeVar("A")
R = TypeVar("R")


@contextmanager
def ended(items: Iterator[A]) -> Iterator[Iterator[A]]:
    """Give out an iterator, and end it with the block, also when that is left by an error.

    One that is held by an error's traceback would go on until the garbage collector ends it, in
    any thread: in one that it waits for, too, or in one that may not touch what it has open.
    """
    try:
        yield items
    finally:
        if isinstance(items, Generator):
            items.close()


def ahead(
    call: Callable[[A], R], items: Iterable[A], threads: int
) -> Iterator[tuple[A, Callable[[], R]]]:
    """Yield each item, in order, with what gives or raises the call's result.

    With one thread the call is made when its result is asked for, and no thread is started.
    """
    if threads <= 1:
        for item in items:
            yield item, lambda item=item: call(item)  # type: ignore[misc]
        return
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(threads, "outrig-ahead")
    waiting: deque[tuple[A, Future[R]]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(call, item)))
            if len(waiting) > threads:
                first, future = waiting.popleft()
                yield first, future.result
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
