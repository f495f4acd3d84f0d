"""A template's text, read and checked. Every value is text, as it was typed."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from outrig.api import YamlList, YamlMap, YamlScalar, parse_yaml
from outrig.errors import ConfigError, UsageError
from outrig_backendai.templates.template import GitSource, Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outrig.api import YamlNode

_KINDS = ("taskTemplate", "task_template")
_TYPES = ("interactive", "batch")
_VERSION = ("api_version", "apiVersion")
_TYPE = ("type", "sessionType", "session_type")
_GROUP = ("scaling_group", "scalingGroup")
_AGENTS = ("agent_list", "agentList")
_STARTUP = ("startup_command", "startupCommand", "startup", "stratup")
_DESTINATION = ("destination_dir", "destinationDir")


def read_template(data: bytes, file: str) -> tuple[Template, dict[str, object]]:
    """Return what a YAML or JSON text says, and the text as a mapping.

    Raises `ConfigError`, a line for each fault, with its place.
    """
    root = _parsed(data, file)
    if not isinstance(root, YamlMap):
        raise ConfigError(f"{file}:1: expected keys with values, as in `kind: taskTemplate`")
    reader = _Reader(file)
    template = reader.template(root)
    if reader.problems or template is None:
        raise ConfigError("\n".join(reader.problems))
    plain = _plain(root)
    return template, plain if isinstance(plain, dict) else {}


def _parsed(data: bytes, file: str) -> YamlNode | None:
    with suppress(ValueError):  # what is JSON and no YAML is rare: "\/", tabs
        data = json.dumps(json.loads(data), indent=1).encode() if data[:1] == b"{" else data
    return parse_yaml(data, file).root


class _Reader:
    """Collects faults; what is wrong reads as not there."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[str] = []

    def template(self, root: YamlMap) -> Template | None:
        """Read all of it."""
        self.text(root, "", _VERSION, needed=True)
        kind = self.text(root, "", ("kind",), needed=True)
        if kind and kind not in _KINDS:
            self.problem(root.get("kind") or root, f"kind: expected {_KINDS[0]}, not {kind!r}")
        about = self.map(root, "", "metadata", ("name", "tag"), needed=True)
        known: tuple[str, ...] = (*_TYPE, "kernel", "mounts", "resources", *_GROUP, *_AGENTS)
        spec = self.map(root, "", "spec", known, needed=True)
        known = ("image", "environ", "run", "git", "architecture")
        kernel = self.map(spec, "spec", "kernel", known, needed=True)
        run = self.map(kernel, "spec.kernel", "run", ("bootstrap", *_STARTUP))
        name = self.text(about, "metadata", ("name",), needed=True)
        image = self.text(kernel, "spec.kernel", ("image",), needed=True)
        made = Template(
            name=name,
            image=image,
            tag=self.text(about, "metadata", ("tag",)) or None,
            type=self.type(spec),
            environ=self.texts(kernel, "spec.kernel", "environ"),
            bootstrap=self.text(run, "spec.kernel.run", ("bootstrap",)),
            startup_command=self.text(run, "spec.kernel.run", _STARTUP),
            git=self.git(kernel),
            mounts=self.mounts(spec),
            resources=self.resources(spec),
            scaling_group=self.text(spec, "spec", _GROUP) or None,
            agents=self.words(spec, _AGENTS),
            architecture=self.text(kernel, "spec.kernel", ("architecture",)),
        )
        return made if name and image else None

    def type(self, spec: YamlMap | None) -> str:
        """Read the session's type."""
        found = self.text(spec, "spec", _TYPE) or _TYPES[0]
        if found not in _TYPES and spec is not None:
            self.problem(spec, f"spec.type: expected {' or '.join(_TYPES)}, not {found!r}")
        return found

    def git(self, kernel: YamlMap | None) -> GitSource | None:
        """Read the repository, if one is named."""
        known = ("repository", "branch", "commit", "credential", *_DESTINATION)
        path = "spec.kernel.git"
        git = self.map(kernel, "spec.kernel", "git", known)
        if git is None:
            return None
        credential = self.map(git, path, "credential", ("username", "password"))
        return GitSource(
            repository=self.text(git, path, ("repository",), needed=True),
            branch=self.text(git, path, ("branch",)),
            commit=self.text(git, path, ("commit",)),
            destination=self.text(git, path, _DESTINATION),
            username=self.text(credential, f"{path}.credential", ("username",)),
            password=self.text(credential, f"{path}.credential", ("password",)),
        )

    def mounts(self, spec: YamlMap | None) -> dict[str, str]:
        """Read mounts: paths by folder, or a list of folders."""
        found = None if spec is None else spec.get("mounts")
        if isinstance(found, YamlList):
            return {one.text: "" for one in found.items if isinstance(one, YamlScalar)}
        return self.texts(spec, "spec", "mounts")

    def resources(self, spec: YamlMap | None) -> dict[str, str]:
        """Read resources, which have to be slots."""
        from outrig_backendai.slots import slots_from

        found = self.texts(spec, "spec", "resources")
        try:
            slots_from(found)
        except UsageError as err:
            node = None if spec is None else spec.get("resources")
            if node is not None:
                self.problem(node, f"spec.resources: {err}")
        return found

    def words(self, owner: YamlMap | None, names: Sequence[str]) -> tuple[str, ...]:
        """Read a list of words, or words with commas between."""
        for name in names:
            found = None if owner is None else owner.get(name)
            if isinstance(found, YamlList):
                return tuple(one.text for one in found.items if isinstance(one, YamlScalar))
            if isinstance(found, YamlScalar):
                return tuple(one.strip() for one in found.text.split(",") if one.strip())
        return ()

    def map(
        self,
        owner: YamlMap | None,
        path: str,
        name: str,
        known: Sequence[str],
        *,
        needed: bool = False,
    ) -> YamlMap | None:
        """Return a mapping, all of whose keys are known."""
        found = None if owner is None else owner.get(name)
        whole = f"{path}.{name}" if path else name
        if found is None:
            if needed and owner is not None:
                self.problem(owner, f"{whole} is missing")
            return None
        if not isinstance(found, YamlMap):
            self.problem(found, f"{whole}: expected keys with values")
            return None
        for key, _ in found.pairs:
            if key.text not in known:
                self.problem(key, f"{whole}: unknown key {key.text!r} ({', '.join(known)})")
        return found

    def text(
        self, owner: YamlMap | None, path: str, names: Sequence[str], *, needed: bool = False
    ) -> str:
        """Return the text of the first of some keys, empty where there is none."""
        if owner is None:
            return ""
        for name in names:
            found = owner.get(name)
            if isinstance(found, YamlScalar):
                return found.text
            if found is not None:
                self.problem(found, f"{path}.{name}: expected a text".lstrip("."))
                return ""
        if needed:
            self.problem(owner, f"{path}.{names[0]} is missing".lstrip("."))
        return ""

    def texts(self, owner: YamlMap | None, path: str, name: str) -> dict[str, str]:
        """Return a mapping of texts; nothing counts as an empty one."""
        found = None if owner is None else owner.get(name)
        if found is None:
            return {}
        if not isinstance(found, YamlMap):
            self.problem(found, f"{path}.{name}: expected names with values")
            return {}
        texts = {}
        for key, value in found.pairs:
            if isinstance(value, YamlScalar):
                texts[key.text] = "" if value.empty else value.text
            else:
                self.problem(value, f"{path}.{name}.{key.text}: expected a text")
        return texts

    def problem(self, node: YamlNode, message: str) -> None:
        """Note a fault at its place."""
        self.problems.append(f"{self._file}:{node.line}:{node.column}: {message}")


def _plain(node: YamlNode) -> object:
    """Return a node as texts in lists and mappings; null is nothing."""
    if isinstance(node, YamlMap):
        return {key.text: _plain(value) for key, value in node.pairs}
    if isinstance(node, YamlList):
        return [_plain(one) for one in node.items]
    return None if node.empty else node.text
