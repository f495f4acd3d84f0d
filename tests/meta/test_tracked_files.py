"""What may stand in the repository."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOSTS = {
    "127.0.0.1",
    "169.254.169.254",
    "alpha.example",
    "arxiv.org",
    "astral.sh",
    "checkip.amazonaws.com",
    "cloudbilling.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "compute.googleapis.com",
    "docs.python.org",
    "ec2.amazonaws.com",
    "git-scm.com",
    "github.com",
    "google.aip.dev",
    "json-schema.org",
    "keepachangelog.com",
    "localhost",
    "no-color.org",
    "semver.org",
    "www.apache.org",
    "www.googleapis.com",
}
"""Hosts that files may name; registries, mirrors and indexes are the user's business."""
GENERATED = re.compile(
    r"(^|/)(uv\.lock|poetry\.lock|\.venv|__pycache__|\.\w+_cache|\.coverage|dist|site|node_modules)(/|$)"
)
INDEXES = re.compile(r"--(extra-)?index-url\b|/simple/?[\"' ]|^resolved |^registry *=", re.M)
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc"}
UNFINISHED = re.compile(r"TODO|FIXME|XXX|NotImplementedError|not (yet )?implemented|for now\b")


def tracked(*patterns: str) -> list[Path]:
    """Return the files that git tracks, as far as they are still there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git work tree")
    paths = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def texts(*patterns: str) -> dict[str, str]:
    """Return the text files among the tracked ones: path from the root, and content."""
    found = {}
    for path in tracked(*patterns):
        data = path.read_bytes()
        if b"\0" not in data and path != Path(__file__):
            found[str(path.relative_to(ROOT))] = data.decode(errors="replace")
    return found


def test_no_file_names_this_machine() -> None:
    places = {f"{ROOT}/", f"{pwd.getpwuid(os.getuid()).pw_dir}/."}
    if not ROOT.is_relative_to(tempfile.gettempdir()):
        places.add(f"{ROOT.parent}/")
    pattern = re.compile(
        "|".join(rf"(?<![\w.}}-]){re.escape(one)}" for one in places if one != "//")
    )
    assert [name for name, text in texts().items() if pattern.search(text)] == []


def test_no_file_names_a_registry() -> None:
    assert [name for name, text in texts().items() if INDEXES.search(text)] == []


def test_hosts_are_known_ones() -> None:
    strangers = []
    for name, text in texts(":!LICENSE").items():
        for url in re.findall(r"https?://[^\s\"'`<>)\]},;]+", text):
            try:
                host = urlsplit(url).hostname or ""
            except ValueError:
                continue  # a pattern, not an address
            if host not in HOSTS and not re.search(r"(^|\.)example(\.\w+)?$|^[^\w]*$", host):
                strangers.append(f"{name}: {url}")
    assert strangers == []


def test_nothing_generated_is_tracked() -> None:
    names = [str(path.relative_to(ROOT)) for path in tracked()]
    assert [name for name in names if GENERATED.search(name)] == []


def test_modules_have_telling_names() -> None:
    sources = tracked("core/*.py", "plugins/*.py", "tests/*.py")
    assert [str(path) for path in sources if path.stem in VAGUE or path.parent.name in VAGUE] == []


def test_nothing_is_unfinished_by_its_own_words() -> None:
    sources = texts("core", "plugins", "plugin-template")
    assert [name for name, text in sources.items() if UNFINISHED.search(text)] == []


def test_changelog_fragments_have_their_form() -> None:
    kinds = {"added", "changed", "fixed", "removed", "security"}
    for path in tracked("changelog.d"):
        if path.name == "README.md":
            continue
        topic, kind, suffix = path.name.split(".")
        assert kind in kinds, path.name
        assert suffix == "md", path.name
        assert re.fullmatch(r"[a-z0-9-]+", topic), path.name
        text = path.read_text()
        assert re.fullmatch(r"[^\s#*-].*[.`]\n", text, re.S), f"{path.name}: sentences, no bullet"
        assert max(map(len, text.splitlines())) <= 100, path.name
