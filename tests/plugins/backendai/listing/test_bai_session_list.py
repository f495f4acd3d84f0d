"""`bai ps` and its other names: which sessions, which fields, how they are printed."""

from __future__ import annotations

import json
import os
import pty
import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from outrig_backendai.compute.record import ComputeSession, Kernel, SessionStatus
from outrig_backendai.listing.session_fields import FIELDS

if TYPE_CHECKING:
    from pathlib import Path

    from outrig_backendai.compute.sessions import Compute
    from tests.plugins.backendai.conftest import Bai

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
GUIDE_20_09 = (
    "id,status,status_info,created_at,last_updated,result,image,type,task_id,tag,occupied_slots,"
    "used_memory,max_used_memory,cpu_using"
)
GUIDE_24_09 = (
    "id,session_id,main_kernel_id,tag,name,type,image,registry,cluster_template,cluster_mode,"
    "cluster_size,domain_name,group_name,group_id,agent_ids,user_email,user_id,access_key,status,"
    "status_info,status_changed,created_at,terminated_at,starts_at,scheduled_at,startup_command,"
    "result,resource_opts,scaling_group,service_ports,mounts,occupying_slots,dependencies,"
    "abusing_reports,idle_checks"
)


def put(
    compute: Compute,
    name: str,
    status: SessionStatus = SessionStatus.ERROR,
    *,
    access_key: str = "",
    minute: int = 0,
    tag: str | None = None,
) -> ComputeSession:
    """Record a session; none of those made here has a node."""
    caller = compute.caller
    moment = START + timedelta(minutes=minute)
    kernel = Kernel(id=str(uuid.uuid4()), role="main", idx=1, host="main1", status=status)
    session = ComputeSession(
        id=str(uuid.uuid4()),
        name=name,
        access_key=access_key or caller.access_key,
        user_email=caller.user_email,
        user_id=caller.user_id,
        domain="default",
        group="default",
        image="python",
        type="interactive",
        status=status,
        status_changed=moment,
        created_at=moment,
        tag=tag,
        kernels=(kernel,),
    )
    compute.directory.sessions.add(session)
    return session


def names(bai: Bai, *words: str) -> list[str]:
    """Return the names that a list has."""
    return bai(*words, "--name-only").checked().out.split()


def test_an_empty_list_is_one_line(bai: Bai) -> None:
    for words in (["ps"], ["session", "list"], ["ps", "--plain"], ["ps", "--offset", "3"]):
        assert bai(*words).checked().out == "There are no matching sessions.\n"
    answer = bai("--output", "json", "ps").checked().json()
    assert answer == {"count": 0, "total_count": 0, "items": []}


def test_options_choose_by_status(bai: Bai, compute: Compute) -> None:
    for number, status in enumerate(SessionStatus):
        if status in (SessionStatus.ERROR, SessionStatus.SUSPENDED) or status.ended:
            put(compute, f"s-{status.value.lower()}", status, minute=number)
    usual = ["s-error", "s-suspended"]
    dead = ["s-cancelled", "s-terminated"]
    assert names(bai, "ps") == usual
    assert names(bai, "admin", "sessions") == usual
    assert names(bai, "admin", "session", "list", "--dead") == dead
    assert names(bai, "ps", "--running", "--dead") == dead
    assert names(bai, "ps", "-s", "CANCELLED") == ["s-cancelled"]
    assert names(bai, "ps", "-s", "ALL") == ["s-error", "s-cancelled", "s-terminated", usual[1]]
    assert bai("ps", "--running").checked().out == "There are no matching sessions.\n"
    refused = bai("ps", "-s", "running")
    assert (refused.exit_code, "'running' is not one of PENDING" in refused.err) == (2, True)


def test_ten_are_shown_and_a_hint(bai: Bai, compute: Compute) -> None:
    for number in range(13):
        put(compute, f"many-{number:02}", minute=number, tag="odd" if number % 2 else None)
    done = bai("ps", "--name-only").checked()
    assert done.out.split() == [f"many-{number:02}" for number in range(12, 2, -1)]
    assert done.err == "3 more; to see them: --all\n"
    assert len(names(bai, "ps", "--all")) == 13
    assert names(bai, "ps", "--offset", "10") == ["many-02", "many-01", "many-00"]
    assert names(bai, "ps", "--limit", "2", "--order", "name") == ["many-00", "many-01"]
    assert names(bai, "ps", "--filter", 'tag == "odd" & name < many-05') == ["many-03", "many-01"]
    answer = bai("--output", "json", "session", "list", "--limit", "1").checked().json()
    assert isinstance(answer, dict)
    assert (answer["count"], answer["total_count"]) == (1, 13)
    assert answer["items"][0]["name"] == "many-12"


