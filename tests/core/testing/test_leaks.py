from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

CONFTEST = """
import os
from pathlib import Path
import pytest
from outrig.testing.leaks import no_leaks

@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path_factory):
    with no_leaks(tmp_path_factory.getbasetemp(), wait_s=0.1):
        yield
"""


def outcome(pytester: pytest.Pytester, body: str) -> str:
    """Run a test of its own in a process of its own, and return what pytest printed."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(body)
    return pytester.runpytest_subprocess("-p", "no:cacheprovider").stdout.str()


def ended(pid: int) -> bool:
    """Tell whether a process is gone, or only its parent has not asked for its exit code yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except FileNotFoundError:
        return True


def test_a_clean_test_passes(pytester: pytest.Pytester) -> None:
    body = "def test_it(tmp_path):\n    (tmp_path / 'x').write_text('x')\n"
    assert "1 passed" in outcome(pytester, body)


def test_a_process_is_a_leak_and_is_ended(pytester: pytest.Pytester, tmp_path: Path) -> None:
    text = outcome(
        pytester,
        f"""
        import subprocess
        def test_it(tmp_path):
            process = subprocess.Popen(["sleep", "1000"], cwd=tmp_path, start_new_session=True)
            with open({str(tmp_path / "pid")!r}, "w") as file:
                file.write(str(process.pid))
            process.returncode = 0
        """,
    )
    assert "sleep 1000" in text
    assert "1 error" in text
    assert ended(int((tmp_path / "pid").read_text()))


def test_a_variable_is_a_leak(pytester: pytest.Pytester) -> None:
    text = outcome(pytester, "import os\ndef test_it():\n    os.environ['LEFT'] = '1'\n")
    assert "the test left behind: variable LEFT" in text


@pytest.mark.parametrize("place", [".config/outrig", ".local/state/outrig", ".ray-snapshots"])
def test_a_file_in_the_real_home_is_a_leak(pytester: pytest.Pytester, place: str) -> None:
    text = outcome(
        pytester,
        f"""
        from pathlib import Path
        def test_it():
            (Path.home() / {place!r}).mkdir(parents=True)
        """,
    )
    assert f"{place}" in text
    assert "1 error" in text


def test_a_file_in_the_current_directory_is_a_leak(pytester: pytest.Pytester) -> None:
    text = outcome(pytester, "def test_it():\n    open('left', 'w').close()\n")
    assert "file " in text
    assert "1 error" in text


def test_a_changed_directory_is_a_leak(pytester: pytest.Pytester) -> None:
    text = outcome(pytester, "import os\ndef test_it():\n    os.chdir('/')\n")
    assert "current directory /" in text


def test_a_mount_is_a_leak(pytester: pytest.Pytester) -> None:
    text = outcome(
        pytester,
        """
        import subprocess
        def test_it(tmp_path):
            (tmp_path / "there").mkdir()
            there = str(tmp_path / "there")
            done = subprocess.run(["mount", "-t", "tmpfs", "none", there], capture_output=True)
            (tmp_path.parent / "mounted").write_text(there if done.returncode == 0 else "")
        """,
    )
    (note,) = pytester.path.rglob("mounted")
    if not note.read_text():
        pytest.skip("this user may not mount")
    subprocess.run(["umount", note.read_text()], check=True)
    assert "the test left behind: mount " in text
