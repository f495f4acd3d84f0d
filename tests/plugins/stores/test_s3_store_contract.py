"""The store in S3 keeps to the contract of stores, on two servers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from outrig.testing.stores import StoreContract
from outrig_stores.s3 import S3Store, S3StoreSettings

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestS3StoreOnLocalBucket(StoreContract):
    """On a server that keeps files, reads ranges well and cannot delete several keys at once."""

    @pytest.fixture
    def store(self, store: S3Store) -> S3Store:
        return store


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """A server that knows most of what AWS does."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


class TestS3StoreOnMoto(StoreContract):
    """On a server that imitates AWS."""

    @pytest.fixture
    def store(self, moto_url: str) -> S3Store:
        import boto3

        name = f"b{uuid.uuid4().hex}"
        settings = S3StoreSettings(
            endpoint=moto_url, access_key="testing", secret_key="testing", addressing="path"
        )
        client = boto3.client(
            "s3",
            endpoint_url=moto_url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        client.create_bucket(Bucket=name)
        client.close()
        return S3Store(f"s3://{name}", settings)
