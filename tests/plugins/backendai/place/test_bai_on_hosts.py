"""The inside of sessions on hosts that are reached by SSH, as a normal user and as root there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugins.ssh.conftest import host, isolated, lab, lab_of_all  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from outrig.testing.machines import Machine
    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai

LOOKS = """
import os, socket
print(os.getcwd(), os.getuid() != 0, socket.gethostname(), *os.listdir("/home"), sep="|")
open("/home/work/made", "w").write("there")
"""
TOO_MUCH = "x = bytearray(300 << 20); import time; time.sleep(60)"


@pytest.mark.parametrize("login", ["", "root@"])
def test_home_work_is_a_sessions_own_on_a_host_too(
    bai: Bai,
    compute: Compute,
    isolated: object,  # noqa: F811 - the fixture
    host: Machine,  # noqa: F811 - the fixture
    login: str,
) -> None:
    bai.run("provider", "add", "ssh", login + host.name).checked()
    words = ("-t", "afar", "--scaling-group", "ssh", "-r", "mem=128m")
    looked = bai("run", "-q", *words, "-c", LOOKS, "python").checked()
    assert looked.out == "/home/work|True|main1|work\n"
    there = compute.outrig_session(compute.find("afar"))
    assert [one.path for one in compute.outrig.list_files(there, ["home/made"])] == ["home/made"]

    killed = bai("run", *words, "-c", TOO_MUCH, "python")
    assert killed.exit_code == 137
    assert "memory limit 128 MiB exceeded" in killed.err

    bai("rm", "afar").checked()
    left = host.run("ps -e -o args= | grep -c '[e]nter.py' || true")
    assert left.strip() == "0"
