"""The reference of a plugin in Markdown, made from its declarations: settings and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outrig.config.fields import fields_of, plain_text
from outrig.errors import NotFoundError
from outrig.plugins.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outrig.manifest import Entry, Manifest
    from outrig.plugins.facade import Hooks
    from outrig.settings import Settings

_SETTINGS = "| key | variable | default | meaning |\n|---|---|---|---|\n"
_COMMANDS = "| command | meaning |\n|---|---|\n"


def entries_named(manifest: Manifest, name: str) -> tuple[Entry, ...]:
    """Return the plugins of a distribution, of a name, or the commands below a word.

    Raises `NotFoundError`.
    """
    plain = name.lower().replace("_", "-").replace(".", "-")
    found = tuple(
        one
        for one in manifest
        if one.distribution.lower().replace("_", "-").replace(".", "-") == plain
        or (one.words.partition(" ")[0] if one.group == "commands" else one.name) == name
    )
    if not found:
        raise NotFoundError(f"there is no plugin {name!r}", hint="see: outrig plugin list")
    return found


def reference_markdown(manifest: Manifest, hooks: Hooks, name: str) -> str:
    """Return the tables of a plugin's settings and commands; raises `PluginError`."""
    entries = entries_named(manifest, name)
    parts = list(_settings(entries, hooks))
    rows = [
        f"| `outrig {one.words}` | {one.summary} |\n"
        for one in sorted(entries, key=lambda one: one.words)
        if one.kind == "command" and not one.hidden
    ]
    if rows:
        parts.append("## Commands\n\n" + _COMMANDS + "".join(rows))
    return "\n".join(parts)


def _settings(entries: tuple[Entry, ...], hooks: Hooks) -> Iterator[str]:
    for one in entries:
        kind = next((kind for kind in Kind if kind.section == one.group), None)
        if kind is not None:
            table = settings_table(f"{one.group}.{one.name}", hooks.settings_type(kind, one.name))
            if table:
                yield f"## Settings\n\n{table}"


def settings_table(section: str, declared: type[Settings]) -> str:
    """Return the table of a section's settings (`providers.acme`), empty where it has none."""
    rows = []
    for one in fields_of(section, declared):
        default = "" if one.default in (None, (), "") else f"`{plain_text(one.default)}`"
        variables = ", ".join(f"`{name}`" for name in one.variables)
        unit = f" ({one.unit})" if one.unit else ""
        rows.append(f"| `{one.key}` | {variables} | {default} | {one.help}{unit} |\n")
    return _SETTINGS + "".join(rows) if rows else ""
