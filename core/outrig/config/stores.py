"""Stores by names of the user's own: `known_stores` in the configuration file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outrig.config.file import STORE_SECTION, ConfigFile, config_path, read_config
from outrig.errors import ConfigError, ConflictError, NotFoundError, UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlace:
    """Where a store is: its URL, and settings of its plugin that hold for this store alone.

    `name` is what the user calls it, `None` for a URL that was given as it is.
    """

    url: str
    name: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How messages call it."""
        return self.name or self.url


def is_name(text: str) -> bool:
    """Say whether a text is a store's name rather than a URL or a path."""
    return _NAME.fullmatch(text) is not None


def located(text: str) -> str:
    """Return a URL as it is, and the URL of a path; raises `UsageError` for nothing at all."""
    if not text.strip():
        raise UsageError("no store was named", hint="give a name, a URL or a path")
    return text if ":" in text else f"file://{os.path.abspath(Path(text).expanduser())}"  # noqa: PTH100 - takes `..` out and follows no link


def named_stores(config: ConfigFile | None = None) -> tuple[StorePlace, ...]:
    """Return the stores that have names, by name; raises `ConfigError` when one has no URL."""
    config = read_config() if config is None else config
    found = []
    for section, values in sorted(config.sections.items()):
        kind, _, name = section.partition(".")
        if kind != STORE_SECTION:
            continue
        url = values.get("url")
        if url is None or not isinstance(url.value, str):
            raise ConfigError(f"{config.path}: {section} needs a url")
        settings = {key: one.value for key, one in values.items() if key != "url"}
        found.append(StorePlace(name=name, url=url.value, settings=settings))
    return tuple(found)


def store_place(text: str, config: ConfigFile | None = None) -> StorePlace:
    """Return the store that a name, a URL or a path means; raises `NotFoundError`."""
    from outrig.project.problem import nearest, shown

    if not is_name(text):
        return StorePlace(url=located(text))
    known = named_stores(config)
    for one in known:
        if one.name == text:
            return one
    names = [one.name or "" for one in known]
    like = nearest(text, names)
    hint = f'did you mean "{like}"?' if like else f"stores: {', '.join(names) or 'none'}"
    raise NotFoundError(f"there is no store {shown(text)}", hint=f"{hint} (or give a URL)")


def add_store(place: StorePlace) -> None:
    """Write a named store into the configuration file; raises `ConflictError` for a taken name."""
    from outrig.config.edit import set_key
    from outrig.config.fields import plain_text
    from outrig.project.problem import shown

    name = place.name or ""
    if not is_name(name):
        raise UsageError(
            f"{shown(name)} cannot be a store's name", hint="letters, digits, - and _, at most 63"
        )
    if any(one.name == name for one in named_stores()):
        raise ConflictError(
            f"there is a store {shown(name)} already", hint=f"outrig store remove {name}"
        )
    section = f"{STORE_SECTION}.{name}"
    for key, value in {"url": place.url, **place.settings}.items():
        plain = value if isinstance(value, bool | int | float) else plain_text(value)
        set_key(config_path(), f"{section}.{key}", plain)


def remove_store(name: str) -> StorePlace:
    """Take a named store out of the configuration file; what is in the store stays."""
    from outrig.config.edit import unset_key
    from outrig.project.problem import shown

    place = store_place(name) if is_name(name) else StorePlace(url=name)
    if place.name is None:
        raise NotFoundError(f"there is no store {shown(name)}", hint="see: outrig store list")
    unset_key(config_path(), f"{STORE_SECTION}.{name}")
    return place
