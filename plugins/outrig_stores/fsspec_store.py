"""Snapshot stores in whatever fsspec can open: `gs://bucket/prefix`, `memory://name`, `abfs://…`.

Where a file system does not write an object at once or not at all, it is written aside and moved.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from outrig.api import ObjectInfo, ObjectStore, Settings, setting
from outrig.errors import (
    AuthError,
    ConfigError,
    NotFoundError,
    OutrigError,
    PluginError,
    StoreError,
)
from outrig_stores.keys import check_key
from outrig_stores.retrying import Retrying

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WHOLE = frozenset(
    {"abfs", "abfss", "adl", "az", "gcs", "gs", "memory", "oci", "oss", "s3", "s3a", "tos"}
)
"""Protocols that write an object at once or not at all; with others it is written aside."""
_ASIDE = ".writing"
_EXTRAS: Mapping[str, str] = {"gs": "gcs", "gcs": "gcs"}
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class FsspecSettings(Settings):
    """Settings of stores that fsspec opens."""

    options: str = setting(
        "{}", help="a JSON object of options for fsspec's file system", secret=True
    )
    attempts: int = setting(8, help="how often a call is tried before it is an error")


class FsspecStore(ObjectStore):
    """Objects as files of an fsspec file system, all below one path."""

    settings_type: ClassVar[type[Settings]] = FsspecSettings
    parallel = 6

    def __init__(self, url: str, settings: Settings, retrying: Retrying | None = None) -> None:
        super().__init__(url, settings)
        self._protocol, colon, rest = url.partition("://")
        if not colon or not rest.strip("/"):
            raise ConfigError(
                f'"{url}" names no place', hint=f"write it as {self._protocol}://place/prefix"
            )
        _check_known(self._protocol)
        attempts = settings.attempts if isinstance(settings, FsspecSettings) else 1
        self._retrying = retrying or Retrying(attempts=max(1, attempts))
        self._made: tuple[Any, str] | None = None

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        """Write an object; see `ObjectStore.put`."""
        path = self._path(key)
        content = bytes(data)
        with self._told("write", key):
            if self._protocol in _WHOLE:
                return self._retrying(
                    lambda attempt: self._put_whole(path, content, if_absent, attempt), _temporary
                )
            return self._put_aside(path, content, if_absent=if_absent)

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object or a part of it; see `ObjectStore.get`."""
        path = self._path(key)
        if length is not None and length <= 0:
            return b""
        end = None if length is None else start + length

        def read(_attempt: int) -> bytes:
            found: bytes = self._system.cat_file(path, start=start or None, end=end)
            return found

        with self._told("read", key):
            try:
                return self._retrying(read, _temporary)
            except Exception as err:
                if _status(err) == 416 or "Requested range" in str(err):
                    return b""
                raise

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below a prefix; see `ObjectStore.list`."""
        above = prefix.rpartition("/")[0]
        start = f"{self._root}/{above}" if above else self._root

        def find(_attempt: int) -> dict[str, dict[str, Any]]:
            self._system.invalidate_cache()
            found: dict[str, dict[str, Any]] = self._system.find(start, detail=True)
            return found

        with self._told("list", prefix):
            found = self._retrying(find, _temporary)
        cut = len(self._root) + 1
        for name, about in found.items():
            key = name[cut:]
            if name.startswith(self._root + "/") and key.startswith(prefix) and _is_key(key):
                yield ObjectInfo(key, int(about.get("size") or 0), modified_s(about))

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; see `ObjectStore.delete`."""
        for key in keys:
            path = self._path(key)

            def remove(_attempt: int, path: str = path) -> None:
                with suppress(FileNotFoundError):
                    self._system.rm_file(path)

            with self._told("delete", key):
                self._retrying(remove, _temporary)

    # How

    def file_system(self) -> Any:
        """Open fsspec's file system; raises what that raises."""
        import fsspec

        return fsspec.filesystem(self._protocol, **self.file_system_options())

    def file_system_options(self) -> dict[str, Any]:
        """Return the options to open it with; listings are never to be cached."""
        options = {}
        if isinstance(self.settings, FsspecSettings):
            try:
                options = json.loads(self.settings.options)
            except ValueError as err:
                raise ConfigError("stores.fsspec.options is not JSON") from err
            if not isinstance(options, dict):
                raise ConfigError("stores.fsspec.options is not a JSON object")
        return {"use_listings_cache": False, **options}

    @property
    def _system(self) -> Any:
        return self._opened()[0]

    @property
    def _root(self) -> str:
        return self._opened()[1]

    def _opened(self) -> tuple[Any, str]:
        if self._made is None:
            extra = _EXTRAS.get(self._protocol)
            hint = (
                f"pip install 'outrig[{extra}]'" if extra else "install the package that is named"
            )
            try:
                system = self.file_system()
                root = str(system._strip_protocol(self.url)).rstrip("/")
            except (ImportError, ValueError) as err:
                raise PluginError(f"{self.url} cannot be opened: {_line(err)}", hint=hint) from err
            except OutrigError:
                raise
            except Exception as err:
                raise self._error(err, "open", "") from err
            self._made = system, root
        return self._made

    def _path(self, key: str) -> str:
        check_key(key)
        return f"{self._root}/{key}"

    def _put_whole(self, path: str, content: bytes, if_absent: bool, attempt: int) -> bool:
        if not if_absent:
            self._system.pipe_file(path, content)
            return True
        try:
            self._system.pipe_file(path, content, mode="create")
        except Exception as err:
            if not isinstance(err, FileExistsError) and _status(err) != 412:
                raise
            # The first attempt may have been carried out, and its answer lost.
            return attempt > 0 and bool(self._system.cat_file(path) == content)
        return True

    def _put_aside(self, path: str, content: bytes, *, if_absent: bool) -> bool:
        system = self._system
        if if_absent and system.exists(path):
            return False
        aside = f"{self._root}/{_ASIDE}/{os.getpid()}-{os.urandom(8).hex()}"
        system.makedirs(aside.rpartition("/")[0], exist_ok=True)
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            system.pipe_file(aside, content)
            if not if_absent:
                with suppress(FileNotFoundError):
                    system.rm_file(path)
            system.mv(aside, path)
        except BaseException:
            with suppress(Exception):
                system.rm_file(aside)
            raise
        return True

    @contextmanager
    def _told(self, what: str, key: str) -> Iterator[None]:
        """Turn what fsspec raises into one line."""
        try:
            yield
        except OutrigError:
            raise
        except Exception as err:
            raise self._error(err, what, key) from err

    def _error(self, err: Exception, what: str, key: str) -> OutrigError:
        if isinstance(err, FileNotFoundError) or _status(err) == 404:
            return NotFoundError(f"there is no {key or 'such place'} in {self.url}")
        message = f"cannot {what} {key or 'the store'} in {self.url}: {_line(err)}"
        if isinstance(err, PermissionError) or _status(err) in (401, 403):
            return AuthError(message, hint="check the credentials, and what they may do")
        if "credential" in type(err).__name__.lower():
            return AuthError(message, hint="log in, or name credentials in the configuration")
        return StoreError(message)


