"""What a program sees inside of a session, and what it never does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outrig.errors import UsageError
from outrig.node.program.namespaces import why_no_namespaces
from outrig_backendai.place.entering import host_path, inside, set_up
from outrig_backendai.place.record import Bind, Place
from outrig_backendai.place.work_user import work_user

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.plugins.backendai.place.conftest import Trial

    Sessions = Callable[[str, Sequence[str]], Trial]

PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user too")


def test_home_work_is_really_that_path_and_the_work_users_own(roomy: Trial) -> None:
    done = roomy.run('cd /; cd; pwd -P; echo "$HOME $USER"; whoami; hostname; echo new > made.txt')
    assert done.code == 0, done.err
    assert done.out.split() == ["/home/work", "/home/work", "work", "work", "main1"]
    assert (roomy.work / "home/made.txt").read_text() == "new\n"


def test_nothing_runs_as_root_and_nothing_becomes_root(roomy: Trial) -> None:
    done = roomy.run("id -u; id -G; grep -h -E 'CapEff|CapPrm|NoNewPrivs' /proc/self/status")
    uid, groups, *rest = done.out.splitlines()
    assert uid != "0"
    assert "0" not in groups.split()
    assert {line.split()[1] for line in rest} == {"0000000000000000", "1"}


def test_a_script_ends_as_it_would_anywhere_and_all_its_streams_pass(roomy: Trial) -> None:
    script = "echo 'a \"b\" $c'; echo wrong >&2; exit 7"
    done = roomy.run(script)
    assert (done.code, done.out, done.err) == (7, 'a "b" $c\n', "wrong\n")
    assert roomy.run("kill -KILL $$").code == 137
    assert roomy.run("kill -TERM $$").code == 143
    assert roomy.shell("echo typed | " + inside(Place(), "cat; cat")).out == "typed\n"


def test_the_python_inside_is_the_sessions_own_and_its_pip_installs_into_it(roomy: Trial) -> None:
    with zipfile.ZipFile(roomy.work / "home/tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "answer = 42\n")
        about = "tiny-1.0.dist-info/"
        wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(
            about + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        wheel.writestr(about + "RECORD", "")
    done = roomy.run(
        "which python pip; pip install -q --no-index ./tiny-1.0-py3-none-any.whl; "
        "python -c 'import sys, tiny; print(sys.prefix, tiny.__file__)'; "
        "python -m pip uninstall -yq tiny"
    )
    assert done.code == 0, done.err
    python, pip, prefix, module = done.out.split()
    assert (python, pip) == ("/home/work/.venv/bin/python", "/home/work/.venv/bin/pip")
    assert prefix == "/home/work/.venv"
    assert module.startswith("/home/work/.venv/lib/")


def test_what_is_others_is_not_seen_and_the_system_is_not_written(
    roomy: Trial, tmp_path: Path
) -> None:
    tmp_path.joinpath("secret").write_text("s")
    looks = f"ls {tmp_path} {roomy.work} /root /home; echo x > /etc/of-mine; echo x > /usr/of-mine"
    done = roomy.run(f"{looks}; ls -A /tmp; echo end")
    assert done.out.split() == ["/home:", "work", "/root:", "end"]
    assert not Path("/etc/of-mine").exists()
    assert not Path("/usr/of-mine").exists()


def test_runs_of_a_session_share_processes_and_files_of_tmp(roomy: Trial) -> None:
    first = roomy.run("setsid sleep 600 > /dev/null 2>&1 & echo $! > /tmp/pid; mkfifo /tmp/fifo")
    then = roomy.run("pid=$(cat /tmp/pid); cat /proc/$pid/comm; test -p /tmp/fifo && kill $pid")
    assert (first.code, then.code, then.out) == (0, 0, "sleep\n")


def test_nothing_inside_can_end_what_holds_the_session(roomy: Trial) -> None:
    roomy.run("kill -TERM 1; kill -KILL 1; kill -INT 1; kill -KILL -1")
    assert roomy.run("echo still there").out == "still there\n"
    assert roomy.holder()


def test_a_session_whose_holder_was_killed_still_runs_scripts(roomy: Trial) -> None:
    roomy.run("echo kept > file")
    subprocess.run(["kill", "-KILL", str(roomy.holder())], check=True)
    done = roomy.run("cat file; pwd; exit 3")
    assert (done.code, done.out) == (3, "kept\n/home/work\n")
    assert roomy.run("kill -KILL $$").code == 137


def test_a_script_ends_with_what_entered_for_it(roomy: Trial) -> None:
    text = inside(Place(), "echo $$ > pid; exec sleep 603")
    aside = f"({text}) & echo $! > {roomy.work}/entered; until [ -s home/pid ]; do sleep 0.05; done"
    assert roomy.shell(f"{aside}; kill -KILL $(cat entered); echo killed").out == "killed\n"
    waits = "for turn in $(seq 600); do kill -0 $(cat pid) || exit 0; sleep 0.05; done; exit 1"
    assert roomy.run(waits).code == 0


def test_the_end_of_what_holds_it_ends_all_that_was_left_running(roomy: Trial) -> None:
    roomy.run("setsid sleep 601 > /dev/null 2>&1 &")
    roomy.end()
    found = subprocess.run(["pgrep", "-f", "sleep 601"], capture_output=True, check=False)
    assert found.stdout == b""


def test_setting_up_again_keeps_holder_and_files(roomy: Trial) -> None:
    roomy.run("echo one > kept; pip --version > /dev/null")
    before = roomy.holder()
    again = roomy.of(roomy.place)
    assert (again.holder(), again.run("cat kept").out) == (before, "one\n")


def test_hosts_of_a_cluster_are_known_by_name(trial: Trial) -> None:
    place = Place(host="main1", hosts={"sub1": "127.0.0.2", "sub2": "127.0.0.3"})
    made = trial.of(place)
    if made.means() != "namespaces":
        pytest.skip("no namespaces here")
    done = made.run("getent hosts sub1 sub2 main1; hostname")
    assert [line.split()[0] for line in done.out.splitlines()] == [
        "127.0.0.2",
        "127.0.0.3",
        "127.0.0.1",
        "main1",
    ]


def test_only_what_programs_need_of_the_nodes_variables_is_passed_on(roomy: Trial) -> None:
    place = Place(environ={"MYCONFIG": "x y", "QUOTED": "'\"$\n"}, shmem_mib=17)
    made = type(roomy)(
        work=roomy.work, prefix=roomy.prefix, environ=(("AWS_SECRET_ACCESS_KEY", "s"),)
    ).of(place)
    done = made.run('env -0 | tr "\\0" "|"')
    assert "|MYCONFIG=x y|" in done.out
    assert "QUOTED='\"$\n|" in done.out
    assert "AWS" not in done.out


def test_variables_are_in_no_command_line_that_others_can_see(trial: Trial) -> None:
    made = trial.of(Place(environ={"PASSWORD": "very-secret-7f3a"}))
    seen = made.run("cat /proc/*/cmdline; echo; echo $PASSWORD").out.splitlines()
    assert seen[-1] == "very-secret-7f3a"
    assert not any("very-secret-7f3a" in line for line in seen[:-1])
    if made.holder():
        assert b"very-secret" not in Path(f"/proc/{made.holder()}/cmdline").read_bytes()


def test_shared_memory_is_as_large_as_was_asked_for(trial: Trial) -> None:
    made = trial.of(Place(shmem_mib=5))
    if made.means() != "namespaces":
        pytest.skip("no namespaces here")
    done = made.run("head -c 20M /dev/zero > /dev/shm/x; stat -c %s /dev/shm/x")
    assert int(done.out) == 5 << 20


def test_folders_are_mounted_and_read_only_ones_are_not_written(
    trial: Trial, tmp_path: Path
) -> None:
    for name in ("rw", "ro"):
        folder = trial.work.parents[3] / name
        folder.mkdir()
        (folder / "file").write_text(name)
        uid, gid = work_user() if not trial.prefix else (65534, 65534)
        for path in (folder, folder / "file"):
            os.chown(path, uid, gid)
    binds = (
        Bind(source=str(trial.work.parents[3] / "rw"), target="/home/work/data/deep er"),
        Bind(source=str(trial.work.parents[3] / "ro"), target="/home/work/ro", read_only=True),
    )
    made = trial.of(Place(mounts=binds))
    if made.means() != "namespaces":
        pytest.skip("no namespaces here")
    done = made.run('cat "data/deep er/file" ro/file; echo new > "data/deep er/n"; echo x > ro/n')
    assert done.out == "rwro"
    assert (trial.work.parents[3] / "rw/n").read_text() == "new\n"
    assert not (trial.work.parents[3] / "ro/n").exists()


@needs_root
def test_files_of_both_owners_can_be_changed_inside_and_removed_by_the_node(
    roomy: Trial, tmp_path: Path
) -> None:
    home = roomy.work / "home"
    (home / "sent").mkdir()
    (home / "sent/by-node").write_text("of root")
    outside = tmp_path / "outside"
    outside.write_text("not to be given away")
    (home / "link").symlink_to(outside)
    if roomy.prefix:
        subprocess.run(["chown", "-hR", "65534:65534", str(home)], check=True)
    done = roomy.run("echo more >> sent/by-node; mkdir -m 700 sent/closed; echo x > sent/closed/y")
    assert done.code == 0, done.err
    assert (home / "sent/by-node").read_text() == "of rootmore\n"
    assert outside.stat().st_uid == 0
    (home / "sent/closed/y").write_text("root again")
    assert roomy.run("echo z > sent/closed/y; cat sent/closed/y").out == "z\n"


@needs_root
def test_a_link_to_a_file_of_the_nodes_is_not_given_away(roomy: Trial) -> None:
    if roomy.prefix:
        pytest.skip("only root gives files away")
    secret = roomy.work.parents[3] / "secret"
    secret.write_text("s")
    os.link(secret, roomy.work / "home/hard")
    roomy.run("true")
    assert secret.stat().st_uid == 0


def test_two_sessions_never_see_each_other(sessions: Sessions, trial: Trial) -> None:
    mine = trial.of(Place())
    if mine.means() != "namespaces":
        pytest.skip("no namespaces here")
    other = sessions("other", trial.prefix).of(Place())
    mine.run("echo mine > mark; setsid sleep 602 > /dev/null 2>&1 & echo $! > pid; touch /tmp/t")
    looks = "ls -A /home/work /tmp; ps -eo comm=; ls -d /proc/*/root/home/work/mark"
    done = other.run(f"{looks}; ls -A {mine.work}")
    assert "bash" in done.out.split()
    assert {"mark", "sleep", "home", "t"}.isdisjoint(done.out.split())


def test_without_namespaces_the_path_is_mapped(
    sessions: Sessions, trial: Trial, forbidden: tuple[str, ...]
) -> None:
    made = sessions("open", (*trial.prefix, *forbidden)).of(
        Place(
            interpreter=PYTHON,
            environ={"DATA": "/home/work/data:/home/workers"},
        )
    )
    home = f"{made.work}/home"
    done = made.run("echo in > /home/work/file; cat /home/work/file; echo $HOME $DATA; id -u; pwd")
    assert made.means() == "directory"
    assert done.code == 0, done.err
    text, home_is, data, uid, where = done.out.split()
    assert (text, home_is, data, where) == ("in", home, f"{home}/data:/home/workers", home)
    assert uid != "0"
    assert made.run("pip --version").out.startswith("pip ")


def test_doctor_says_why_there_are_none(forbidden: tuple[str, ...]) -> None:
    asks = "import sys; sys.path[:0] = %r\nimport outrig.node.program.namespaces as there\n"
    words = [*forbidden, sys.executable, "-c", asks % sys.path + "print(there.check_namespaces())"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "unshare: Operation not permitted" in told
    assert "/home/work of bai sessions" in told


@needs_root
def test_without_namespaces_root_lets_the_work_user_pass_a_closed_directory_only(
    sessions: Sessions, forbidden: tuple[str, ...]
) -> None:
    made = sessions("closed", forbidden)
    closed = made.work.parents[3]
    closed.chmod(0o700)
    (closed / "secret").write_text("s")
    done = made.of(Place()).run(f"pwd; ls {closed}; echo end")
    assert done.out.split() == [f"{made.work}/home", "end"]
    assert closed.stat().st_mode & 0o007 == 0


def test_means_that_were_asked_for_and_do_not_work_are_refused(
    sessions: Sessions, trial: Trial, forbidden: tuple[str, ...]
) -> None:
    made = sessions("asked", (*trial.prefix, *forbidden))
    done = made.set_up(Place(means="namespaces"))
    assert done.code == 125
    assert done.err.startswith("backend.ai: namespaces does not work on this node: no namespaces")


def test_what_was_not_set_up_says_so(trial: Trial) -> None:
    trial.set_up(Place(means="nothing"))
    done = trial.run("true")
    assert (done.code, done.out) == (125, "")
    assert done.err == f"backend.ai: this session was not set up ({trial.work})\n"


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("", "home"),
        (".", "home"),
        ("a b/c", "home/a b/c"),
        ("/home/work", "home"),
        ("/home/work/./x/../y", "home/y"),
        ("…/ü", "home/…/ü"),
    ],
)
def test_a_path_of_the_session_is_found_on_the_node(path: str, there: str) -> None:
    assert host_path(Place(), path) == there


@pytest.mark.parametrize(
    "path", ["..", "../x", "/etc/passwd", "/home/worker", "/", "a/../../x", "a\0b", "/home/work/.."]
)
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="is outside /home/work"):
        host_path(Place(), path)


def test_a_path_in_a_mounted_folder_is_refused_with_what_to_do() -> None:
    place = Place(mounts=(Bind(source="/srv/x", target="/home/work/data"),))
    with pytest.raises(UsageError, match="mounted folder") as caught:
        host_path(place, "data/x")
    assert "vfolder" in str(caught.value.hint)


@pytest.mark.parametrize("target", ["/etc", "/home/work/../x", "/home/work", "data"])
def test_a_mount_elsewhere_is_refused(trial: Trial, target: str) -> None:
    done = trial.set_up(Place(mounts=(Bind(source="/usr", target=target),)))
    assert (done.code, done.err) == (
        125,
        f"backend.ai: mount {target}: it is not below /home/work\n",
    )


def test_a_mount_over_a_link_is_refused(roomy: Trial) -> None:
    roomy.run("ln -s /usr there")
    roomy.end()
    done = roomy.set_up(Place(mounts=(Bind(source="/opt", target="/home/work/there"),)))
    assert done.code == 125
    assert "mount /home/work/there leads over a symlink" in done.err


def test_a_mount_that_is_not_there_is_refused(trial: Trial) -> None:
    mounts = (Bind(source="/nowhere/at/all", target="/home/work/x"),)
    done = trial.set_up(Place(mounts=mounts))
    assert done.code == 125
    assert "/nowhere/at/all cannot be mounted: No such file or directory" in done.err


def test_a_script_may_be_long_and_of_any_letters(roomy: Trial) -> None:
    words = " ".join(f"wört-{number}" for number in range(8000))
    done = roomy.run(
        f"printf '%s ' {words} '\U0001f40d' > ü\\ file; wc -w < 'ü file'; tail -c 5 ü*"
    )
    assert done.out.split() == ["8001", "\U0001f40d"]


def test_two_that_set_a_session_up_at_once_hold_one_room(trial: Trial) -> None:
    trial.set_up(Place())
    trial.end()
    text = set_up(Place())
    both = trial.shell(f"({text}) & ({text}) & wait; echo over")
    assert both.out == "over\n"
    if not trial.prefix:
        assert (trial.means() == "namespaces") == (why_no_namespaces() == "")
    if not trial.holder():
        pytest.skip("no namespaces here")
    mark = f"OUTRIG_SESSION={trial.name}".encode()
    assert [pid for pid in pids() if mark in variables_of(pid)] == [trial.holder()]
    assert trial.run("echo in").out == "in\n"


def test_a_disk_without_space_is_said_in_one_line(trial: Trial) -> None:
    trial.set_up(Place())
    trial.end()
    done = trial.shell("ulimit -f 4; " + set_up(Place(environ={"LARGE": "x" * 9000})))
    assert done.code == 125
    assert done.err == f"backend.ai: {trial.work}/.place/place.json: File too large\n"
    assert trial.set_up(Place()).code == 0


def pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def variables_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
