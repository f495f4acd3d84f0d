"""Stores that fsspec opens keep to the contract of stores: in memory, GCS, and one of files."""

from __future__ import annotations

import threading
import uuid
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from outrig.testing.stores import StoreContract
from outrig_stores.fsspec_store import FsspecSettings, FsspecStore
from outrig_stores.gs import GsSettings, GsStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig.api import ObjectStore


class TestMemoryFileSystem(StoreContract):
    """`memory://name`, for as long as the process lives."""

    @pytest.fixture
    def store(self) -> FsspecStore:
        return FsspecStore(f"memory://{uuid.uuid4().hex}/x", FsspecSettings())


class TestFilesThroughFsspec(StoreContract):
    """A file system that does not write at once or not at all: objects are written aside."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> FsspecStore:
        return FsspecStore(f"local://{tmp_path}/store", FsspecSettings())

    def test_of_many_writers_of_one_key_one_wins(self, store: ObjectStore) -> None:
        """It cannot be told here who won; whole it is."""
        threads = [
            threading.Thread(
                target=store.put, args=("snapshots/x", b"%d" % n * 1000), kwargs={"if_absent": True}
            )
            for n in range(8)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert len(store.get("snapshots/x")) == 1000
        assert [one.key for one in store.list("")] == ["snapshots/x"]


@pytest.fixture(scope="session")
def gcs_url() -> Iterator[str]:
    """Google Cloud Storage, emulated; as it comes it answers one connection at a time."""
    from gcp_storage_emulator import server as emulator

    class Server(ThreadingHTTPServer):
        request_queue_size = 512
        daemon_threads = True

    before = emulator.server.HTTPServer
    emulator.server.HTTPServer = Server
    try:
        made = emulator.create_server("127.0.0.1", 0, in_memory=True, default_bucket="snaps")
        made.start()
    finally:
        emulator.server.HTTPServer = before
    yield f"http://127.0.0.1:{made._api._httpd.server_port}"
    made.stop()


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # how gcsfs uploads
class TestGsStore(StoreContract):
    """`gs://bucket/prefix`."""

    @pytest.fixture
    def store(self, gcs_url: str) -> GsStore:
        settings = GsSettings(endpoint=gcs_url, token="anon", project="a-project")
        return GsStore(f"gs://snaps/{uuid.uuid4().hex}", settings)

    def test_a_taken_key_stays_as_it_is_when_asked_to(self, store: ObjectStore) -> None:
        """The emulator ignores the precondition that would keep it."""
        assert store.put("snapshots/a", b"first", if_absent=True)
        assert store.put("snapshots/a", b"third", if_absent=False)
        assert store.get("snapshots/a") == b"third"

    def test_of_many_writers_of_one_key_one_wins(self, store: ObjectStore) -> None:
        """The emulator ignores the precondition by which one would win."""
        for n in range(3):
            store.put("snapshots/x", b"%d" % n, if_absent=True)
        assert store.get("snapshots/x") in (b"0", b"2")
