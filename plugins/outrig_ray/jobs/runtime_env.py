"""The environment of a job: what is local in it is read and uploaded, as Ray's client does."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from outrig.errors import UsageError
from outrig_ray.jobs.address import json_object
from outrig_ray.jobs.package import upload_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from outrig.api import Outrig
    from outrig_ray.jobs.client import Jobs
    from outrig_ray.jobs.package import Packed

LISTS = ("pip", "uv")
_MIB = 1024 * 1024


def read_runtime_env(
    file: str | None, text: str | None, working_dir: str | None
) -> dict[str, object]:
    """Put together `--runtime-env`, `--runtime-env-json` and `--working-dir`.

    Raises `UsageError`.
    """
    if file is not None and text is not None:
        raise UsageError("--runtime-env and --runtime-env-json exclude each other")
    found = _from_file(file) if file is not None else json_object("runtime-env-json", text)
    base = Path(file).expanduser().parent if file is not None else Path()
    for name in LISTS:
        if isinstance(found.get(name), str):
            found[name] = _lines(base / str(found[name]), name)
    if isinstance(found.get("conda"), str) and str(found["conda"]).endswith((".yml", ".yaml")):
        found["conda"] = _yaml(base / str(found["conda"]))
    if working_dir is not None:
        found["working_dir"] = working_dir
    return found


def _from_file(file: str) -> dict[str, object]:
    found = _yaml(Path(file).expanduser())
    if not isinstance(found, dict) or any(not isinstance(one, str) for one in found):
        raise UsageError(f"{file} is not a runtime environment: a mapping of names")
    return found


def _yaml(path: Path) -> object:
    import yaml

    try:
        return yaml.safe_load(path.read_text())
    except OSError as err:
        raise UsageError(f"{path} cannot be read: {err.strerror}") from err
    except (yaml.YAMLError, UnicodeDecodeError) as err:
        raise UsageError(f"{path} is not YAML: {' '.join(str(err).split())}") from err


def _lines(path: Path, name: str) -> list[str]:
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as err:
        raise UsageError(f"{name}: {path} cannot be read: {err}") from err
    return [one.strip() for one in lines if one.strip() and not one.strip().startswith("#")]


def uploaded(
    outrig: Outrig,
    jobs: Jobs,
    environment: Mapping[str, object],
    say: Callable[[str], None],
    otherwise: Callable[[Path, Sequence[str]], str] | None = None,
) -> dict[str, object]:
    """Return the environment with its directories on the cluster; raises `UsageError`.

    A working directory that no dashboard takes goes the way `otherwise` knows, if there is one.
    """
    found = dict(environment)
    exclude = _texts(found.pop("excludes", None), "excludes")

    elsewhere = None if otherwise is None else partial(_with, otherwise, exclude)

    def put(place: str, inside: bool) -> str:
        if "://" in place:
            return place
        path = Path(place).expanduser()
        packed = upload_directory(
            outrig,
            jobs,
            path,
            exclude=exclude,
            inside=path.resolve().name if inside else "",
            otherwise=None if inside else elsewhere,
        )
        say(_said(place, packed))
        return packed.uri

    if isinstance(found.get("working_dir"), str):
        found["working_dir"] = put(str(found["working_dir"]), False)
    if "py_modules" in found:
        modules = _texts(found["py_modules"], "py_modules")
        found["py_modules"] = [put(one, True) for one in modules]
    _check_json(found)
    return found


def _with(
    otherwise: Callable[[Path, Sequence[str]], str], exclude: Sequence[str], path: Path
) -> str:
    return otherwise(path, exclude)


def _said(place: str, packed: Packed) -> str:
    count = f"{packed.files} file{'' if packed.files == 1 else 's'}"
    if packed.sent_bytes:
        return f"uploaded {place}: {count}, {packed.sent_bytes / _MIB:.1f} MiB packed"
    return f"{place}: {count}, which the cluster has already"


def _texts(value: object, name: str) -> Sequence[str]:
    if value is None:
        return ()
    if not isinstance(value, list) or any(not isinstance(one, str) for one in value):
        raise UsageError(f"runtime environment: {name} is not a list of texts")
    return value


def _check_json(environment: Mapping[str, object]) -> None:
    try:
        json.dumps(environment)
    except (TypeError, ValueError) as err:
        raise UsageError(f"runtime environment: {err}") from err
