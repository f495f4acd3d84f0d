"""Snapshots made to do harm: refused with one line, and nothing written outside of the target."""

from __future__ import annotations

import contextlib
import struct
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import zstandard
from blake3 import blake3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrig.errors import OutrigError, StoreError
from outrig.model.snapshot import Entry, EntryKind, SnapshotInfo, SnapshotReader
from outrig.snapshot import manifest, pack
from outrig.snapshot.block import unpack_block
from outrig.snapshot.check import check_store
from outrig.snapshot.label import Label, decode_label, encode_label
from outrig.snapshot.restore import restore
from outrig.testing.memory import MemoryContext
from outrig.testing.stores import Library, MemoryStore, picture

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_FILE, _DIRECTORY, _LINK = EntryKind.FILE, EntryKind.DIRECTORY, EntryKind.SYMLINK
_DATA = b"owned"
_DIGEST = blake3(_DATA).hexdigest()


class Forged(SnapshotReader):
    """A reader that says whatever it is told to, as a third party's store might."""

    def __init__(self, *entries: Entry, data: bytes = _DATA) -> None:
        self._entries = entries
        self._data = data

    @property
    def info(self) -> SnapshotInfo:
        return SnapshotInfo(
            id="0" * 26, name="x", digest="d", project_id="p", created_at=datetime.now(UTC)
        )

    def entries(self) -> Collection[Entry]:
        return self._entries

    def read(self, digests: Collection[str]) -> Iterator[tuple[str, bytes]]:
        for digest in digests:
            yield digest, self._data


def _file(path: str, size: int = len(_DATA)) -> Entry:
    return Entry(path, _FILE, size_bytes=size, chunks=(_DIGEST,) * manifest.chunk_count(size))


def _link(path: str, target: str) -> Entry:
    return Entry(path, _LINK, target=target)


def _dir(path: str) -> Entry:
    return Entry(path, _DIRECTORY)


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize(
    "entries",
    [
        (_file("../evil"),),
        (_file("/tmp/evil"),),
        (_file("a/../../evil"),),
        (_dir("a"), _file("a//evil")),
        (_file("./evil"),),
        (_file(".."),),
        (_file(""),),
        (_file("evil\0"),),
        (_file("a/evil"),),
        (_file("a"), _file("a/evil")),
        (_link("a", "b"), _file("a/evil")),
        (_link("a", "/tmp"), _file("a/evil")),
        (_file("a"), _file("a")),
        (_dir("a"), _link("a", "b")),
        (_link("a", "/etc/passwd"),),
        (_link("a", "../outside"),),
        (_dir("d"), _link("d/a", "../../outside")),
        (_dir("d"), _link("d/a", "x/../../../outside")),
        (_link("a", "."), _link("b", "a/../outside")),
        (_link("a", ""),),
        (_link("a", "x\0"),),
        (Entry("a", _FILE, size_bytes=5, chunks=()),),
        (Entry("a", _FILE, size_bytes=0, chunks=(_DIGEST,)),),
        (Entry("a", _FILE, size_bytes=1 << 60, chunks=(_DIGEST,)),),
        (_file("a", size=99),),
    ],
    ids=lambda entries: "+".join(f"{one.kind.value}:{one.path}>{one.target}" for one in entries),
)
def test_what_leads_out_of_the_target_is_refused(
    tmp_path: Path, entries: tuple[Entry, ...], existing: bool
) -> None:
    around = tmp_path / "around"
    around.mkdir()
    if existing:
        (around / "target").mkdir()
    before = picture(around).keys()
    with pytest.raises(StoreError) as caught:
        restore(Forged(*entries), around / "target", MemoryContext())
    assert "\n" not in str(caught.value)
    assert picture(around).keys() == before


def test_nothing_is_written_through_links_that_stand_in_the_target(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    target = tmp_path / "target"
    target.mkdir()
    (target / "d").symlink_to(outside)
    (target / "f").symlink_to(outside / "kept")
    reader = Forged(_dir("d"), _file("d/x"), _file("f"))
    with pytest.raises(OutrigError, match="there already and differ: d, f"):
        restore(reader, target, MemoryContext())
    restore(reader, target, MemoryContext(), overwrite=True)
    assert (target / "d/x").read_bytes() == _DATA
    assert not (target / "f").is_symlink()
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"kept": "kept"}


def test_outside_links_are_restored_only_when_asked_for(tmp_path: Path) -> None:
    reader = Forged(_link("a", "/etc/passwd"), _file("b"))
    report = restore(reader, tmp_path / "target", MemoryContext(), outside_links=True)
    assert report.outside_links == ("a",)
    assert str((tmp_path / "target/a").readlink()) == "/etc/passwd"


