"""Devices: found by nvidia-smi, told by CUDA_VISIBLE_DEVICES, shared by halves, waited for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.backendai.conftest import Bai

NVIDIA_SMI = """#!/bin/sh
case "$*" in *index*) echo "0, NVIDIA A10G"; echo "1, NVIDIA A10G" ;;
*) echo "NVIDIA A10G"; echo "NVIDIA A10G" ;; esac
"""
TELLS = """
import os
mps, xla = "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "XLA_PYTHON_CLIENT_MEM_FRACTION"
print(*(os.environ.get(one) for one in ("CUDA_VISIBLE_DEVICES", mps, xla)))
"""


@pytest.fixture
def two_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nvidia-smi lists two devices: there are none where tests run."""
    program = tmp_path / "bin/nvidia-smi"
    program.parent.mkdir()
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def test_whole_devices_and_halves_are_held_by_their_sessions(bai: Bai, two_devices: None) -> None:
    def run(slot: str) -> str:
        words = ("run", "-q", "-r", slot, "-r", "cpu=0.1", "-r", "mem=128m", "-c", TELLS)
        return bai(*words, "python").checked().out

    assert run("cuda.shares=0.5") == "0 50 0.50\n"
    assert run("cuda.shares=0.5") == "0 50 0.50\n"
    assert run("cuda.device=1") == "1 None None\n"
    waits = bai("start", "--max-wait", "1", "-r", "cuda.shares=0.5", "-r", "cpu=0.1", "python")
    assert waits.exit_code == 125
    assert "is still on the job queue" in waits.err
    refused = bai("start", "-r", "cuda.device=3", "python")
    assert (refused.exit_code, refused.out) == (6, "")
    assert "no agent has 3 GPUs (the most is 2)" in refused.err
