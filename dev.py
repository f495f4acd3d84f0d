#!/usr/bin/env python3
"""The one task runner: `python3 dev.py TASK`. Needs nothing but Python; makes `.venv` by itself.

Whatever is installed comes from where pip (or uv, when it is on PATH) is configured to look.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMP = VENV / "outrig-setup"
SANDBOX = ROOT / ".outrig" / "home"
NEWEST_FIRST = ("python3.14", "python3.13", "python3.12", "python3.11")
REBUILT = ("site", "build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")


class TaskError(Exception):
    """A task cannot go on; the message is one line and says what to do."""


def main(argv: list[str]) -> int:
    """Run the task that the first word names, with the other words as its arguments."""
    if not argv or argv[0] not in TASKS:
        names = "|".join(TASKS)
        print(f"usage: python3 dev.py {names}", file=sys.stderr)
        for name, task in TASKS.items():
            print(f"  {name:6}  {(task.__doc__ or '').splitlines()[0]}", file=sys.stderr)
        return 0 if argv and argv[0] in ("-h", "--help") else 2
    try:
        _find_python()
        return TASKS[argv[0]](argv[1:])
    except TaskError as failure:
        print(f"dev.py: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def hello(arguments: list[str]) -> int:
    """Set up, then run examples/hello from code to results."""
    _set_up("")
    example = ROOT / "examples" / "hello"
    environment = _environment({"OUTRIG_HOME": str(SANDBOX)})
    steps = (
        ["outrig", "session", "start", "train", *arguments, "--name", "hello"],
        ["cat", "results.json"],
        ["outrig", "session", "stop", "hello"],
    )
    for step in steps:
        print(f"$ {' '.join(step)}", flush=True)
        code = subprocess.run(step, cwd=example, env=environment).returncode
        if code:
            return code
    return 0


def test(arguments: list[str]) -> int:
    """Set up, then run the tests; arguments go to pytest."""
    _set_up("dev")
    workers = os.cpu_count() or 1
    spread = [] if arguments or workers == 1 else ["-n", str(min(workers, 8))]
    return _tool("pytest", *spread, *arguments)


def lint(arguments: list[str]) -> int:
    """Check the format, the style and who imports whom."""
    _set_up("dev")
    codes = [
        _tool("ruff", "format", "--check", "--quiet", "."),
        _tool("ruff", "check", "--quiet", *arguments, "."),
        _tool("lint-imports", "--no-cache"),
    ]
    return max(codes)


def types(arguments: list[str]) -> int:
    """Check the types."""
    _set_up("dev")
    return _tool(
        "mypy", *(arguments or ["core", "plugins", "tests", "benchmarks", "docs", "dev.py"])
    )


def docs(arguments: list[str]) -> int:
    """Build the site into site/."""
    _set_up("dev")
    return _tool("mkdocs", "build", "--strict", *arguments)


def bench(arguments: list[str]) -> int:
    """Measure, and write the tables of docs/performance.md."""
    _set_up("dev")
    return _python("benchmarks/run.py", *arguments)


def golden(arguments: list[str]) -> int:
    """Write the recorded help texts and the pages of docs/reference/ anew."""
    _set_up("dev")
    os.environ["OUTRIG_GOLDEN"] = "write"
    return _tool("pytest", "-q", "tests/cli/test_golden_help.py") or _python("docs/generate.py")


def check(arguments: list[str]) -> int:
    """Do all that CI does: lint, types, docs, then the tests."""
    failed = [task.__name__ for task in (lint, types, docs) if _timed(task)]
    if failed:
        print(f"failed before the tests: {', '.join(failed)}", file=sys.stderr, flush=True)
    return max(test(arguments), 1 if failed else 0)


SOAK = {"OUTRIG_FAULT_ROUNDS": "2000", "OUTRIG_OUTPUT_MIB": "1024", "OUTRIG_SWEEP_ROUNDS": "50"}
"""What makes the tests larger while soaking; a variable that is set already counts."""


def soak(arguments: list[str]) -> int:
    """Run the tests again and again for MINUTES (default 60), each time with another seed.

    Fault tests go through thousands of rounds, and outputs are as large as promised.
    """
    for name, value in SOAK.items():
        os.environ.setdefault(name, value)
    end = time.monotonic() + 60 * float(arguments[0] if arguments else 60)
    rounds = 0
    while time.monotonic() < end:
        rounds += 1
        seed = time.time_ns() % 2**32
        print(f"round {rounds}, seed {seed}", flush=True)
        words = ["-q", "-n", str(os.cpu_count() or 1), "--timeout=3600"]
        code = test([*words, f"--hypothesis-seed={seed}"])
        if code:
            return code
    return 0


def changelog(arguments: list[str]) -> int:
    """Join the fragments of changelog.d into CHANGELOG.md, as version VERSION."""
    if len(arguments) != 1:
        raise TaskError("name the version: python3 dev.py changelog 1.2.0")
    fragments = sorted(one for one in (ROOT / "changelog.d").glob("*.*.md"))
    text = f"## {arguments[0]} ({time.strftime('%Y-%m-%d', time.gmtime())})\n"
    for kind in ("added", "changed", "fixed", "removed", "security"):
        entries = [one.read_text().strip() for one in fragments if one.suffixes[-2] == f".{kind}"]
        if entries:
            text += f"\n### {kind.capitalize()}\n\n"
            text += "".join("- " + entry.replace("\n", "\n  ") + "\n" for entry in entries)
    file = ROOT / "CHANGELOG.md"
    head, mark, versions = file.read_text().partition("\n## ")
    file.write_text(f"{head.rstrip()}\n\n{text}{mark}{versions}")
    for one in fragments:
        one.unlink()
    return 0


def clean(arguments: list[str]) -> int:
    """Remove everything that the other tasks made."""
    for name in (*REBUILT, ".venv", ".outrig"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    return 0


TASKS: dict[str, Callable[[list[str]], int]] = {
    task.__name__: task
    for task in (hello, test, lint, types, docs, bench, check, golden, soak, changelog, clean)
}


def _find_python() -> None:
    """Go on under a newer Python when this one is too old; there must be one."""
    if sys.version_info >= (3, 11):
        return
    for name in NEWEST_FIRST:
        found = shutil.which(name)
        if found and subprocess.run([found, "-c", "pass"], capture_output=True).returncode == 0:
            os.execv(found, [found, *sys.argv])
    raise TaskError(
        f"Outrig needs Python 3.11 or newer and this is {sys.version.split()[0]}; "
        "install a newer one and run: python3.11 dev.py …"
    )


def _set_up(extra: str) -> None:
    """Install the project into `.venv`, unless that was done and nothing has changed since."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("pyproject.toml", "core/outrig/__init__.py"):
        digest.update((ROOT / name).read_bytes())
    wanted = digest.hexdigest()
    done = STAMP.read_text().split() if STAMP.is_file() else []
    if done[:1] == [wanted] and (extra in done[1:] or not extra):
        return
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    print(f"Setting up {VENV.name} …", file=sys.stderr, flush=True)
    uv = shutil.which("uv")
    if not (uv and _install_with_uv(uv, target)):
        _install_with_pip(target)
    STAMP.write_text(f"{wanted} {extra}\n")


