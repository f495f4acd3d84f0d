"""Stores that live in this process, and break when they are told to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError, StoreError
from outrig.interfaces import ObjectStore
from outrig.model.snapshot import ObjectInfo
from outrig.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outrig.errors import OutrigError


class Crash(BaseException):
    """Ends what runs as a kill would: nothing catches it."""


class MemoryStore(ObjectStore):
    """Objects in a dictionary. `fails` is asked before every call: raise in it to break the call.

    It is given the method's name and the key (or prefix).
    """

    def __init__(self, url: str = "memory://test", settings: Settings | None = None) -> None:
        super().__init__(url, settings or Settings())
        self.objects: dict[str, tuple[bytes, float]] = {}
        self.fails: Callable[[str, str], None] = lambda _method, _key: None
        self.clock: Callable[[], float] = lambda: 0.0
        self._lock = threading.Lock()

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        """Keep an object."""
        self.fails("put", key)
        with self._lock:
            if if_absent and key in self.objects:
                return False
            self.objects[key] = (bytes(data), self.clock())
        return True

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Return an object or a part of it."""
        self.fails("get", key)
        with self._lock:
            if key not in self.objects:
                raise NotFoundError(f"there is no {key} in {self.url}")
            data = self.objects[key][0]
        return data[start:] if length is None else data[start : start + length]

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below a prefix."""
        self.fails("list", prefix)
        with self._lock:
            found = [
                ObjectInfo(key, len(data), modified_s)
                for key, (data, modified_s) in self.objects.items()
                if key.startswith(prefix)
            ]
        return iter(found)

    def delete(self, keys: Sequence[str]) -> None:
        """Forget objects."""
        for key in keys:
            self.fails("delete", key)
            with self._lock:
                self.objects.pop(key, None)


class FaultyStore(ObjectStore):
    """Passes calls on to another store, and breaks those it is told to.

    `before` and `after` are given the method's name and the key (or prefix) of every call; raise
    in them to break it, before it is carried out or after. `torn` says how many bytes of an object
    get written before the writer dies. Keys in `unlisted` are there, but not listed yet.
    """

    def __init__(self, inner: ObjectStore) -> None:
        super().__init__(inner.url, inner.settings)
        self.inner = inner
        self.parallel = inner.parallel
        self.before: Callable[[str, str], None] = lambda _method, _key: None
        self.after: Callable[[str, str], None] = lambda _method, _key: None
        self.torn: Callable[[str, int], int] = lambda _key, size: size
        self.unlisted: set[str] = set()
        self.lists_late = False

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        """Write an object, or a part of it."""
        self.before("put", key)
        length = self.torn(key, len(data))
        if length < len(data):
            self.inner.put(key, data[:length], if_absent=False)
            raise Crash(f"died while it wrote {key}")
        done = self.inner.put(key, data, if_absent=if_absent)
        if self.lists_late:
            self.unlisted.add(key)
        self.after("put", key)
        return done

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object or a part of it."""
        self.before("get", key)
        return self.inner.get(key, start, length)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield what is listed of the objects below a prefix."""
        self.before("list", prefix)
        return (one for one in self.inner.list(prefix) if one.key not in self.unlisted)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, one by one."""
        for key in keys:
            self.before("delete", key)
            self.inner.delete([key])
            self.after("delete", key)


def fail_at(store: MemoryStore, method: str, number: int, error: OutrigError | None = None) -> None:
    """Make a memory store's `number`-th call (from 0) of `method`, and all later ones, fail."""
    count = 0

    def fails(called: str, key: str) -> None:
        nonlocal count
        if called == method:
            count += 1
            if count > number:
                raise error or StoreError(f"cannot {method} {key}: the store is gone")

    store.fails = fails