def _check_known(protocol: str) -> None:
    """Raise `PluginError` for what neither a plugin of ours nor fsspec knows."""
    import fsspec

    if protocol not in fsspec.available_protocols():
        raise PluginError(
            f'no store named "{protocol}" is installed, and fsspec knows none',
            hint="see: outrig plugin list",
        )


def _status(error: Exception) -> int:
    """Return the status of an HTTP answer that a file system's error carries; 0 without one."""
    for name in ("code", "status", "status_code"):
        value = getattr(error, name, None)
        if isinstance(value, int):
            return value
    return 0


def _temporary(error: Exception) -> bool:
    if isinstance(error, FileNotFoundError | FileExistsError | PermissionError):
        return False
    kinds = (ConnectionError, TimeoutError)
    return isinstance(error, kinds) or _status(error) in _BUSY


def _is_key(key: str) -> bool:
    return bool(key) and not any(part.startswith(".") or not part for part in key.split("/"))


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())[:300]
    return text or type(error).__name__


def modified_s(about: dict[str, Any]) -> float:
    """Return when what fsspec tells `about` was changed: seconds since 1970, 0 if unknown."""
    for name in ("mtime", "updated", "LastModified", "last_modified", "modified", "created"):
        value = about.get(name)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
        if isinstance(value, str):
            with suppress(ValueError):
                return datetime.fromisoformat(value).timestamp()
    return 0.0