def test_the_usual_columns_are_the_guides(bai: Bai, compute: Compute) -> None:
    session = put(compute, "mysession")
    lines = bai("ps").checked().out.splitlines()
    assert lines[0].split("  ")[0] == "Name"
    titles = [part.strip() for part in lines[0].split("  ") if part.strip()]
    assert titles == [
        "Name",
        "Owner Access Key",
        "Session ID",
        "Project/Group",
        "Main Kernel ID",
        "Image",
        "Type",
        "Status",
        "Status Info",
        "Last Updated",
        "Result",
    ]
    assert set(lines[1]) == {"-", " "}
    assert lines[2].split()[0:3] == ["mysession", compute.caller.access_key, session.id]
    assert "(null)" in lines[2]
    detail = bai("ps", "--detail").checked().out.splitlines()[0]
    assert detail.startswith(lines[0].rstrip())
    for title in ("Tag", "Created At", "Occupying Slots", "Used Memory (MiB)", "CPU Using (%)"):
        assert title in detail
    plain = bai("ps", "--plain").checked().out.splitlines()
    assert len(plain) == 1
    assert plain[0].split()[0] == "mysession"


@pytest.mark.parametrize("fields", [GUIDE_20_09, GUIDE_24_09], ids=["20.09", "24.09"])
def test_every_field_of_the_guides_is_known(fields: str, bai: Bai, compute: Compute) -> None:
    session = put(compute, "mysession", tag="a b")
    out = bai("admin", "session", "--format", fields, "--plain").checked().out
    assert session.id in out
    assert "a b" in out
    answer = bai("--output", "json", "ps", "-f", f" {fields.replace(',', ' , ')}").checked().json()
    assert isinstance(answer, dict)
    known = {name: one.name for one in FIELDS for name in (one.name, *one.also)}
    assert set(answer["items"][0]) == {known[name] for name in fields.split(",")}


def test_a_field_that_is_none_is_refused(bai: Bai) -> None:
    done = bai("ps", "-f", "id,nosuch")
    assert (done.exit_code, done.out) == (2, "")
    assert "There is no such format option: nosuch" in done.err
    assert "occupying_slots" in done.err


def test_others_are_listed_when_asked_for(bai: Bai, compute: Compute) -> None:
    put(compute, "mine-1")
    put(compute, "theirs", access_key="AKIAOTHER")
    assert names(bai, "ps") == ["mine-1"]
    assert names(bai, "ps", "--access-key", "AKIAOTHER") == ["theirs"]
    assert sorted(names(bai, "ps", "--access-key", "*")) == ["mine-1", "theirs"]


def test_everything_about_one(bai: Bai, compute: Compute) -> None:
    session = put(compute, "only-one", SessionStatus.TERMINATED)
    out = bai("info", "only").checked().out
    assert out.startswith("Field  ")
    for words in (
        ["session", "info", session.id],
        ["admin", "session", session.id[:13]],
        ["admin", "session", "info", "only-one"],
    ):
        assert bai(*words).checked().out == out
    answer = bai("--output", "json", "info", "only-one").checked().json()
    assert isinstance(answer, dict)
    assert (answer["session_id"], answer["status"]) == (session.id, "TERMINATED")
    assert answer["containers"][0]["cluster_hostname"] == "main1"
    missing = bai("info", "nosuch")
    assert (missing.exit_code, 'there is no session "nosuch"' in missing.err) == (4, True)


def test_what_a_terminal_would_obey_is_shown(bai: Bai, compute: Compute) -> None:
    put(compute, "mysession", tag="\x1b[31mred\nnext")
    out = bai("ps", "-f", "tag,name").checked().out
    assert "\\x1b[31mred\\nnext" in out
    assert "\x1b" not in bai("--output", "json", "ps", "-f", "tag").checked().out


def test_a_terminal_gets_pages(compute: Compute, outrig_home: Path) -> None:
    for number in range(30):
        put(compute, f"many-{number:02}", minute=number)
    words = [sys.executable, "-m", "outrig", "bai", "ps", "--all", "-f", "name"]
    shown = in_a_terminal(words, b"q")
    assert "many-29" in shown
    assert "many-00" not in shown
    assert "many-00" in in_a_terminal(words, b"  ")


def in_a_terminal(words: list[str], keys: bytes) -> str:
    """Run a program in a terminal of 24 lines; at each `:` a key is pressed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["LINES"], os.environ["TERM"] = "24", "xterm"
        os.execv(words[0], words)
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    told = b""
    try:
        while part := os.read(terminal, 65536):
            told += part
            if told.endswith(b":") and keys:
                os.write(terminal, keys[:1])
                keys = keys[1:]
    except OSError:
        pass  # Linux says EIO at the end
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return told.decode()


HEAVY = ("asyncio", "boto3", "fsspec", "paramiko", "terminado", "tornado", "yaml", "zstandard")
IMPORTS = f"""
import sys
from outrig.router import main
assert main(["bai", "ps"]) == 0
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_a_list_imports_nothing_heavy(bai: Bai, compute: Compute) -> None:
    put(compute, "mysession")
    done = bai.run.program(sys.executable, "-P", "-c", IMPORTS).checked()
    assert done.lines[-1] == "[]"


def test_json_is_whole_when_it_is_long(bai: Bai, compute: Compute) -> None:
    for number in range(25):
        put(compute, f"many-{number:02}", minute=number)
    answer = json.loads(bai("--output", "json", "ps").checked().out)
    assert (answer["count"], answer["total_count"]) == (25, 25)
