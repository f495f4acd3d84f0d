"""Changing a configuration file without losing what the user wrote in it."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrig.config.edit import set_key, unset_key
from outrig.config.file import read_config
from outrig.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = """\
# mine
provider: local  # this one

providers:
    # the cloud
    aws:
        region: eu-1   # near

    "local":
        slots: 2
stores: {}
output: json
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(WRITTEN)
    return path


def test_a_value_is_replaced_in_its_line(file: Path) -> None:
    set_key(file, "provider", "aws")
    set_key(file, "providers.aws.region", "us-2")
    expected = WRITTEN.replace("local  #", "aws  #").replace("eu-1", "us-2")
    assert file.read_text() == expected


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ('store: "a #b"', "store: new"),
        ("store: 'it''s #b' # why", "store: new # why"),
        ("store: a#b\t# why", "store: new\t# why"),
        ("store:    # why", "store: new    # why"),
        ("store: [a, # why\n  b]", "store: new"),
        ("store: |\n  a # b\n\n  c", "store: new"),
    ],
)
def test_a_comment_after_a_value_stays(tmp_path: Path, line: str, changed: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"{line}\noutput: json\n")
    set_key(file, "store", "new")
    assert file.read_text() == f"{changed}\noutput: json\n"


def test_a_new_key_joins_its_block(file: Path) -> None:
    set_key(file, "providers.aws.zone", "b")
    expected = WRITTEN.replace("# near\n", "# near\n        zone: b\n")
    assert file.read_text() == expected


def test_a_new_block_is_made(file: Path) -> None:
    set_key(file, "providers.gcp.project", "x: y")
    assert file.read_text() == WRITTEN.replace(
        "slots: 2\n", "slots: 2\n    gcp:\n      project: 'x: y'\n"
    )


def test_a_new_key_at_the_top_comes_last(file: Path) -> None:
    set_key(file, "store", "s3://bucket/x")
    assert file.read_text() == WRITTEN + "store: s3://bucket/x\n"


def test_text_too_unusual_for_that_is_written_anew(file: Path) -> None:
    set_key(file, "stores.s3.region", "eu-1")
    assert read_config(file).section("stores.s3")["region"].value == "eu-1"
    assert read_config(file).section("providers.local")["slots"].value == 2


def test_a_key_is_removed_with_its_lines_only(file: Path) -> None:
    assert unset_key(file, "output")
    assert file.read_text() == WRITTEN.replace("output: json\n", "")
    assert not unset_key(file, "output")
    assert unset_key(file, "providers.local.slots")
    assert "local" not in read_config(file).sections


def test_the_file_is_made_for_the_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.yaml"
    set_key(file, "output", "csv")
    assert file.read_text() == "output: csv\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["config.yaml"]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path, file: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    set_key(link, "output", "csv")
    assert link.is_symlink()
    assert "output: csv\n" in file.read_text()


def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot be (read|written): Not a directory"):
        set_key(tmp_path / "file" / "config.yaml", "output", "csv")


@pytest.mark.parametrize("text", ["a: [1\n", "- a\n", "a: 1\na: 2\n"])
def test_a_file_that_is_wrong_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError):
        set_key(file, "output", "csv")
    assert file.read_text() == text


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")))


@settings(deadline=None, max_examples=60)
@given(value=words, other=words)
def test_any_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, value: str, other: str
) -> None:
    file = tmp_path_factory.mktemp("any") / "config.yaml"
    file.write_text(WRITTEN)
    set_key(file, "providers.aws.region", value)
    set_key(file, "providers.aws.zone", other)
    section = read_config(file).section("providers.aws")
    assert (section["region"].value, section["zone"].value) == (value, other)
    assert "# mine" in file.read_text()
