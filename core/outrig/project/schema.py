"""The words in which the shape of a project file is declared (see `keys` for the declaration).

Validation, the JSON Schema and the reference page are all made from the same records.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextKind:
    """Text. `pattern` is a regular expression for the whole of it, `says` names it in errors.

    Any scalar is taken as the text that was typed; `numbers_too` says so in the JSON Schema.
    """

    says: str = "text"
    pattern: str | None = None
    may_be_empty: bool = False
    numbers_too: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeKind:
    """A whole number within bounds."""

    minimum: int
    maximum: int

    @property
    def says(self) -> str:
        """What errors call it."""
        return f"a whole number from {self.minimum} to {self.maximum}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagKind:
    """True or false."""

    says: str = "true or false"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceKind:
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def says(self) -> str:
        """What errors call it."""
        return f"one of {', '.join(self.words)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyKind:
    """Anything at all: settings whose shape only a plugin knows."""

    says: str = "any value"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKind:
    """A list of values of one kind."""

    item: Kind
    says: str = "a list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a mapping.

    `required` holds for every form, `required_by_ray` for Ray's own only; `outrig_only` keys are
    refused in those.
    """

    name: str
    kind: Kind
    help: str
    required: bool = False
    required_by_ray: bool = False
    outrig_only: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapKind:
    """A mapping with known keys; `others` is the kind of all other keys, `None` forbids them."""

    title: str
    keys: tuple[Key, ...]
    others: Kind | None = None
    says: str = "a mapping"

    def key(self, name: str) -> Key | None:
        """Return the key of that name."""
        return next((key for key in self.keys if key.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EitherKind:
    """One of several kinds that are told apart by their shape: scalar, list or mapping."""

    kinds: tuple[Kind, ...]

    @property
    def says(self) -> str:
        """What errors call it."""
        return " or ".join(kind.says for kind in self.kinds)


Kind = TextKind | WholeKind | FlagKind | ChoiceKind | AnyKind | ListKind | MapKind | EitherKind
