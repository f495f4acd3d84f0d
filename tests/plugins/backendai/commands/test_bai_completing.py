"""What shells are told: words of the set, names of sessions, options by each of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine
    from tests.plugins.backendai.conftest import Bai


def told(run: CommandLine, program: str, *words: str) -> list[str]:
    """Return what may stand for the last word."""
    lines = run("__complete", "bash", program, *words).checked().lines
    return [line.partition("\t")[0] for line in lines]


def test_names_of_sessions_and_options_are_completed(bai: Bai, run: CommandLine) -> None:
    bai("start", "-t", "mysession", "python").checked()
    for command in ("info", "rm", "logs", "rename", "watch", "upload", "download", "ls"):
        assert told(run, "outrig", "bai", command, "my") == ["mysession"], command
    assert told(run, "backend.ai", "session", "info", "my") == ["mysession"]
    assert told(run, "backend.ai", "admin", "session", "in") == ["info", ":files"]
    options = told(run, "backend.ai", "start", "--cl")
    assert set(options) >= {"--client-token", "--cluster-size", "--cluster-mode"}
    assert "RUNNING" in told(run, "backend.ai", "ps", "-s", "RUN")
