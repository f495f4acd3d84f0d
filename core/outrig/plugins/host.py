"""The one place that talks to pluggy.

Every chosen plugin has a manager of its own, with the extensions beside it: a manager shared by all
would need `subset_hook_caller`, whose answer changes when another thread registers a plugin between
making the caller and calling it (several sessions start in parallel). A plugin that does not fit
leaves nothing behind, as its manager is dropped whole.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import pluggy

from outrig import hookspecs
from outrig.errors import OutrigError, PluginError
from outrig.plugins.kinds import Kind
from outrig.redaction import REDACTOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outrig.plugins.kinds import PluginEntry


class Registered:
    """A plugin's object and where it came from."""

    __slots__ = ("entry", "plugin")

    def __init__(self, entry: PluginEntry, plugin: object) -> None:
        self.entry = entry
        self.plugin = plugin


class Host:
    """A pluggy manager with one chosen plugin (or none) and the extensions."""

    def __init__(self, chosen: Registered | None, extensions: Sequence[Registered]) -> None:
        self._chosen = chosen
        self._manager = pluggy.PluginManager(hookspecs.PROJECT_NAME)
        self._manager.add_hookspecs(hookspecs)
        self._extensions = {id(one.plugin): one for one in extensions}
        # The one registered last is called first: so tryfirst ones, then by name, then trylast.
        for one in sorted(extensions, key=lambda one: one.entry.name, reverse=True):
            self._register(one)
        if chosen is not None:
            self._register(chosen)

    def _register(self, one: Registered) -> None:
        try:
            self._manager.register(one.plugin, name=f"{one.entry.kind.section}:{one.entry.name}")
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginError(
                f"{one.entry.label} does not fit: {_reason(error)}",
                hint=f"tell the authors of {one.entry.distribution}",
            ) from error
        for hook, implementation in self._implementations(one.plugin):
            _check_allowed(one.entry, hook, implementation)

    def _implementations(self, plugin: object) -> Iterable[tuple[str, pluggy.HookImpl]]:
        for caller in self._manager.get_hookcallers(plugin) or ():
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin:
                    yield caller.name, implementation

    def hooks_of(self, plugin: object) -> tuple[tuple[str, bool], ...]:
        """Return the hooks a plugin takes part in, each with whether it wraps it."""
        return tuple(
            (name, _wraps(implementation)) for name, implementation in self._implementations(plugin)
        )

    def order(self, hook: str) -> tuple[tuple[Registered, bool], ...]:
        """Return the extensions of a hook as they are called, each with whether it wraps it."""
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        return tuple(
            (self._extensions[id(one.plugin)], _wraps(one))
            for one in reversed(implementations)
            if id(one.plugin) in self._extensions
        )

    def ask(self, hook: str, **arguments: object) -> object:
        """Call a hook that the chosen plugin answers; raises `PluginError` when it does not."""
        if self._chosen is None:
            raise LookupError("no plugin was chosen for this host")
        entry = self._chosen.entry
        try:
            answer: object = getattr(self._manager.hook, hook)(**arguments)
        except OutrigError as error:
            _redact(error)
            raise
        except (Exception, SystemExit) as error:
            label = self._origin(error, self._chosen).entry.label
            raise PluginError(f"{label} failed in {hook}: {describe(error)}") from error
        if answer is None:
            raise PluginError(
                f"{entry.label} gave no answer to {hook}",
                hint=f"it does not implement {hook}, or an extension that wraps it lost the answer",
            )
        return answer

    def _origin(self, error: BaseException, chosen: Registered) -> Registered:
        """Return whose code raised an error: the deepest frame of a wrapper's or the plugin's."""
        known = {_module(one.plugin): one for one in (*self._extensions.values(), chosen)}
        origin = chosen
        frame = error.__traceback__
        while frame is not None:
            origin = known.get(frame.tb_frame.f_globals.get("__name__"), origin)
            frame = frame.tb_next
        return origin

    def tell(self, one: Registered, hook: str, **arguments: object) -> object:
        """Call a hook of one extension alone and return what it says, `None` included."""
        others = [other.plugin for other in self._extensions.values() if other is not one]
        caller = self._manager.subset_hook_caller(hook, others)
        try:
            answers: list[object] = caller(**arguments)
        except OutrigError as error:
            _redact(error)
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(f"{one.entry.label} failed in {hook}: {describe(error)}") from error
        return answers[0] if answers else None


def describe(error: BaseException) -> str:
    """Say in one line what went wrong in a plugin's code, without secrets."""
    text = REDACTOR.redact(" ".join(str(error).split()))
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def _redact(error: OutrigError) -> None:
    """Take secrets out of an error before anybody shows or records it."""
    error.args = tuple(REDACTOR.redact(one) if isinstance(one, str) else one for one in error.args)
    error.hint = None if error.hint is None else REDACTOR.redact(error.hint)


def _module(plugin: object) -> object:
    return plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__module__


def _wraps(implementation: pluggy.HookImpl) -> bool:
    return bool(implementation.wrapper or implementation.hookwrapper)


def _check_allowed(entry: PluginEntry, hook: str, implementation: pluggy.HookImpl) -> None:
    wraps = _wraps(implementation)
    if hook in entry.kind.answers:
        if not wraps:
            return
        reason = f"wraps {hook}, which it is to answer itself"
    elif entry.kind is not Kind.EXTENSION:
        reason = f"has the hook {hook}, which is not a {entry.kind.noun}'s"
    elif wraps:
        return
    else:
        reason = f"answers {hook}, which an extension may only wrap (hookimpl(wrapper=True))"
    raise PluginError(
        f"{entry.label} is refused: it {reason}",
        hint=f"tell the authors of {entry.distribution}",
    )


def _reason(error: Exception) -> str:
    """Return pluggy's reason in one line, without the object's address."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[-1] if lines else "it was refused"
    if len(lines) > 1 and lines[-2].startswith("hookimpl definition:"):
        text = f"{lines[-2].removeprefix('hookimpl definition: ')}: {text}"
    return text.partition(" in plugin ")[0]
