"""The commands on a cluster that is up, on two machines where `raylet` stands for Ray.

`ray submit`, `ray rsync-up`, `ray rsync-down`, `ray attach`, `ray dashboard`, `ray monitor`,
`ray status` and `ray exec`; `ray get-head-ip`, `ray get-worker-ips`, `ray list`, `ray stop` and
`ray down` are in `test_cluster_steps`.
"""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.plugins.ray.test_cluster_steps import RAYLET

if TYPE_CHECKING:
    from tests.plugins.ray.conftest import Clusters

LIMIT_S = 60


@pytest.fixture
def demo(pair: Clusters) -> str:
    """A cluster that is up."""
    pair("up", str(pair.write("demo", RAYLET))).checked()
    return "demo"


def test_a_script_is_submitted_with_its_arguments(pair: Clusters, demo: str) -> None:
    (pair.directory / "my job.py").write_text(
        "import os, sys\nprint(os.getcwd(), sys.argv[1:], flush=True)\nsys.exit(5)\n"
    )
    alias = "mkdir -p ~/bin; ln -sf $(command -v python3) ~/bin/python; PATH=~/bin:$PATH"
    pair.network.machines[0].run(f"echo '{alias}' > ~/.bashrc", as_user=True)
    done = pair("submit", demo, "my job.py", "--", "--lr", "0.1", "it's * here")
    assert (done.exit_code, done.err) == (5, "")
    assert done.out == """/home/ann ['--lr', '0.1', "it's * here"]\n"""
    without = pair("submit", demo, "my job.py", "a", "--stop-at", "3")
    assert without.out == "/home/ann ['a', '--stop-at', '3']\n"
    missing = pair("submit", demo, "nope.py")
    assert (missing.exit_code, "there is no script nope.py" in missing.err) == (125, True)


def test_files_go_up_and_come_down_as_with_rsync(pair: Clusters, demo: str) -> None:
    here = pair.directory / "täglich work"
    (here / "sub").mkdir(parents=True)
    (here / "a b.txt").write_text("one")
    (here / "sub/run.sh").write_text("echo two")
    (here / "sub/run.sh").chmod(0o755)
    (here / "link").symlink_to("a b.txt")
    pair("rsync-up", demo, "täglich work/", "~/inside", "-A").checked()
    pair("rsync-up", demo, "täglich work", "~/beside/").checked()
    pair("rsync-up", demo, "täglich work/a b.txt", "~/new name.txt").checked()
    head, worker = pair.network.machines
    for machine in (head, worker):
        assert machine.run("cat ~/inside/link; ~/inside/sub/run.sh", as_user=True) == "onetwo\n"
    assert head.run('cat ~/"new name.txt"; ls ~/beside', as_user=True) == "onetäglich work\n"
    pair("rsync-down", demo, "~/beside/täglich work", "back").checked()
    pair("rsync-down", demo, "~/inside/", "contents").checked()
    pair("rsync-down", demo, "~/new name.txt", "single.txt").checked()
    back = pair.directory / "back/täglich work"
    assert (back / "a b.txt").read_text() == "one"
    assert os.access(pair.directory / "contents/sub/run.sh", os.X_OK)
    assert (pair.directory / "single.txt").read_text() == "one"
    missing = pair("rsync-down", demo, "~/nope", "x")
    assert (missing.exit_code, "No such file" in missing.err) == (4, True)
    assert pair("rsync-up", demo, "nope", "~/x").exit_code == 4
    assert pair("rsync-up", demo, "back").exit_code == 2
    assert head.run("find ~/.local/share/outrig -path '*.ray/*'", as_user=True) == "", "tidy"


def test_mounts_are_copied_again_without_patterns_that_are_left_out(pair: Clusters) -> None:
    code = pair.directory / "code"
    (code / ".git").mkdir(parents=True)
    for name in ("a.py", "a.pyc", ".git/HEAD", ".gitignore", "data.bin"):
        (code / name).write_text("data.bin\n" if name == ".gitignore" else "x")
    text = 'file_mounts: {"~/code": code}\nrsync_exclude: ["*.pyc"]\nrsync_filter: [.gitignore]\n'
    file = pair.write("demo", RAYLET + text)
    pair("up", str(file)).checked()
    head, worker = pair.network.machines
    assert head.run("ls -A ~/code", as_user=True).split() == [".gitignore", "a.py"]
    (code / "a.py").write_text("new")
    done = pair("rsync-up", str(file)).checked()
    assert "1 mount copied" in done.err
    assert head.run("cat ~/code/a.py", as_user=True) == "new"
    assert worker.run("cat ~/code/a.py", as_user=True) == "x"
    pair("rsync-up", str(file), "--all-nodes").checked()
    assert worker.run("cat ~/code/a.py", as_user=True) == "new"


