"""New plugin projects, copied from `plugin-template/` with other names."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.distributions import unfit
from outrig.errors import ConflictError, NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.manifest import Manifest

KINDS = ("provider", "store", "commands", "extension")
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*")
_SAMPLE = re.compile(r"acme_cloud|acme-cloud|ACME|Acme|acme")
_MADE = {"__pycache__", ".pytest_cache", ".venv", "dist"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlugin:
    """What is to be made: a distribution with one plugin of that kind and name."""

    distribution: str
    kind: str
    name: str

    @property
    def package(self) -> str:
        """The Python package."""
        return re.sub(r"[-.]", "_", self.distribution).lower()

    @property
    def words(self) -> dict[str, str]:
        """What stands for what in the template."""
        return {
            "acme_cloud": self.package,
            "acme-cloud": self.distribution,
            "ACME": self.name.replace("-", "_").upper(),
            "Acme": "".join(part.capitalize() for part in re.split(r"[-_]", self.name)),
            "acme": self.name,
        }


def new_plugin(distribution: str, kind: str, name: str | None, manifest: Manifest) -> NewPlugin:
    """Check names and return what is to be made; raises `UsageError`, `ConflictError`.

    Without `name` the plugin is called as the first word of its distribution, `outrig-` aside.
    """
    if not _DISTRIBUTION.fullmatch(distribution):
        raise UsageError(
            f"{distribution!r} is no name of a distribution",
            hint="letters, digits and dashes, as in acme-cloud",
        )
    own = name or re.split(r"[._-]", distribution.lower().removeprefix("outrig-"))[0]
    new = NewPlugin(distribution=distribution, kind=kind, name=own)
    taken = keyword.iskeyword(new.package) or new.package in {*sys.stdlib_module_names, "outrig"}
    if taken or not new.package.isidentifier():
        raise UsageError(
            f"{distribution!r} cannot be the name of a Python package", hint="take another name"
        )
    group = kind if kind == "commands" else f"{kind}s"
    reason = unfit(group, own, "package:name") or unfit("providers", own, "package:name")
    if reason or own[0].isdigit():
        raise UsageError(
            f"{own!r} is no name of a plugin: lower-case letters, digits and dashes",
            hint="give one: --name NAME",
        )
    there = manifest.table(group).get(own)
    if there is not None and there.distribution != distribution:
        raise ConflictError(
            f"{there.distribution} {there.version} has the {kind} name {own!r} already",
            hint="give another: --name NAME",
        )
    return new


def write_plugin(new: NewPlugin, directory: Path) -> tuple[Path, ...]:
    """Write the project into `directory`; returns its files, relative to it.

    Raises `ConflictError` when one of them is there, and writes nothing then.
    """
    source = template_directory() / new.kind
    files = {_renamed(path, new): source / path for path in _files(source)}
    for path in files:
        if (directory / path).exists() or (directory / path).is_symlink():
            raise ConflictError(
                f"{directory / path} is there already", hint="give another --directory"
            )
    for path, origin in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = _SAMPLE.sub(lambda found: new.words[found[0]], origin.read_text("utf-8"))
        target.write_text(text, "utf-8")
    return tuple(sorted(files))


def template_directory() -> Path:
    """Return where the templates are: inside of an installed Outrig, or beside a checkout's core.

    Raises `NotFoundError` when the installation is without them.
    """
    package = Path(__file__).resolve().parents[1]
    for place in (package / "plugin_template", package.parents[1] / "plugin-template"):
        if (place / "provider").is_dir():
            return place
    raise NotFoundError(
        f"the templates of plugins are not in {package}",
        hint="pip install --force-reinstall outrig",
    )


def _files(source: Path) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        below = path.relative_to(source)
        if path.is_file() and not _MADE.intersection(below.parts):
            yield below


def _renamed(path: Path, new: NewPlugin) -> Path:
    return Path(*(_SAMPLE.sub(lambda found: new.words[found[0]], part) for part in path.parts))