def _install_with_uv(uv: str, target: str) -> bool:
    made = _quiet(uv, "venv", "--allow-existing", "--python", sys.executable, str(VENV))
    if made.returncode:
        return False
    done = _quiet(uv, "pip", "install", "--python", str(BIN / "python"), "--editable", target)
    return done.returncode == 0


def _install_with_pip(target: str) -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise TaskError(
            "this Python cannot make virtual environments; on Debian and Ubuntu run: "
            "apt-get install python3-venv (or put uv on PATH)"
        )
    made = _quiet(sys.executable, "-m", "venv", "--clear", str(VENV))
    if made.returncode:
        raise TaskError(f"making {VENV} failed: {_last_line(made)}")
    installed = _quiet(str(BIN / "python"), "-m", "pip", "install", "--editable", target)
    if installed.returncode:
        raise TaskError(
            f"installing failed; is the package index that pip uses within reach? "
            f"{_last_line(installed)}"
        )


def _quiet(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["no output"])[-1].strip()


def _tool(name: str, *arguments: str) -> int:
    return subprocess.run([str(BIN / name), *arguments], cwd=ROOT, env=_environment({})).returncode


def _python(*arguments: str) -> int:
    return _tool("python", *arguments)


def _environment(more: dict[str, str]) -> dict[str, str]:
    """Return the environment of a tool: ours first on PATH, and compiled files kept in `.venv`.

    Where PYTHONDONTWRITEBYTECODE is set, as in many containers, each start of `outrig` would
    compile all it imports again, which takes longer than all the rest.
    """
    kept = {name: one for name, one in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ours = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPYCACHEPREFIX": str(VENV / "pycache"),
    }
    return {**kept, **ours, **more}


def _timed(task: Callable[[list[str]], int]) -> int:
    print(f"== {task.__name__}", flush=True)
    start = time.monotonic()
    code = task([])
    state = "failed" if code else "ok"
    print(f"== {task.__name__}: {state} after {time.monotonic() - start:.0f} s", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
