"""Every error ends the tool with its own code, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig import errors
from outrig.cli.errors import report
from outrig.errors import (
    AuthError,
    CapacityError,
    ConfigError,
    ConflictError,
    Interrupted,
    NotFoundError,
    OutrigError,
    PluginError,
    PolicyError,
    ProjectError,
    RemoteError,
    StoreError,
    UnreachableError,
    UsageError,
)

if TYPE_CHECKING:
    from pathlib import Path

CODES: dict[type[OutrigError], int] = {
    OutrigError: 1,
    UsageError: 2,
    ConflictError: 2,
    ConfigError: 3,
    ProjectError: 3,
    NotFoundError: 4,
    AuthError: 5,
    CapacityError: 6,
    RemoteError: 7,
    StoreError: 7,
    UnreachableError: 7,
    PluginError: 8,
    PolicyError: 8,
    Interrupted: 130,
}


@pytest.mark.parametrize("kind", CODES)
def test_the_code_the_message_and_the_hint(
    kind: type[OutrigError], capsys: pytest.CaptureFixture[str]
) -> None:
    error = kind("what \x1b[31m is wrong", hint="do this")
    assert report(error) == CODES[kind]
    out, err = capsys.readouterr()
    lead = "outrig:" if kind is Interrupted else "outrig: error:"
    assert (out, err) == ("", f"{lead} what \\x1b[31m is wrong\noutrig: hint: do this\n")
    assert report(error, runs_commands=True) == (130 if kind is Interrupted else 125)


def test_every_error_is_here() -> None:
    declared = {one for one in vars(errors).values() if isinstance(one, type)}
    assert {one for one in declared if issubclass(one, OutrigError)} == CODES.keys()


def test_an_error_of_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    report(ProjectError("outrig.yaml:1:2: one\noutrig.yaml:3:4: two"))
    assert capsys.readouterr().err == (
        "outrig: error: outrig.yaml:1:2: one\noutrig: error: outrig.yaml:3:4: two\n"
    )


def test_what_is_no_error_of_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "outrig: interrupted\n"
    with pytest.raises(OSError, match="directory") as caught:
        tmp_path.read_bytes()
    assert report(caught.value) == 1
    assert capsys.readouterr().err == f"outrig: error: Is a directory: {tmp_path}\n"
    assert report(ZeroDivisionError("x\ny"), verbosity=2) == 1
    err = capsys.readouterr().err
    assert err.endswith(
        "outrig: error: ZeroDivisionError: x y (a bug in Outrig; -vv shows the traceback)\n"
    )
    assert "ZeroDivisionError: x\ny" in err
