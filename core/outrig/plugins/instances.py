"""Plugins as objects: imported once, made once for each set of settings."""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING

from outrig.config.resolve import resolve_settings
from outrig.errors import OutrigError, PluginError
from outrig.interfaces import Provider
from outrig.plugins.host import Host, Registered, describe
from outrig.plugins.kinds import FLAG_MARK, Kind
from outrig.plugins.loading import load_object
from outrig.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outrig.config.file import ConfigFile
    from outrig.plugins.catalogue import Catalogue
    from outrig.plugins.kinds import PluginEntry


class Instances:
    """Imports and makes plugins; what is made stays for the life of the process."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        config: ConfigFile | None,
        flags: Mapping[str, Mapping[str, str]],
        report: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._catalogue = catalogue
        self._report = report
        self._config = config
        self._flags = {section: dict(values) for section, values in flags.items()}
        self._lock = threading.RLock()
        self._classes: dict[PluginEntry, object] = {}
        self._made: list[tuple[PluginEntry, str | None, Settings, Registered]] = []

    def add_flags(self, section: str, values: Mapping[str, str]) -> None:
        """Add values from the command line, by field."""
        with self._lock:
            self._flags.setdefault(section, {}).update(values)

    def configured(
        self, kind: Kind, name: str, *, project: Mapping[str, object], url: str | None = None
    ) -> Registered:
        """Return the plugin with the settings that flags, variables, project and files give."""
        entry = self._catalogue.find(kind, name)
        return self._instance(entry, url, self._settings(entry, project))

    def for_context(
        self, kind: Kind, name: str, settings: Settings, *, url: str | None = None
    ) -> Registered:
        """Return the plugin with `settings` if they are of its own type, else as configured."""
        entry = self._catalogue.find(kind, name)
        if type(settings) is not self.settings_type(entry):
            settings = self._settings(entry, {})
        return self._instance(entry, url, settings)

    def settings_type(self, entry: PluginEntry) -> type[Settings]:
        """Return the class that declares a plugin's settings, `Settings` itself if it has none."""
        declared = getattr(self._imported(entry), "settings_type", Settings)
        if not (isinstance(declared, type) and issubclass(declared, Settings)):
            raise PluginError(f"{entry.label}: its settings_type is no Settings class")
        return declared

    def settings_of(self, one: Registered) -> Settings:
        """Return the settings that a plugin was made with."""
        with self._lock:
            return next(settings for _, _, settings, made in self._made if made is one)

    def extensions(self, report: Callable[[str], None]) -> tuple[Registered, ...]:
        """Make every extension; what does not load or fit is reported and left out."""
        good: list[Registered] = []
        for entry in self._catalogue.entries(Kind.EXTENSION):
            try:
                one = self._instance(entry, None, self._settings(entry, {}))
                Host(None, (one,))
            except OutrigError as error:
                report(f"skipped: {error}")
            else:
                if any(one.plugin is other.plugin for other in good):
                    report(f"skipped: {entry.label} is the same as another extension")
                else:
                    good.append(one)
        return tuple(good)

    def close(self) -> None:
        """Let providers hang up; they stay as they are, and may be used again."""
        with self._lock:
            made = [one.plugin for _, _, _, one in self._made]
        for plugin in made:
            if isinstance(plugin, Provider):
                plugin.close()

    def _settings(self, entry: PluginEntry, project: Mapping[str, object]) -> Settings:
        from outrig.config.file import read_config

        with self._lock:
            if self._config is None:
                self._config = read_config()
        section = f"{entry.kind.section}.{entry.name}"
        kept = {
            name.removeprefix(FLAG_MARK): str(value)
            for name, value in project.items()
            if name.startswith(FLAG_MARK)
        }
        return resolve_settings(
            entry.kind.section,
            entry.name,
            self.settings_type(entry),
            project={name: one for name, one in project.items() if not name.startswith(FLAG_MARK)},
            flags={**kept, **self._flags.get(section, {})},
            config=self._config,
        )

    def _imported(self, entry: PluginEntry) -> object:
        with self._lock:
            if entry not in self._classes:
                self._classes[entry] = load_object(entry, self._report)
            return self._classes[entry]

    def _instance(self, entry: PluginEntry, url: str | None, settings: Settings) -> Registered:
        with self._lock:
            for known, known_url, known_settings, made in self._made:
                if known == entry and known_url == url and known_settings == settings:
                    return made
            one = Registered(entry, _make(entry, self._imported(entry), url, settings))
            self._made.append((entry, url, settings, one))
            return one


def _make(entry: PluginEntry, found: object, url: str | None, settings: Settings) -> object:
    """Make the object whose methods are hooks: of a class an instance, else what was found."""
    if not inspect.isclass(found):
        return found
    missing = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
    if missing:
        raise PluginError(f"{entry.label} is not whole: it lacks {missing}")
    make: Callable[..., object] = found
    try:
        if url is not None:
            return make(url, settings)
        takes_settings = entry.kind is Kind.PROVIDER or hasattr(found, "settings_type")
        return make(settings) if takes_settings else make()
    except OutrigError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(f"{entry.label} could not be made: {describe(error)}") from error
