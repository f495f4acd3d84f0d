"""A project whose command is quick, and fails when it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from outrig.testing.fixtures import ProjectMaker

TRAIN = """\
echo "lr {{lr}} seed {{seed}}" | tee result.txt
echo "{\\"name\\": \\"loss\\", \\"value\\": {{lr}}, \\"step\\": {{seed}}}" >> "$OUTRIG_METRICS"
test -e "$HOME/fail" && exit {{code}}
exit 0
"""


@pytest.fixture
def sweeps(project: ProjectMaker) -> Path:
    """A project to sweep over; while ~/fail is there its command ends with `--code`."""
    return project(
        {
            "outrig.yaml": {
                "name": "toy",
                "output_files": ["result.txt"],
                "commands": [
                    {
                        "name": "train",
                        "command": TRAIN,
                        "params": [
                            {"name": "lr", "type": "float", "default": 0.1},
                            {"name": "seed", "type": "int", "default": 0},
                            {"name": "code", "type": "int", "default": 0},
                            {"name": "opt", "choices": ["adam", "sgd"], "default": "adam"},
                        ],
                    },
                    {
                        "name": "wait",
                        "command": "echo waiting; until test -e $HOME/go; do sleep 0.02; done",
                        "params": [{"name": "n", "default": "0"}],
                    },
                ],
            },
        }
    )
