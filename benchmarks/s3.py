"""Snapshots in S3 against one object per file, on two servers on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.measure import Case, run
from benchmarks.place import BIN, Place
from benchmarks.table import Comparison, Table
from benchmarks.trees import make_packages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BUCKET = "bench"
_KEY = "a-benchmark"
_S3FS = """
import pathlib, sys, s3fs
files = s3fs.S3FileSystem(
    endpoint_url=sys.argv[1], key=sys.argv[2], secret=sys.argv[2],
    client_kwargs={"region_name": "us-east-1"}, config_kwargs={"s3": {"addressing_style": "path"}},
)
root = pathlib.Path(sys.argv[3])
found = [one for one in root.rglob("*") if one.is_file()]
there = [sys.argv[4] + "/" + one.relative_to(root).as_posix() for one in found]
files.put([str(one) for one in found], there)  # as a directory, it would make buckets, too
"""
_SERVER = """
import sys
from http.server import ThreadingHTTPServer
from pathlib import Path
import localbucket
class Handler(localbucket.S3Handler):
    data_root = Path(sys.argv[1])
    def log_message(self, *_):
        pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
"""
_MOTO = """
import sys, time
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
time.sleep(1e6)
"""


@contextmanager
def _served(program: str, root: Path) -> Iterator[str]:
    """Run a server with an empty bucket, and give its URL."""
    (root / _BUCKET).mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{int(process.stdout.readline())}"
            _make_bucket(f"{url}/{_BUCKET}")
            yield url
        finally:
            process.kill()


def _make_bucket(url: str) -> None:
    last_s = time.monotonic() + 60
    while True:
        request = urllib.request.Request(url, method="PUT", headers={"Content-Length": "0"})
        try:
            urllib.request.urlopen(request).close()
        except urllib.error.HTTPError as err:
            err.close()  # one that keeps directories has it already
            return
        except OSError:
            if time.monotonic() > last_s:
                raise
            time.sleep(0.05)
        else:
            return


def _python_with_s3fs(place: Place) -> str:
    """Make an environment for s3fs, which cannot be beside boto3: both pin botocore."""
    where = place.root / "s3fs"
    place.do(sys.executable, "-m", "venv", str(where))
    place.do(str(where / "bin" / "pip"), "install", "-q", "s3fs>=2025")
    return str(where / "bin" / "python")


def s3(place: Place, rounds: int, files: int) -> Iterator[Table]:
    """Yield a table for each of two servers."""
    python = _python_with_s3fs(place)
    tree = place.root / "for-s3"
    count, size = make_packages(tree, files)
    for name, program in (("a server with ranged reads", _SERVER), ("moto", _MOTO)):
        with _served(program, place.root / f"s3-{name.split()[0]}") as url:
            text = (
                f"{count} files of installed Python packages, {size >> 20} MiB, into a server on"
                f" the same machine, whose load before was {os.getloadavg()[0]:.1f}. Each is"
                " compared with an upload by s3fs, a pull too."
            )
            comparisons = _compared(place, tree, url, python)
            yield Table(title=f"S3: {name}", text=text, comparisons=comparisons, rounds=rounds)


def _compared(place: Place, tree: Path, url: str, python: str) -> list[Comparison]:
    """Return what to measure, after one snapshot is here and in the store."""
    own = {"ENDPOINT": url, "ACCESS_KEY": _KEY, "SECRET_KEY": _KEY, "ADDRESSING": "path"}
    variables = {
        **place.variables,
        **{f"OUTRIG_S3_{name}": value for name, value in own.items()},
        "OUTRIG_HOME": str(place.root / f"s3-home-{url.rpartition(':')[2]}"),
        "OLD": f"s3://{_BUCKET}/kept",
    }

    def case(name: str, script: str) -> Case:
        return Case(name=name, argv=["sh", "-c", script], cwd=tree, variables=variables)

    outrig = f"{BIN / 'outrig'} snapshot"
    new = f"s3://{_BUCKET}/$(date +%s%N)"
    run(case("", f"{outrig} create --name v1 && {outrig} push v1 $OLD"))
    script = place.root / "with_s3fs.py"
    script.write_text(_S3FS)
    target = f"{_BUCKET}/files-$(date +%s%N)"
    theirs = case(
        "one object per file with s3fs", f"{python} {script} {url} {_KEY} {tree} {target}"
    )
    home = f"OUTRIG_HOME=$(mktemp -d -p {place.root})"
    measured = (
        ("`snapshot create` into S3", f"{outrig} create --name v2 --store {new}"),
        ("`snapshot push`", f"{outrig} push v1 {new}"),
        ("`snapshot pull`", f"{home} {outrig} pull v1 $OLD"),
        ("`snapshot create` into S3, nothing changed", f"{outrig} create --name v3 --store $OLD"),
    )
    return [
        Comparison(
            ours=case(name, words),
            against=theirs,
            wall_bound=0.1 if "create" in name or "push" in name else None,
        )
        for name, words in measured
    ]
