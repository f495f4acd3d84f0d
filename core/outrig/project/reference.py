"""The project file's reference page and JSON Schema, made from the declaration of its keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outrig.project.keys import COMPUTE, PROJECT
from outrig.project.schema import (
    AnyKind,
    ChoiceKind,
    EitherKind,
    FlagKind,
    ListKind,
    MapKind,
    TextKind,
    WholeKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from outrig.project.schema import Key, Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_INTRODUCTION = """\
# Project file

A project is a directory with a project file: `outrig.yaml`, or one of a Ray project,
`.rayproject/project.yaml` (Ray 0.7, and the `any` client) or `ray-project/project.yaml` (Ray 0.8).
Where there are several the first of these counts. Commands find it from any directory below.
Paths in it are relative to the project's root.

Text is taken as it is typed: `no`, `1e3`, `010` and `2019-09-08` stay what they look like.
`outrig project validate` checks the file, `outrig project schema` prints its JSON Schema.
"""

_VALUES = """\
## How values reach the shell

A value takes the place of `{{name}}` (blanks inside the braces do not matter) so that it arrives as
it was typed, whatever it holds: outside quotes, inside `'…'` or `"…"`, in a comment, and in a
here-document, which it cannot end. Inside backquotes, `$((…))`, `${…}` and `$'…'`, where no quoting
is right in every shell, only letters, digits and `_ . / : = @ % + , -` are let in, and all else is
an error before anything runs. `{{name|raw}}` is the bare value, for words that the shell is to
split. `\\{{name}}` stays `{{name}}`, as does what is not a name: `{{.Names}}`.

A shell within the shell reads its text again, so `bash -c "echo {{x}}"` is as unsafe as without
Outrig. Hand the value over as an argument: `bash -c 'echo "$1"' - {{x}}`.

In files of Ray 0.7 `{{num_gpus}}` also means a parameter `num-gpus`.
"""


def json_schema(settings: Mapping[str, Mapping[str, object]] | None = None) -> str:
    """Return the JSON Schema (draft 2020-12) of `outrig.yaml`, as text.

    `settings` holds, by provider, the schemas of what its section `compute` may say besides.
    """
    definitions: dict[str, object] = {}
    body = _mapping(PROJECT, definitions)
    compute = definitions[_anchor(COMPUTE)]
    if settings and isinstance(compute, dict):
        compute["properties"]["provider"]["examples"] = sorted(settings)
        compute["allOf"] = [
            {
                "if": {"properties": {"provider": {"const": name}}, "required": ["provider"]},
                "then": {"properties": dict(fields)},
            }
            for name, fields in sorted(settings.items())
            if fields
        ]
    schema = {"$schema": DIALECT, **body, "$defs": definitions}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def reference_markdown() -> str:
    """Return the reference page: one table of keys for every mapping of a project file."""
    parts = [_INTRODUCTION]
    for kind in _mappings(PROJECT, set()):
        rows = "".join(_row(key) for key in kind.keys)
        head = "| key | value | default | meaning |\n|---|---|---|---|\n"
        parts.append(f"## {kind.title}\n\n{head}{rows}{_others(kind)}")
    return "\n".join([*parts, _VALUES])


def _schema(kind: Kind, definitions: dict[str, object]) -> dict[str, object]:
    match kind:
        case TextKind():
            return _text(kind)
        case WholeKind():
            return {"type": "integer", "minimum": kind.minimum, "maximum": kind.maximum}
        case FlagKind():
            return {"type": "boolean"}
        case ChoiceKind():
            return {"enum": list(kind.words)}
        case AnyKind():
            return {}
        case ListKind():
            return {"type": "array", "items": _schema(kind.item, definitions)}
        case EitherKind():
            return {"anyOf": [_schema(one, definitions) for one in kind.kinds]}
        case MapKind():
            if _anchor(kind) not in definitions:
                definitions[_anchor(kind)] = {}
                definitions[_anchor(kind)] = _mapping(kind, definitions)
            return {"$ref": f"#/$defs/{_anchor(kind)}"}


def _text(kind: TextKind) -> dict[str, object]:
    types = ["string", "number", "boolean"] if kind.numbers_too else "string"
    schema: dict[str, object] = {"type": types}
    if not kind.may_be_empty:
        schema["minLength"] = 1
    if kind.pattern is not None:
        schema["pattern"] = f"^{kind.pattern}$"
    return schema


def _mapping(kind: MapKind, definitions: dict[str, object]) -> dict[str, object]:
    properties = {
        key.name: {"description": key.help, **_schema(key.kind, definitions)} for key in kind.keys
    }
    others = False if kind.others is None else _schema(kind.others, definitions)
    schema: dict[str, object] = {
        "title": kind.title,
        "type": "object",
        "properties": properties,
        "additionalProperties": others,
    }
    required = [key.name for key in kind.keys if key.required]
    if required:
        schema["required"] = required
    return schema


def _anchor(kind: MapKind) -> str:
    return kind.title.lower().replace(" ", "-")


def _mappings(kind: Kind, seen: set[str]) -> Iterator[MapKind]:
    """Yield every mapping reachable from `kind`, outermost first, each once."""
    if isinstance(kind, MapKind) and kind.title not in seen:
        seen.add(kind.title)
        yield kind
        for key in kind.keys:
            yield from _mappings(key.kind, seen)
    elif isinstance(kind, ListKind):
        yield from _mappings(kind.item, seen)
    elif isinstance(kind, EitherKind):
        for one in kind.kinds:
            yield from _mappings(one, seen)


def _row(key: Key) -> str:
    notes = []
    if key.required:
        notes.append("**Required.**")
    elif key.required_by_ray:
        notes.append("Required in Ray's own forms.")
    if key.outrig_only:
        notes.append("Only in `outrig.yaml`.")
    meaning = " ".join([key.help, *notes]).replace("|", "\\|")
    default = f"`{key.default}`" if key.default else ""
    return f"| `{key.name}` | {_shape(key.kind)} | {default} | {meaning} |\n"


def _shape(kind: Kind) -> str:
    if isinstance(kind, MapKind):
        return f"a mapping, see [{kind.title}](#{_anchor(kind)})"
    if isinstance(kind, ListKind) and isinstance(kind.item, MapKind):
        return f"a list, each: [{kind.item.title}](#{_anchor(kind.item)})"
    if isinstance(kind, EitherKind):
        return " or ".join(_shape(one) for one in kind.kinds)
    if isinstance(kind, ChoiceKind):
        return ", ".join(f"`{word}`" for word in kind.words)
    return kind.says


def _others(kind: MapKind) -> str:
    return "" if kind.others is None else "\nAny other key is a setting of the provider.\n"
