"""What `doctor` says of namespaces on a node."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.node.program.namespaces import check_namespaces, check_privilege, why_no_namespaces

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine


def test_trying_namespaces_leaves_this_process_where_it_was() -> None:
    own = [Path(f"/proc/self/ns/{kind}") for kind in ("mnt", "user", "pid")]
    before = [path.readlink() for path in own]
    reason = why_no_namespaces()
    assert reason == "" or reason.startswith(("unshare: ", "mount: "))
    assert [path.readlink() for path in own] == before
    assert ("really that path" in check_namespaces()[2]) == (reason == "")


def test_doctor_says_by_which_means_and_as_whom_bai_sessions_run(run: CommandLine) -> None:
    said = run("doctor", "--provider", "local", "--output", "plain").checked().out
    assert "provider local: namespaces" in said
    assert "/home/work" in said
    whom = "not as root" if os.getuid() == 0 else "as this user"
    assert whom in said
    assert whom in check_privilege()[2]
