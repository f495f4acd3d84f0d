"""Typed access to a mapping of a project file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.project.document import YamlList, YamlMap, YamlScalar
from outrig.project.scalars import as_flag, as_whole

if TYPE_CHECKING:
    from outrig.project.document import YamlNode


class Section:
    """A mapping whose values are asked for by type; one of another type counts as not there.

    So the same questions serve a file that is right and one whose faults are being collected.
    """

    def __init__(self, node: YamlNode | None, path: str = "") -> None:
        self.node = node if isinstance(node, YamlMap) else None
        self.path = path

    def get(self, name: str) -> YamlNode | None:
        """Return a key's node."""
        return None if self.node is None else self.node.get(name)

    def at(self, name: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{name}" if self.path else name

    def scalar(self, name: str) -> YamlScalar | None:
        """Return a key's value where it is a scalar."""
        value = self.get(name)
        return value if isinstance(value, YamlScalar) else None

    def text(self, name: str) -> str | None:
        """Return a text."""
        value = self.scalar(name)
        return None if value is None else value.text

    def flag(self, name: str) -> bool:
        """Return true or false; false where it is not there."""
        value = self.text(name)
        return bool(value is not None and as_flag(value))

    def whole(self, name: str) -> int | None:
        """Return a whole number."""
        value = self.text(name)
        return None if value is None else as_whole(value)

    def section(self, name: str) -> Section:
        """Return a mapping below this one, empty where it is not there."""
        return Section(self.get(name), self.at(name))

    def sections(self, name: str) -> tuple[Section, ...]:
        """Return the mappings in a list."""
        value = self.get(name)
        items = value.items if isinstance(value, YamlList) else ()
        return tuple(
            Section(item, f"{self.at(name)}[{number}]") for number, item in enumerate(items)
        )

    def scalars(self, name: str) -> tuple[YamlScalar, ...]:
        """Return the scalars in a list; a lone scalar is a list of one."""
        value = self.get(name)
        if isinstance(value, YamlScalar):
            return (value,)
        items = value.items if isinstance(value, YamlList) else ()
        return tuple(item for item in items if isinstance(item, YamlScalar))
