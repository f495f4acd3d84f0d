"""A small project that sessions can be started from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.fixtures import ProjectMaker

SHOW = """\
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd()}))
"""


@pytest.fixture
def demo(project: ProjectMaker) -> Path:
    """A project whose commands need nothing but Python and a shell."""
    return project(
        {
            "outrig.yaml": {
                "name": "demo",
                "output_files": ["result.txt", "missing.txt"],
                "commands": [
                    {"name": "hello", "command": "echo hello; echo oops >&2"},
                    {
                        "name": "show",
                        "command": "python3 show.py --a {{a}} --b {{b}}",
                        "params": [
                            {"name": "a", "default": "1"},
                            {"name": "b", "choices": ["x", "y"], "default": "x"},
                        ],
                    },
                    {
                        "name": "write",
                        "command": "echo {{text}} > result.txt; exit {{code}}",
                        "params": [
                            {"name": "text", "default": "fresh"},
                            {"name": "code", "type": "int", "default": 0},
                        ],
                    },
                    {
                        "name": "need",
                        "command": "echo {{who}} {{lr}}",
                        "params": [{"name": "who"}, {"name": "lr", "type": "float"}],
                    },
                    {"name": "slow", "command": "echo started; sleep 600"},
                    {"name": "die", "command": "kill -9 $$"},
                ],
            },
            "show.py": SHOW,
            "sub/inner.txt": "inner",
        }
    )
