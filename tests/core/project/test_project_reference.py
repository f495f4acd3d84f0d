from __future__ import annotations

import json
from typing import TYPE_CHECKING

from outrig.project.keys import PROJECT
from outrig.project.reference import json_schema, reference_markdown
from outrig.project.schema import EitherKind, Kind, ListKind, MapKind

if TYPE_CHECKING:
    from collections.abc import Iterator


def keys_of(kind: Kind) -> Iterator[str]:
    if isinstance(kind, MapKind):
        for key in kind.keys:
            yield key.name
            yield from keys_of(key.kind)
    elif isinstance(kind, ListKind):
        yield from keys_of(kind.item)
    elif isinstance(kind, EitherKind):
        for one in kind.kinds:
            yield from keys_of(one)


def test_every_key_is_on_the_page_and_in_the_schema() -> None:
    page, schema = reference_markdown(), json_schema()
    for key in keys_of(PROJECT):
        assert f"| `{key}` |" in page
        assert f'"{key}": {{' in schema


def test_the_schema_is_whole() -> None:
    schema = json.loads(json_schema())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["name"]
    assert schema["additionalProperties"] is False
    references = {text.split('"')[0] for text in json_schema().split('"$ref": "#/$defs/')[1:]}
    assert references == set(schema["$defs"])
    assert schema["$defs"]["compute"]["additionalProperties"] == {}


def test_links_on_the_page_lead_to_its_headings() -> None:
    page = reference_markdown()
    headings = {
        line[3:].lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")
    }
    links = {part.split(")")[0] for part in page.split("](#")[1:]}
    assert links
    assert links <= headings