def test_files_of_the_head_are_passed_on_to_workers(pair: Clusters) -> None:
    make = "mkdir -p ~/of-head; echo a > ~/of-head/a\\ b; echo 1 > ~/one.txt"
    text = "cluster_synced_files: [~/of-head/, ~/one.txt, ~/not-there]\n"
    text += f"head_setup_commands: [{make}]\n"
    file = str(pair.write("demo", text + RAYLET))
    head, worker = pair.network.machines
    pair("up", file).checked()
    assert worker.run("cat ~/of-head/* ~/one.txt", as_user=True) == "a\n1\n"
    assert "nothing has changed" in pair("up", file).checked().err
    head.run("echo 22 > ~/one.txt; rm ~/of-head/*", as_user=True)
    assert "nothing has changed" not in pair("up", file).checked().err
    assert worker.run("cat ~/of-head/* ~/one.txt", as_user=True) == "a\n22\n", "none is removed"
    pair.write("demo", text.replace("~/not-there", "/etc/hostname") + RAYLET)
    refused = pair("up", file)
    assert (refused.exit_code, "10.77.0.2: cluster_synced_files were" in refused.err) == (7, True)


def test_a_shell_on_the_head_and_on_a_worker(pair: Clusters, demo: str) -> None:
    for words, name in ((), "first"), (("--node-ip", "10.77.0.2"), "second"):
        done = pair.command_line(
            "ray", "attach", demo, *words, input="hostname; exit 4\n", env=pair.variables
        )
        assert (done.exit_code, name in done.out) == (4, True), str(done)
    assert pair("attach", demo, "--node-ip", "10.0.0.1").exit_code == 125
    assert pair("attach", demo, "--tmux", "--screen").exit_code == 125


def test_the_dashboard_is_reached_here(pair: Clusters, demo: str) -> None:
    serve = "cd /tmp && echo hello > page && exec python3 -m http.server 8265"
    started = pair("exec", demo, f"({serve}) >/dev/null 2>&1 & sleep 0; wait", "--tmux").checked()
    assert started.out.strip()
    port = 18265 + os.getpid() % 1000
    running = pair.command_line.start("ray", "dashboard", demo, "-p", str(port), env=pair.variables)
    assert running.read_line() == f"http://localhost:{port}\n"
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/page", timeout=10) as answer:
                assert answer.read() == b"hello\n"
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    running.send(signal.SIGINT)
    assert running.wait().exit_code == 0


def test_the_monitors_log_is_followed_until_ctrl_c(pair: Clusters, demo: str) -> None:
    logs = "/tmp/ray/session_latest/logs"
    head = pair.network.machines[0]
    head.run(f"mkdir -p {logs}; seq 10 > {logs}/monitor.log", as_user=True)
    running = pair.command_line.start("ray", "monitor", demo, "--lines", "2", env=pair.variables)
    assert [running.read_line() for _ in range(2)] == ["9\n", "10\n"]
    head.run(f"echo 11 >> {logs}/monitor.log", as_user=True)
    assert running.read_line() == "11\n"
    running.send(signal.SIGINT)
    assert running.wait().exit_code == 0
    assert not any("tail -n" in line for line in head.processes())
    head.run("rm -r /tmp/ray", as_user=True)


def test_status_is_what_ray_says(pair: Clusters, demo: str) -> None:
    ray = 'mkdir -p ~/bin; printf "#!/bin/sh\\necho said \\"\\$@\\"; exit 6\\n" > ~/bin/ray'
    head = pair.network.machines[0]
    head.run(f"{ray}; chmod +x ~/bin/ray; echo 'PATH=~/bin:$PATH' > ~/.bashrc", as_user=True)
    done = pair("status", "--address", "10.77.0.1:6379")
    assert (done.exit_code, done.out) == (6, "said status --address 10.77.0.1:6379\n")


def test_ctrl_c_leaves_a_command_running_and_a_second_one_ends_it(
    pair: Clusters, demo: str
) -> None:
    head = pair.network.machines[0]
    running = pair.command_line.start(
        "ray", "exec", demo, "echo begun; exec sleep 1000", env=pair.variables
    )
    assert running.read_line() == "begun\n"
    running.send(signal.SIGINT)
    assert "it goes on" in running.read_error_line()
    running.send(signal.SIGINT)
    assert running.wait().exit_code == 143
    deadline = time.monotonic() + LIMIT_S
    while any("sleep 1000" in line for line in head.processes()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
