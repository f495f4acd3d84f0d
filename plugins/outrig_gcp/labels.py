"""The labels that everything made for a session carries, and names that say the same."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from outrig.api import NAME_TAG, SESSION_TAG

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 63


def label(text: str) -> str:
    """Return text as a label's value: small letters, digits, `_` and `-`."""
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:LONGEST]


def labels(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as labels; keys begin with a letter."""
    return {
        label(key if key[:1].isalpha() else f"l-{key}"): label(value) for key, value in tags.items()
    }


def session_of(found: Mapping[str, str]) -> str:
    """Return the session's id that labels tell; ids are written in capitals."""
    return found.get(SESSION_TAG, "").upper()


def named(tags: Mapping[str, str]) -> str:
    """Return the beginning of names of what is made for a session."""
    slug = re.sub(r"[^a-z0-9]+", "-", tags.get(NAME_TAG, "").lower())[:20].strip("-")
    return f"outrig-{slug}" if slug else "outrig"


def description(tags: Mapping[str, str]) -> str:
    """Return tags as a description: firewall rules have no labels."""
    return json.dumps(labels(tags), sort_keys=True)


def described(found: Any) -> dict[str, str]:
    """Return the labels in a description, empty where it is none of ours."""
    try:
        known = json.loads(str(found.get("description", "")))
    except ValueError:
        return {}
    return {str(key): str(one) for key, one in known.items()} if isinstance(known, dict) else {}