@pytest.mark.parametrize(
    "paths", [("Readme", "README"), ("caf\u00e9", "cafe\u0301"), ("stra\u00dfe", "STRASSE")]
)
def test_names_that_collide_are_refused_where_case_does_not_count(
    tmp_path: Path, paths: tuple[str, str]
) -> None:
    reader = Forged(*map(_file, paths))
    with pytest.raises(StoreError, match="are one file in that directory"):
        restore(reader, tmp_path / "one", MemoryContext(), case_sensitive=False)
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]
    assert restore(reader, tmp_path / "two", MemoryContext(), case_sensitive=True).files == 2


# Encodings


def _part(path: bytes, *entries: bytes) -> bytes:
    return manifest.encode_part(path, entries)


def _enc(name: bytes) -> bytes:
    return manifest.encode_file(name, 0, b"", executable=False, output=False)


def _sub(name: bytes) -> bytes:
    return manifest.encode_subdirectory(name, output=False)


@pytest.mark.parametrize(
    ("encoding", "times", "why"),
    [
        (b"", 0, "cut short"),
        (_part(b"", _enc(b"b"), _enc(b"a")), 2, "not in order"),
        (_part(b"", _enc(b"a"), _enc(b"a")), 2, "double"),
        (_part(b"", _enc(b"..")), 1, "no name"),
        (_part(b"", _enc(b"a/b")), 1, "no name"),
        (_part(b"", _enc(b"")), 1, "not in order"),
        (_part(b"", _enc(b"a\0")), 1, "no name"),
        (_part(b"", _sub(b"d")), 1, "cut short"),
        (_part(b"", _sub(b"d")) + _part(b"e"), 1, "not in order"),
        (_part(b"") + _part(b"d"), 0, "follows"),
        (_part(b"", _enc(b"a")), 0, "too many"),
        (_part(b"", _enc(b"a")), 2, "number of times"),
        (b"\0" + b"\xff" * 9 + b"\x01", 1, "cut short|too many|too long"),
        (b"\0" + b"\xff" * 30, 1, "too long"),
        (_part(b"", b"\x03\x01a"), 1, "neither"),
        (_part(b"", b"\x10\x01a"), 1, "unknown flags"),
        (_part(b"", b"\x05\x01a"), 1, "unknown flags"),
        (_part(b"", manifest.encode_link(b"a", b"", output=False)), 1, "links to nothing"),
        (_part(b"", b"\x00\x01a" + manifest.varint(1 << 62)), 1, "cut short"),
    ],
)
def test_lists_that_are_not_canonical_are_refused(encoding: bytes, times: int, why: str) -> None:
    with pytest.raises(StoreError, match=why):
        manifest.decode(encoding, b"\0" * 8 * times)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 20))
def test_any_bytes_are_decoded_or_refused(data: bytes, times: int) -> None:
    try:
        entries = manifest.decode(data, b"\0" * 8 * times)
    except StoreError:
        return
    parts, _ = manifest.encode_entries(entries)
    assert b"".join(part.data for part in parts) == data


_names = st.binary(min_size=1, max_size=6).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        _names, st.dictionaries(_names, st.integers(0, 9 << 20), max_size=4), max_size=4
    )
)
def test_what_is_encoded_is_decoded(tree: dict[bytes, dict[bytes, int]]) -> None:
    entries = []
    for directory, files in tree.items():
        above = directory.decode("utf-8", "surrogateescape")
        entries.append(Entry(above, _DIRECTORY, mtime_ns=3))
        for name, size in files.items():
            path = f"{above}/{name.decode('utf-8', 'surrogateescape')}"
            entries.append(_file(path, size)._replace(executable=size % 2 == 0, mtime_ns=-size))
    entries.sort(key=lambda entry: entry.path.encode("utf-8", "surrogateescape"))
    parts, times = manifest.encode_entries(entries)
    assert manifest.decode(b"".join(part.data for part in parts), times) == entries


# Objects


def _sealed(table: bytes, blocks: bytes = b"") -> bytes:
    head = pack.MAGIC + b"\0" * 16
    trailer = struct.pack("<II", len(table), zlib.crc32(table)) + pack.END
    return head + blocks + table + trailer


