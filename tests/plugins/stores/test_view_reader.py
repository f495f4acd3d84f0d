"""A piece of memory that is read as a file."""

from __future__ import annotations

import os

from outrig_stores.viewing import ViewReader


def test_it_reads_as_a_file_does() -> None:
    data = bytes(range(200))
    with memoryview(data) as whole, whole[50:150] as piece:
        reader = ViewReader(piece)
        assert (reader.readable(), reader.seekable(), reader.writable()) == (True, True, False)
        assert reader.read(10) == data[50:60]
        assert reader.read() == data[60:150]
        assert reader.read(5) == b""
        assert reader.seek(0, os.SEEK_END) == reader.tell() == 100
        assert reader.seek(-4, os.SEEK_CUR) == 96
        assert reader.read() == data[146:150]
        assert reader.seek(0) == 0
        assert reader.read(3) == data[50:53]
        reader.close()
