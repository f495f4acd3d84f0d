"""A plugin's settings, declared once as a frozen dataclass.

From the fields come the configuration key `providers.<plugin>.<field>`, the flag
`--<plugin>-<field>`, the variable `OUTRIG_<PLUGIN>_<FIELD>`, validation, redaction and the table in
the documentation.

    @dataclass(frozen=True, kw_only=True)
    class AcmeSettings(Settings):
        region: str = setting("eu-1", help="where nodes are made")
        token: str | None = setting(None, help="access token", secret=True)
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import ClassVar, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of every plugin's settings; a plugin without any uses it as it is.

    The fields in `short_flags` may also be given without the plugin's name before them (`--hosts`),
    by commands that start sessions, where no other option has that name.
    """

    short_flags: ClassVar[tuple[str, ...]] = ()

    def without_secrets(self) -> dict[str, object]:
        """Return the values by field, for others to look at."""
        return {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if not one.metadata.get("secret")
        }


def setting(
    default: T,
    *,
    help: str,
    unit: str | None = None,
    env: str | None = None,
    secret: bool = False,
) -> T:
    """Declare one field of a `Settings` class.

    `unit` is shown beside the value (`seconds`), `env` names a second environment variable to read,
    `secret` keeps the value out of output, records and errors.
    """
    metadata = {"help": help, "unit": unit, "env": env, "secret": secret}
    value: T = field(default=default, metadata=metadata, repr=not secret)
    return value
