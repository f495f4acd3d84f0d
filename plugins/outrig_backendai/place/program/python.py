"""The session's own environment of Python packages: a venv, made by hand as that takes no time.

Its pip is the one that comes with the interpreter, run from its wheel where that lies; what the
session installs, a newer pip too, goes into the venv.
"""

from __future__ import annotations

import json
import os

from outrig_backendai.place.program.record import Wrong, read_fields, texts, write_text

ASK = """
import json, os, sys
base = os.path.dirname(os.__file__)
wheels = [base + "/ensurepip/_bundled", "/usr/share/python-wheels"]
found = [os.path.join(one, name) for one in wheels if os.path.isdir(one)
         for name in sorted(os.listdir(one)) if name.startswith("pip-")]
print(json.dumps({"executable": os.path.realpath(sys.executable), "prefix": sys.base_prefix,
    "version": "%d.%d" % sys.version_info[:2], "full": "%d.%d.%d" % sys.version_info[:3],
    "pip": found[0] if found else ""}))
"""
PIP = """#!{python}
import sys
try:
    from pip._internal.cli.main import main
except ImportError:
    from pip._internal import main
sys.exit(main())
"""


def python_facts(interpreter: str, cache: str) -> dict[str, str]:
    """Return what an interpreter is; it is asked once, and what it said kept in a directory."""
    try:
        found = os.stat(interpreter)
    except OSError as error:
        raise Wrong("the interpreter %s is gone: %s" % (interpreter, error.strerror)) from None
    mark = "%s-%d-%d" % (os.path.basename(interpreter), found.st_ino, found.st_mtime_ns)
    kept = texts(read_fields("%s/%s.json" % (cache, mark)))
    if "executable" not in kept:
        kept = ask_python(interpreter)
        write_text("%s/%s.json" % (cache, mark), json.dumps(kept))
    return kept


def ask_python(interpreter: str) -> dict[str, str]:
    """Ask an interpreter what it is; raises `Wrong`."""
    import subprocess

    try:
        said = subprocess.run(
            [interpreter, "-IS", "-c", ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=True,
        ).stdout
        return texts(json.loads(said.decode("utf-8")))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Wrong("the interpreter %s does not work: %s" % (interpreter, error)) from None


def make_venv(home: str, seen_home: str, facts: dict[str, str]) -> None:
    """Make `.venv` in the session's directory, which is seen inside as `seen_home`."""
    venv = home + "/.venv"
    if os.path.exists(venv + "/pyvenv.cfg"):
        return
    version = facts["version"]
    packages = "%s/lib/python%s/site-packages" % (venv, version)
    os.makedirs(packages, exist_ok=True)
    os.makedirs(venv + "/bin", exist_ok=True)
    for name in ("python", "python3", "python" + version):
        if not os.path.lexists("%s/bin/%s" % (venv, name)):
            os.symlink(facts["executable"], "%s/bin/%s" % (venv, name))
    if facts["pip"]:
        write_text(packages + "/pip-of-python.pth", facts["pip"] + "\n")
        for name in ("pip", "pip3"):
            path = "%s/bin/%s" % (venv, name)
            write_text(path, PIP.format(python=seen_home + "/.venv/bin/python"))
            os.chmod(path, 0o755)  # noqa: S103 - a program
    copy_pip_configuration(venv)
    write_text(
        venv + "/pyvenv.cfg",
        "home = %s\ninclude-system-site-packages = false\nversion = %s\n"
        % (os.path.dirname(facts["executable"]), facts["full"]),
    )


def copy_pip_configuration(venv: str) -> None:
    """Take along where this user's pip looks for packages; that file is not seen inside."""
    home = os.path.expanduser("~")
    for path in (home + "/.config/pip/pip.conf", home + "/.pip/pip.conf"):
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="surrogateescape") as source:
                write_text(venv + "/pip.conf", source.read())
            return
