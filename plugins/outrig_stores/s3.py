"""The snapshot store in S3 and what speaks its language: `s3://bucket/prefix`.

Objects are packs, labels and a few notes, never a project's single files. Large ones go up in
parts, several at a time. Reads are ranged. Calls are done again by `Retrying`, not by boto3: that
one does not retry a response that is cut while it is read.
"""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from outrig.api import ObjectInfo, ObjectStore, Settings, WithLinks, setting
from outrig.errors import ConfigError, OutrigError, StoreError
from outrig_stores import s3_errors as errors
from outrig_stores.keys import check_key, is_key
from outrig_stores.retrying import Retrying
from outrig_stores.s3_client import ClientOptions, make_client
from outrig_stores.viewing import ViewReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_URL = re.compile(r"s3://([A-Za-z0-9][A-Za-z0-9._-]{1,253})(?:/(.*))?")
_DELETED_TOGETHER = 1000
_SMALL = 1 << 20


@dataclass(frozen=True, kw_only=True)
class S3StoreSettings(Settings):
    """Settings of stores in S3. What is not set is taken from the AWS configuration."""

    endpoint: str | None = setting(
        None, help="URL of an S3 server that is not AWS", env="AWS_ENDPOINT_URL_S3"
    )
    region: str | None = setting(None, help="the bucket's region")
    profile: str | None = setting(None, help="profile in the AWS configuration files")
    access_key: str | None = setting(None, help="access key id", secret=True)
    secret_key: str | None = setting(None, help="secret access key", secret=True)
    addressing: Literal["auto", "path", "virtual"] = setting(
        "auto", help="bucket in the path, as most servers of one's own want it, or in the host name"
    )
    encryption: Literal["none", "AES256", "aws:kms", "aws:kms:dsse"] = setting(
        "none", help="server-side encryption to ask for; none leaves it to the bucket"
    )
    kms_key: str | None = setting(None, help="key for aws:kms; without it, the bucket's or AWS's")
    connections: int = setting(8, help="how many connections at once")
    part_mib: int = setting(8, help="size of the parts of large objects, at least 5", unit="MiB")
    attempts: int = setting(8, help="how often a call is tried before it is an error")
    timeout_s: float = setting(30.0, help="how long an answer may take", unit="seconds")

    def __post_init__(self) -> None:
        if self.part_mib < 5:
            raise ConfigError(f"stores.s3.part_mib is {self.part_mib}; S3 takes no less than 5")
        for name in ("connections", "attempts", "timeout_s"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"stores.s3.{name} is {getattr(self, name)}; it must be above 0")


