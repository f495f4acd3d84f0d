"""The session's own environment of Python packages: a venv, made by hand as that takes no time."""

from __future__ import annotations

import json
import os
import subprocess

from outrig_backendai.place.program.record import Wrong

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
from pip._internal.cli.main import main
sys.exit(main())
"""


def ask_python(interpreter: str) -> dict[str, str]:
    """Ask an interpreter what it is; raises `Wrong`."""
    try:
        said = subprocess.run(
            [interpreter, "-IS", "-c", ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=True,
        ).stdout
        fields = json.loads(said.decode("utf-8"))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Wrong("the interpreter %s does not work: %s" % (interpreter, error)) from None
    return {str(name): str(value) for name, value in fields.items()}


def make_venv(home: str, seen_home: str, facts: dict[str, str]) -> None:
    """Make `.venv` in the session's directory, which is seen inside as `seen_home`."""
    venv = home + "/.venv"
    if os.path.exists(venv + "/pyvenv.cfg"):
        return
    version = facts["version"]
    packages = "%s/lib/python%s/site-packages" % (venv, version)
    os.makedirs(packages)
    os.makedirs(venv + "/bin")
    for name in ("python", "python3", "python" + version):
        os.symlink(facts["executable"], "%s/bin/%s" % (venv, name))
    if facts["pip"]:
        install_pip(facts["pip"], packages)
        for name in ("pip", "pip3"):
            path = "%s/bin/%s" % (venv, name)
            with open(path, "w") as target:
                target.write(PIP.format(python=seen_home + "/.venv/bin/python"))
            os.chmod(path, 0o755)  # noqa: S103 - a program
    with open(venv + "/pyvenv.cfg", "w") as target:
        target.write(
            "home = %s\ninclude-system-site-packages = false\nversion = %s\n"
            % (os.path.dirname(facts["executable"]), facts["full"])
        )
    copy_pip_configuration(venv)


def install_pip(wheel: str, packages: str) -> None:
    """Install pip from the wheel that comes with Python; it is pure Python, so unpacking does."""
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)


def copy_pip_configuration(venv: str) -> None:
    """Take along where this user's pip looks for packages; that file is not seen inside."""
    import shutil

    home = os.path.expanduser("~")
    for path in (home + "/.config/pip/pip.conf", home + "/.pip/pip.conf"):
        if os.path.isfile(path):
            shutil.copyfile(path, venv + "/pip.conf")
            return
