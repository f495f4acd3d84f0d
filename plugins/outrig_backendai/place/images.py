"""From the name of an image to what code runs in: a container image, or an interpreter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outrig.errors import NotFoundError
from outrig_backendai.directory.images import CONTAINER, INTERPRETER, Image, check_name

if TYPE_CHECKING:
    from collections.abc import Sequence

PYTHON = "python"
_PLAIN = frozenset(
    {"python", "lablup/python", "library/python", "stable/python", "community/python"}
)
_OF_PYTHON = re.compile(r"-?py(?:thon)?(\d)(\.?\d+)?")
_LIKE_PYTHON = (
    "python",
    "tensorflow",
    "pytorch",
    "torch",
    "jupyter",
    "keras",
    "ff",
    "conda",
    "rapids",
)
_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What a session's code runs in on its agent.

    `interpreter` is the path of a Python; else `engine` runs the container image `image`; with
    neither, programs are those of the node. `notice` says what is not as the image's name says.
    """

    label: str
    interpreter: str = ""
    engine: str = ""
    image: str = ""
    notice: str = ""


def resolve(text: str, images: Sequence[Image], *, strict: bool = False) -> Runtime:
    """Return what an image's name means where these images are.

    Raises `UsageError`, and `NotFoundError` with what there is: for a language that is not there,
    and with `strict` for anything but the very image or the very version of Python.
    """
    check_name(text)
    found = _container(text, images)
    if found is not None:
        return Runtime(label=found.reference, engine=found.program, image=found.reference)
    repository, _, tag = text.partition("@")[0].rpartition("/")[2].partition(":")
    pythons = sorted(
        (one for one in images if one.kind == INTERPRETER), key=lambda one: number(one.tag)
    )
    if not is_python(repository) or not pythons:
        raise _missing(text, images)
    wanted = python_version(repository, tag)
    fitting = [one for one in pythons if wanted is None or _fits(one.tag, wanted)]
    plain = text.partition("@")[0].partition(":")[0] in _PLAIN
    if strict and not (fitting and plain):
        raise _missing(text, images)
    chosen = (fitting or pythons)[-1]
    notice = _notice(text, repository, chosen, exact=bool(fitting), plain=plain)
    return Runtime(label=f"Python {chosen.tag}", interpreter=chosen.program, notice=notice)


def _notice(text: str, repository: str, chosen: Image, *, exact: bool, plain: bool) -> str:
    if plain and exact:
        return ""
    lacks = "" if plain else f", without the packages of {repository}"
    return f"image {text} is not here: Python {chosen.tag} takes its place{lacks}"


def is_python(repository: str) -> bool:
    """Tell whether an image's code is Python, by its name."""
    return any(part in _LIKE_PYTHON for part in repository.lower().split("-"))


def python_version(repository: str, tag: str) -> str | None:
    """Return the version of Python that an image's name asks for; `None` for any.

    `3.6-ubuntu18.04` asks for 3.6, `1.12-py36` too, and `3` for any 3.
    """
    named = _OF_PYTHON.search(tag.lower())
    if named:
        minor = (named[2] or "").lstrip(".")
        return f"{named[1]}.{minor}" if minor else named[1]
    if repository.lower() != PYTHON:
        return None
    match = re.match(r"(\d+)(?:\.(\d+))?(?=$|[^\d])", tag)
    if match is None:
        return None
    return f"{match[1]}.{match[2]}" if match[2] else match[1]


def number(version: str) -> tuple[int, ...]:
    """Return a version for comparing."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _fits(version: str, wanted: str) -> bool:
    return version == wanted or version.startswith(wanted + ".")


def _container(text: str, images: Sequence[Image]) -> Image | None:
    """Return the container image of that name; `latest` is meant where no tag is given."""
    name = text.partition("@")[0]
    if ":" not in name.rpartition("/")[2]:
        name += ":latest"
    for one in images:
        if one.kind == CONTAINER and name in (one.reference, one.short, f"{one.name}:{one.tag}"):
            return one
    return None


def _missing(text: str, images: Sequence[Image]) -> NotFoundError:
    names = list(dict.fromkeys(one.short for one in images))
    shown = ", ".join(names[:_SHOWN]) or "none"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return NotFoundError(
        f'there is no image "{text}" (there are: {shown}{more})',
        hint="look again: outrig bai admin rescan-images; another name: admin alias-image",
    )


def images_of(agent: str, found: dict[str, object]) -> list[Image]:
    """Return what a scan of an agent found, as images; what is not as it should be is left out."""
    pythons, listed = found.get("pythons"), found.get("images")
    engine = str(found.get("engine") or "")
    made = [
        Image(
            agent=agent,
            registry="local",
            name=PYTHON,
            tag=str(version),
            kind=INTERPRETER,
            program=str(path),
        )
        for version, path in (pythons if isinstance(pythons, dict) else {}).items()
    ]
    rows = listed if isinstance(listed, list) else []
    return made + [_listed(agent, engine, *map(str, row)) for row in rows if is_row(row)]


def _listed(agent: str, engine: str, reference: str, digest: str, size: str) -> Image:
    path, _, tag = reference.rpartition(":")
    registry, slash, name = path.partition("/")
    if not slash or not ({".", ":"} & set(registry) or registry == "localhost"):
        registry, name = "docker.io", path
    return Image(
        agent=agent,
        registry=registry,
        name=name,
        tag=tag,
        kind=CONTAINER,
        program=engine,
        digest=digest,
        size=size,
    )


def is_row(row: object) -> bool:
    """Tell whether an engine's image was told as it should be."""
    return isinstance(row, list) and len(row) == 3