class S3Store(ObjectStore, WithLinks):
    """Objects in a bucket, all below one prefix."""

    settings_type = S3StoreSettings
    parallel = 6

    def __init__(self, url: str, settings: Settings, retrying: Retrying | None = None) -> None:
        super().__init__(url, settings)
        found = _URL.fullmatch(url)
        if found is None:
            raise ConfigError(f'"{url}" names no bucket', hint="write it as s3://bucket/prefix")
        self._bucket = found[1]
        prefix = (found[2] or "").strip("/")
        if prefix and not is_key(prefix):
            raise ConfigError(f'"{url}" has a prefix of other letters than A-Za-z0-9._-/')
        self._prefix = f"{prefix}/" if prefix else ""
        self._own = settings if isinstance(settings, S3StoreSettings) else S3StoreSettings()
        self._retrying = retrying or Retrying(attempts=self._own.attempts)
        self._lock = threading.Lock()
        self._made: Any = None
        self._made_linking: Any = None
        self._refuses_conditions = False
        self._refuses_lists = False

    def put(self, key: str, data: bytes | memoryview, *, if_absent: bool) -> bool:
        """Write an object; see `ObjectStore.put`."""
        check_key(key)
        with memoryview(data) as view:
            if len(view) > 2 * self._part_bytes:
                return self._put_in_parts(key, view, if_absent=if_absent)
            return self._put_whole(key, view, if_absent=if_absent)

    def get(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read an object or a part of it; see `ObjectStore.get`."""
        check_key(key)
        if length is not None and length <= 0:
            return b""
        wanted: dict[str, str] = {}
        if start or length is not None:
            end = "" if length is None else start + length - 1
            wanted["Range"] = f"bytes={start}-{end}"

        def read(_attempt: int) -> bytes:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key, **wanted)
            with answer["Body"] as body:
                data: bytes = body.read()
            if wanted and answer["ResponseMetadata"]["HTTPStatusCode"] == 200:
                data = data[start:] if length is None else data[start : start + length]
            return data

        try:
            return self._retrying(read, errors.is_temporary)
        except Exception as err:
            if errors.is_past_the_end(err):
                return b""
            raise self._told(err, "read", key) from err

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield the objects below a prefix; see `ObjectStore.list`."""
        cut = len(self._prefix)
        token: dict[str, str] = {}
        while True:
            page = self._call(
                "list", prefix, "list_objects_v2", Prefix=self._prefix + prefix, **token
            )
            for one in page.get("Contents", ()):
                modified_s = one["LastModified"].timestamp()
                yield ObjectInfo(one["Key"][cut:], int(one["Size"]), modified_s)
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; see `ObjectStore.delete`."""
        for key in keys:
            check_key(key)
        for start in range(0, len(keys), _DELETED_TOGETHER):
            some = keys[start : start + _DELETED_TOGETHER]
            if len(some) == 1 or self._refuses_lists or not self._delete_together(some):
                with ThreadPoolExecutor(min(len(some), self._own.connections), "outrig-s3") as pool:
                    list(pool.map(self._delete_one, some))

    def tidy(self, before_s: float) -> int:
        """Abort uploads in parts that were begun before then and never ended: they cost money."""
        try:
            found = self._call("list", "", "list_multipart_uploads", Prefix=self._prefix)
        except OutrigError:
            return 0  # not every server lists them, and not everybody may
        old = [one for one in found.get("Uploads", ()) if one["Initiated"].timestamp() < before_s]
        for one in old:
            self._call(
                "delete", "", "abort_multipart_upload", Key=one["Key"], UploadId=one["UploadId"]
            )
        return len(old)

    def link(self, key: str, start: int, length: int, valid_s: float) -> str | None:
        """Return a presigned URL; see `WithLinks`. The range is part of what is signed."""
        check_key(key)
        wanted = {"Bucket": self._bucket, "Key": self._prefix + key}
        wanted["Range"] = f"bytes={start}-{start + length - 1}"
        try:
            made: str = self._linking.generate_presigned_url(
                "get_object", Params=wanted, ExpiresIn=round(valid_s)
            )
        except Exception as err:
            raise self._told(err, "link to", key) from err
        return made

    # Writing

    @property
    def _part_bytes(self) -> int:
        return self._own.part_mib << 20

    def _put_whole(self, key: str, view: memoryview, *, if_absent: bool) -> bool:
        def write(attempt: int) -> bool:
            # What is given as a file costs a question to the server first ("Expect"): only large.
            body = ViewReader(view) if len(view) > _SMALL else bytes(view)
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._prefix + key,
                    Body=body,
                    **self._conditions(if_absent),
                    **self._encryption,
                )
            except Exception as err:
                if not if_absent or not errors.is_taken(err):
                    raise
                # The first attempt may have been carried out, and its answer lost.
                return attempt > 0 and len(view) <= _SMALL and self.get(key) == view
            return True

        return self._written(key, write, if_absent=if_absent)

    def _written(self, key: str, write: Callable[[int], bool], *, if_absent: bool) -> bool:
        """Carry a write out; for a server that knows no conditions, look for the key before."""
        try:
            if if_absent and self._refuses_conditions and self._is_there(key):
                return False
            return self._retrying(write, errors.is_temporary)
        except Exception as err:
            if if_absent and not self._refuses_conditions and errors.is_lacking(err):
                self._refuses_conditions = True
                return self._written(key, write, if_absent=if_absent)
            raise self._told(err, "write", key) from err

    def _put_in_parts(self, key: str, view: memoryview, *, if_absent: bool) -> bool:
        where = {"Key": self._prefix + key}
        begun = self._call("write", key, "create_multipart_upload", **where, **self._encryption)
        where["UploadId"] = begun["UploadId"]
        try:
            starts = range(0, len(view), self._part_bytes)
            with ThreadPoolExecutor(min(len(starts), self._own.connections), "outrig-s3") as pool:
                parts = list(pool.map(partial(self._put_part, key, view, where), starts))
            return self._end_parts(key, where, parts, if_absent=if_absent)
        except BaseException:
            self._abort(where)
            raise

    def _put_part(
        self, key: str, view: memoryview, where: dict[str, str], start: int
    ) -> dict[str, object]:
        number = start // self._part_bytes + 1

        def send(_attempt: int) -> dict[str, object]:
            with view[start : start + self._part_bytes] as part, ViewReader(part) as body:
                done = self._client.upload_part(
                    Bucket=self._bucket, PartNumber=number, Body=body, **where
                )
            return {"PartNumber": number, "ETag": done["ETag"]}

        try:
            return self._retrying(send, errors.is_temporary)
        except Exception as err:
            raise self._told(err, "write", key) from err

    def _end_parts(
        self,
        key: str,
        where: dict[str, str],
        parts: Sequence[dict[str, object]],
        *,
        if_absent: bool,
    ) -> bool:
        def end(attempt: int) -> bool:
            try:
                self._client.complete_multipart_upload(
                    Bucket=self._bucket,
                    MultipartUpload={"Parts": parts},
                    **self._conditions(if_absent),
                    **where,
                )
            except Exception as err:
                if if_absent and errors.is_taken(err):
                    self._abort(where)
                    return False
                if attempt and errors.answer_of(err)[1] == "NoSuchUpload" and self._is_there(key):
                    return True  # the first attempt was carried out, and its answer lost
                raise
            return True

        return self._written(key, end, if_absent=if_absent)

    def _abort(self, where: dict[str, str]) -> None:
        with suppress(Exception):  # what failed before is what matters; `tidy` sees to it later
            self._client.abort_multipart_upload(Bucket=self._bucket, **where)

    def _conditions(self, if_absent: bool) -> dict[str, str]:
        return {"IfNoneMatch": "*"} if if_absent and not self._refuses_conditions else {}

    @property
    def _encryption(self) -> dict[str, str]:
        if self._own.encryption == "none":
            return {}
        asked: dict[str, str] = {"ServerSideEncryption": self._own.encryption}
        if self._own.kms_key and self._own.encryption != "AES256":
            asked["SSEKMSKeyId"] = self._own.kms_key
        return asked

    def _is_there(self, key: str) -> bool:
        def look(_attempt: int) -> bool:
            try:
                self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
            except Exception as err:
                if errors.answer_of(err)[0] == 404:
                    return False
                raise
            return True

        try:
            return self._retrying(look, errors.is_temporary)
        except Exception as err:
            raise self._told(err, "look for", key) from err

    # Deleting

    def _delete_together(self, keys: Sequence[str]) -> bool:
        """Delete up to 1000 objects in one call; false when the server cannot do that."""
        objects = [{"Key": self._prefix + key} for key in keys]

        def send(_attempt: int) -> Any:
            return self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True}
            )

        try:
            answer = self._retrying(send, errors.is_temporary)
        except Exception as err:
            if not errors.is_lacking(err):
                raise self._told(err, "delete", keys[0]) from err
            self._refuses_lists = True
            return False
        # Each key has an answer of its own; those that failed are asked for again, one by one.
        failed = {str(one.get("Key", "")) for one in answer.get("Errors", ())}
        for key in keys:
            if self._prefix + key in failed:
                self._delete_one(key)
        return True

    def _delete_one(self, key: str) -> None:
        self._call("delete", key, "delete_object", Key=self._prefix + key)

    # Calling

    @property
    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = make_client(self._options, self.url)
            return self._made

    @property
    def _linking(self) -> Any:
        with self._lock:
            if self._made_linking is None:
                self._made_linking = make_client(self._options, self.url, linking=True)
            return self._made_linking

    @property
    def _options(self) -> ClientOptions:
        own = self._own
        return ClientOptions(
            endpoint=own.endpoint,
            region=own.region,
            profile=own.profile,
            access_key=own.access_key,
            secret_key=own.secret_key,
            addressing=own.addressing,
            connections=own.connections,
            timeout_s=own.timeout_s,
        )

    def _call(self, what: str, key: str, method: str, **arguments: object) -> Any:
        def send(_attempt: int) -> Any:
            return getattr(self._client, method)(Bucket=self._bucket, **arguments)

        try:
            return self._retrying(send, errors.is_temporary)
        except Exception as err:
            raise self._told(err, what, key) from err

    def _told(self, error: Exception, what: str, key: str) -> OutrigError:
        if isinstance(error, OutrigError):
            return error
        from botocore import exceptions
        from urllib3.exceptions import HTTPError

        known = (
            exceptions.BotoCoreError,
            exceptions.ClientError,
            HTTPError,
            OSError,
            RecursionError,
        )
        if not isinstance(error, known):
            return StoreError(f"cannot {what} {key} in {self.url}: {type(error).__name__}: {error}")
        return errors.told(error, what, key, self.url)
