"""What a machine has: cores, memory and GPUs. Its text also runs on nodes, so Python 3.8 and bare.

Nothing is imported but the standard library, and it is called by `python3 -c` there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Dict, List  # noqa: UP035 - nodes have older Pythons

_ASK_S = 20


def capacity() -> Dict[str, object]:  # noqa: UP006 - as above
    """Return `cpu`, `mem` (bytes), `gpus` (names) and `machine` (x86_64) of this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": cores or 1, "mem": memory, "gpus": _gpus(), "machine": os.uname().machine}


def _gpus() -> List[str]:  # noqa: UP006
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    words = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        said = subprocess.run(words, stdout=subprocess.PIPE, timeout=_ASK_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    if said.returncode != 0:
        return []
    return [
        one.strip() for one in said.stdout.decode("utf-8", "replace").splitlines() if one.strip()
    ]
