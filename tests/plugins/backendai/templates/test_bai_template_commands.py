"""Templates are kept, changed and started."""

from __future__ import annotations

import base64
import functools
import http.server
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from outrig.errors import AuthError, NotFoundError
from outrig_backendai.directory.identity import caller_of
from outrig_backendai.directory.templates import Templates
from tests.plugins.backendai.folders.conftest import add_user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai

IMAGE = "python"
PASSWORD = "correct-horse-battery"
LEAST = "apiVersion: v1\nkind: taskTemplate\nmetadata: {name: least}\nspec: {kernel: {image: %s}}\n"
WHOLE = """\
apiVersion: v1
kind: taskTemplate
metadata: {{name: whole, tag: from-template-1}}
spec:
  sessionType: batch
  kernel:
    image: python
    environ: {{ONE: "1", TWO: "2"}}
    run:
      bootstrap: |
        cat > boot.txt <<'EOF'
        a

        b
        EOF
      stratup: cat boot.txt repo/a; echo "$ONE $TWO"; ls data; git -C repo config -l
    git:
      repository: {url}
      branch: main
      commit: {commit}
      credential: {{username: me, password: {password}}}
      destination_dir: repo
  resources: {{cpu: 1, mem: 512m}}
  mounts: {{data: }}
"""


class Guarded(http.server.SimpleHTTPRequestHandler):
    """Serves files to whom knows the password."""

    def do_GET(self) -> None:
        """Ask for the password first."""
        wanted = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {wanted}":
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def git(*words: str, cwd: Path) -> str:
    """Run git, and return what it says."""
    return subprocess.run(
        ["git", *words], cwd=cwd, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, outrig_home: Path) -> Iterator[tuple[str, str]]:
    """Serve a repository over HTTP; gives its URL and the first of its two commits."""
    work, bare = tmp_path / "work", tmp_path / "served/x.git"
    work.mkdir()
    git("init", "-q", "-b", "main", ".", cwd=work)
    for text in ("first\n", "second\n"):
        (work / "a").write_text(text)
        git("add", "a", cwd=work)
        git("commit", "-q", "-m", text, cwd=work)
    git("clone", "-q", "--bare", str(work), str(bare), cwd=tmp_path)
    git("update-server-info", cwd=bare)
    handler = functools.partial(Guarded, directory=str(tmp_path / "served"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/x.git", git("rev-parse", "HEAD~1", cwd=work)
    server.shutdown()
    server.server_close()
    thread.join()


def holders(home: Path) -> set[str]:
    """Return the names of files that hold the password, without what follows a name's dash."""
    found = {one for one in home.rglob("*") if one.is_file() and not one.is_symlink()}
    return {one.name.partition("-")[0] for one in found if PASSWORD.encode() in one.read_bytes()}


def test_a_batch_session_of_a_template_does_all_it_says(
    bai: Bai, compute: Compute, repository: tuple[str, str], outrig_home: Path
) -> None:
    url, commit = repository
    bai("vfolder", "create", "data").checked()
    (bai.run.directory / "in-folder").write_text("x")
    bai("vfolder", "upload", "data", "in-folder").checked()
    text = WHOLE.format(url=url, commit=commit, password=PASSWORD)
    bai("sesstpl", "create", input=text).checked()
    shown = bai("sesstpl", "get", "whole").checked().out
    assert (PASSWORD in shown, "********" in shown) == (False, True)
    bai("sesstpl", "update", "whole", input=shown).checked()
    bai("start-template", "whole", "-t", "from-whole", "-e", "TWO=two").checked()
    watched = bai("watch", "from-whole")
    session = compute.find("from-whole", live=False)
    assert (watched.exit_code, session.tag, session.mounts) == (0, "from-template-1", ("data",))
    said = bai("logs", "from-whole").checked().out
    assert said.startswith("a\n\nb\nfirst\n1 two\nin-folder\n")
    assert (url in said, PASSWORD in said) == (True, False)
    assert holders(outrig_home) <= {"backendai.sqlite"}


def test_a_wrong_password_fails_at_once(
    bai: Bai, repository: tuple[str, str], outrig_home: Path
) -> None:
    url, commit = repository
    text = WHOLE.format(url=url, commit=commit, password="wrong").replace("mounts:", "#")
    bai("session-template", "create", input=text).checked()
    failed = bai("start-template", "whole", "-t", "from-whole")
    assert failed.exit_code != 0
    assert "the bootstrap script failed" in failed.err
    assert holders(outrig_home) == set()


def test_options_stand_over_the_template(bai: Bai, compute: Compute) -> None:
    (bai.run.directory / "t.yaml").write_text(WHOLE.format(url="x", commit="", password="y"))
    bai("session-template", "create", "-f", "t.yaml").checked()
    words = ("--type", "interactive", "--no-mount", "--no-env", "-r", "mem=300m", "--tag", "other")
    enqueued = ("--enqueue-only", "-t", "over", "-e", "X=1")
    bai("create-from-template", "whole", *words, *enqueued).checked()
    session = compute.find("over", live=False)
    assert (session.type, session.tag, session.mounts) == ("interactive", "other", ())
    assert (session.environ, session.slots.mem >> 20) == ({"X": "1"}, 300)
    assert bai("start-template", "whole", "--type", "token").exit_code == 2
    missing = bai("start-template", "whole", "-t", "over-2")
    assert (missing.exit_code, "there is no folder 'data'" in missing.err) == (4, True)


def test_templates_are_kept_and_forgotten(bai: Bai) -> None:
    created = bai("sesstpl", "create", input=LEAST % IMAGE).checked().out
    ident = created.split()[2]
    listed = bai("sesstpl", "list").checked().out
    assert (ident in listed, "least" in listed) == (True, True)
    (bai.run.directory / "t.json").write_text(bai("sesstpl", "get", ident, "-f", "json").out)
    bai("sesstpl", "update", ident[:8], "-f", "t.json").checked()
    wrong = bai("sesstpl", "update", ident, input="kind: x")
    assert (wrong.exit_code, "standard input:1:" in wrong.err) == (3, True)
    assert bai("sesstpl", "create", "-f", "absent.yaml").exit_code == 3
    bai("session-template", "delete", ident).checked()
    assert bai("session-template", "get", ident).exit_code == 4
    assert "no task templates" in bai("session-template", "list").checked().out


def test_nobody_sees_templates_of_others(compute: Compute) -> None:
    keypair = compute.directory.keypairs.get(add_user(compute.directory, "ann@example.org"))
    assert keypair is not None
    anns = Templates(compute.directory, caller_of(compute.directory, keypair, {}))
    mine = Templates(compute.directory, compute.caller)
    record = mine.add("mine", "default", {"spec": {}})
    for reference in ("mine", record.id, record.id[:6]):
        with pytest.raises(NotFoundError, match="there is no template"):
            anns.find(reference)
    with pytest.raises(AuthError, match="only administrators"):
        anns.select(everyone=True)
    hers = anns.add("hers", "default", {"spec": {}})
    assert [one.name for one in mine.select(everyone=True)] == ["hers", "mine"]
    assert mine.find(hers.id).name == "hers"