def _block(codec: int, stored: int, raw: int, *lengths: int) -> bytes:
    chunks = b"".join(struct.pack("<32sI", bytes(32), length) for length in lengths)
    return struct.pack("<BIII", codec, stored, raw, len(lengths)) + chunks


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 40,
        _sealed(b"")[:-1],
        _sealed(b"\0"),
        _sealed(_block(1, 10, 1 << 31, 1 << 31), b"x" * 10),
        _sealed(_block(0, 10, 20, 20), b"x" * 10),
        _sealed(_block(7, 10, 10, 10), b"x" * 10),
        _sealed(_block(0, 10, 10, 99), b"x" * 10),
        _sealed(_block(0, 10, 10, 10)),
        _sealed(struct.pack("<BIII", 1, 0, 0, 1 << 31)),
    ],
)
def test_packs_that_cannot_be_are_passed_over_and_told(library: Library, data: bytes) -> None:
    (library.root / "a").write_text("x")
    library.create(name="before")
    key = pack.pack_key(blake3(data).hexdigest())
    library.store.put(key, data, if_absent=True)
    library.create(name="after")
    assert library.names() == ["after", "before"]
    assert any(key in damage for damage in library.damages())


def test_a_decompression_bomb_is_never_blown_up() -> None:
    bomb = zstandard.ZstdCompressor().compress(b"\0" * (64 << 20))
    assert len(bomb) < 10_000
    with pytest.raises(StoreError, match="instead of 1000"):
        unpack_block(pack.ZSTD, bomb, 1000, "the pack")
    with pytest.raises(StoreError, match="claims to hold"):
        unpack_block(pack.ZSTD, bomb, 64 << 20, "the pack")
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(b"\0" * (64 << 20))
    with pytest.raises(StoreError):
        unpack_block(pack.ZSTD, unsized, 1000, "the pack")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_no_pack_table_or_label_that_breaks_us(data: bytes) -> None:
    for read in (
        lambda: pack.decode_table(data, "packs/x", len(data)),
        lambda: pack.read_trailer(data[-16:], "packs/x", len(data)),
        lambda: decode_label(data, "0" * 26),
        lambda: decode_label(blake3(data).hexdigest().encode() + b"\n" + data, "0" * 26),
        lambda: unpack_block(pack.ZSTD, data, 10, "x"),
    ):
        with contextlib.suppress(StoreError):
            assert read() is not None


def _label(library: Library) -> Label:
    (library.root / "a").write_text("x")
    info = library.create(name="real").info
    data = library.store.get(f"snapshots/{info.id}")
    return decode_label(data, info.id)


def test_a_label_under_another_name_is_refused(library: Library) -> None:
    label = _label(library)
    other = "1" * 26
    library.store.put(f"snapshots/{other}", encode_label(label), if_absent=True)
    with pytest.raises(StoreError, match="is that of"):
        library.reader(other).entries()
    assert library.names() == ["real"]


def test_a_label_with_another_list_is_refused(library: Library, tmp_path: Path) -> None:
    label = _label(library)
    (library.root / "b").write_text("y")
    other = library.create(name="other").info
    forged = Label(
        info=label.info,
        pieces=decode_label(library.store.get(f"snapshots/{other.id}"), other.id).pieces,
        times=label.times,
    )
    library.store.put(f"snapshots/{label.info.id}", encode_label(forged), if_absent=False)
    with pytest.raises(StoreError, match="not the one its digest names"):
        library.restored(label.info, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_label_of_a_later_format_says_so(library: Library) -> None:
    label = _label(library)
    data = library.store.get(f"snapshots/{label.info.id}")
    body = data.split(b"\n")[1].replace(b'"format":1', b'"format":9')
    forged = blake3(body).hexdigest().encode() + b"\n" + body + b"\n"
    library.store.put(f"snapshots/{label.info.id}", forged, if_absent=False)
    with pytest.raises(StoreError, match="is of format 9") as caught:
        library.reader(label.info).entries()
    assert "newer Outrig" in str(caught.value.hint)


def test_huge_counts_are_refused_without_memory(store: MemoryStore, library: Library) -> None:
    """A list may not claim more entries than it has times, nor a label endless pieces."""
    label = _label(library)
    claims = manifest.varint(0) + manifest.varint(1 << 50)
    with pytest.raises(StoreError):
        manifest.decode(claims, b"")
    forged = Label(info=label.info, pieces=label.pieces * 1000, times=label.times)
    store.put(f"snapshots/{label.info.id}", encode_label(forged), if_absent=False)
    with pytest.raises(StoreError):
        library.reader(label.info).entries()
    assert len(check_store(store, library.context).damages) == 1
