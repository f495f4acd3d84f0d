"""Zstandard on a node, where its C library is there."""

from __future__ import annotations

ZSTD_LIBRARY = "libzstd.so.1"


class Zstd:
    """The library's functions, as far as they are needed; raises `OSError` where there is none."""

    def __init__(self) -> None:
        try:
            import ctypes
        except ImportError:
            raise OSError("this Python has no ctypes") from None
        library = ctypes.CDLL(ZSTD_LIBRARY)
        self.size_of = library.ZSTD_getFrameContentSize
        self.size_of.restype = ctypes.c_ulonglong
        self.size_of.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
        self.decompress = library.ZSTD_decompress
        self.decompress.restype = ctypes.c_size_t
        self.decompress.argtypes = [
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ]
        self.room = ctypes.create_string_buffer

    def plain(self, payload: bytes, most: int) -> memoryview | None:
        """Return what a frame holds; `None` when it is none, or holds more than `most` bytes."""
        size = self.size_of(payload, len(payload))
        if size > most:  # which errors are, too
            return None
        room = self.room(size or 1)
        done = self.decompress(room, size, payload, len(payload))
        return memoryview(room).cast("B")[:size] if done == size else None


class Loaded:
    """The library, looked for when first needed."""

    zstd: Zstd | None = None
    tried = False


def found_zstd() -> Zstd | None:
    """Return the library, `None` where there is none."""
    if not Loaded.tried:
        Loaded.tried = True
        try:
            Loaded.zstd = Zstd()
        except (OSError, AttributeError):
            pass
    return Loaded.zstd
