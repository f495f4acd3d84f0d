"""Writes docs/plugins/catalogue.md: installs each known plugin into an environment and checks it.

`python docs/catalogue.py`; `KNOWN` names what is to be installed, as pip is told.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/plugins/catalogue.md"
KNOWN = tuple(f"plugin-template/{kind}" for kind in ("provider", "store", "commands", "extension"))
"""Distributions beside Outrig's own: the templates, which are installed one after the other."""
HEAD = """\
# Known plugins

Each was installed and held to what Outrig asks of plugins (`outrig plugin check`) when this page
was written by `python docs/catalogue.py`. To have yours here, add it to that file.
"""
TABLE = "| name | kind | adds | settings | checked |\n|---|---|---|---|---|\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page())
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


def page() -> str:
    """Return the page, made anew."""
    text = f"{HEAD}\n## Outrig's own\n\n{TABLE}{_rows(sys.executable, 'outrig')}"
    with tempfile.TemporaryDirectory() as directory:
        python = _environment(Path(directory) / "venv")
        for one in KNOWN:
            _pip(
                python, "install", "--quiet", "--no-build-isolation", "--no-index", str(ROOT / one)
            )
            about = _ask(
                python, "plugin", "check", "acme-cloud", "--no-contract", "--output", "json"
            )
            summary = next(row["found"] for row in about if row["what"] == "metadata")
            text += f"\n## {one}\n\n{summary}.\n\n{TABLE}{_rows(python, 'acme-cloud')}"
            _pip(python, "uninstall", "--quiet", "--yes", "acme-cloud")
    return text


def _rows(python: str, distribution: str) -> str:
    listed = _ask(python, "plugin", "list", "--output", "json")
    checks = _ask(python, "plugin", "check", distribution, "--no-contract", "--output", "json")
    rows = ""
    for one in listed:
        if one["distribution"] != distribution:
            continue
        kind, name = one["kind"], one["name"]
        own = [
            row
            for row in checks
            if row["plugin"] == f"{kind} {name}"
            or (kind == "commands" and f"{row['plugin']} ".startswith(f"command {name} "))
        ]
        wrong = [row["what"] for row in own if row["status"] == "problem"]
        settings = next(
            (row["found"].split(",")[0] for row in own if row["what"] == "settings"), ""
        )
        verdict = f"problem: {', '.join(wrong)}" if wrong else "ok"
        rows += f"| `{name}` | {kind} | {one['adds']} | {settings} | {verdict} |\n"
    return rows


def _ask(python: str, *words: str) -> list[dict[str, str]]:
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [python, "-P", "-m", "outrig", *words],
            capture_output=True,
            text=True,
            cwd=home,
            env={**os.environ, "OUTRIG_HOME": home, "HOME": home},
            check=False,
        )
    if not done.stdout.startswith("["):
        raise SystemExit(f"{' '.join(words)}: {done.stderr}")
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


def _environment(place: Path) -> str:
    """Make a virtual environment that sees this Outrig, and return its Python."""
    venv.EnvBuilder(with_pip=True, symlinks=True).create(place)
    site = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    ours = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    Path(site, "ours.pth").write_text(ours)
    return str(place / "bin/python")


def _pip(python: str, *words: str) -> None:
    subprocess.run([python, "-m", "pip", *words], check=True)


if __name__ == "__main__":
    sys.exit(main())
