"""The façade over the hooks: chosen by name, wrapped by extensions, broken ones refused."""

from __future__ import annotations

import importlib
import sys
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from outrig.errors import CapacityError, OutrigError, PluginError, PolicyError
from outrig.manifest import Entry, Manifest, Problem
from outrig.model.node import NodeQuery, ProvisionRequest
from outrig.model.project import Parameter
from outrig.model.session import Event, Plan
from outrig.model.snapshot import SnapshotQuery
from outrig.plugins import Hooks
from outrig.plugins.facade import scheme
from outrig.session.cancel import Cancel
from outrig.session.context import EngineContext
from outrig.session.observer import Observer, Progress
from outrig.settings import Settings
from outrig.state.journal import SessionJournal
from outrig.state.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outrig.model.session import Session


class Listener(Observer):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def progress(self, session: Session | None, progress: Progress) -> None:  # noqa: ARG002
        self.notes.append(progress.note)


class Given(EngineContext):
    """The engine's context, with what it was told."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.listener = Listener()
        super().__init__(
            settings or Settings(),
            SessionJournal(State().journal, "acme", "s"),
            step="test",
            observer=self.listener,
            cancel=Cancel(),
        )

    @property
    def notes(self) -> list[str]:
        return self.listener.notes


REQUEST = ProvisionRequest(session_id="s", session_name="train", token="t")
PLAN = Plan(session_name="train", project_name="p", provider="acme")

PROVIDER = """
from dataclasses import dataclass
from outrig.api import Provider, Settings, setting
from outrig.model.node import Inventory, Node, ReleaseReport

@dataclass(frozen=True, kw_only=True)
class AcmeSettings(Settings):
    region: str = setting("eu-1", help="where nodes are made")

class Acme(Provider):
    settings_type = AcmeSettings
    def provision(self, request, context):
        context.progress(1, 1, context.settings.region)
        return (Node(id=self.settings.region, provider="acme"),)
    def list_nodes(self, query, context):
        return Inventory()
    def release(self, targets, how, context):
        return ReleaseReport(released=targets)
"""


class Site:
    """Modules and the manifest that names them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []
        self.said: list[str] = []

    def add(self, group: str, name: str, code: str, attribute: str = "") -> None:
        module = f"facade_{group}_{name.replace('-', '_')}"
        (self.directory / f"{module}.py").write_text(textwrap.dedent(code))
        value = f"{module}:{attribute}" if attribute else module
        self.entries.append(Entry(group, name, value, f"{name}-dist", "1.2"))

    def hooks(self) -> Hooks:
        return Hooks(manifest=Manifest(self.entries, self.problems), report=self.said.append)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    directory = tmp_path / "site"
    directory.mkdir()
    monkeypatch.syspath_prepend(str(directory))
    for name in [one for one in sys.modules if one.startswith("facade_")]:
        monkeypatch.delitem(sys.modules, name)
    return Site(directory)


@pytest.fixture
def acme(site: Site) -> Site:
    site.add("providers", "acme", PROVIDER, "Acme")
    return site


def failure(call: Callable[[], object]) -> PluginError:
    with pytest.raises(PluginError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == 8
    return caught.value


def test_only_the_named_provider_is_imported(acme: Site) -> None:
    acme.add("providers", "other", "raise RuntimeError('imported')", "Other")
    nodes = acme.hooks().provision("acme", REQUEST, Given())
    assert [node.id for node in nodes] == ["eu-1"]
    assert "facade_providers_other" not in sys.modules


def test_the_project_settles_the_settings_and_the_context_carries_them(acme: Site) -> None:
    hooks = acme.hooks()
    provider = hooks.provider("acme", {"region": "us-2"})
    given = Given(settings=provider.settings)
    assert hooks.provision("acme", REQUEST, given)[0].id == "us-2"
    assert given.notes == ["us-2"]
    assert hooks.provider("acme", {"region": "us-2"}) is provider
    assert hooks.provider("acme") is not provider


def test_a_context_without_the_plugins_settings_gets_the_configured_ones(acme: Site) -> None:
    given = Given()
    assert acme.hooks().provision("acme", REQUEST, given)[0].id == "eu-1"
    assert given.notes == ["eu-1"]


def test_what_a_session_was_started_with_beats_variables(
    acme: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTRIG_ACME_REGION", "variable")
    hooks = acme.hooks()
    assert hooks.provision("acme", REQUEST, Given())[0].id == "variable"
    kept = hooks.provider("acme", {"region": "project", "--region": "flag"})
    assert hooks.provision("acme", REQUEST, Given(kept.settings))[0].id == "flag"


def test_secrets_leave_no_trace_in_errors(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    code = PROVIDER.replace(
        "@dataclass", "from outrig.errors import AuthError\n\n@dataclass"
    ).replace(
        "    region: str",
        '    token: str | None = setting(None, help="key", secret=True)\n    region: str',
    )
    said = "raise {}(f'{{self.settings.token}} is refused')  # (Node"
    monkeypatch.setenv("OUTRIG_ACME_TOKEN", "hush-hush")
    for error, prefix in (("AuthError", ""), ("ValueError", "ValueError: ")):
        site.entries.clear()
        monkeypatch.delitem(sys.modules, "facade_providers_acme", raising=False)
        site.add("providers", "acme", code.replace("return (Node", said.format(error)), "Acme")
        importlib.invalidate_caches()
        with pytest.raises(OutrigError) as caught:
            site.hooks().provision("acme", REQUEST, Given())
        assert str(caught.value).endswith(f"{prefix}*** is refused")


def test_an_extension_wraps_the_chosen_plugin(acme: Site) -> None:
    acme.add(
        "extensions",
        "timer",
        """
        from outrig.api import hookimpl
        from dataclasses import replace

        @hookimpl(wrapper=True)
        def provision(request):
            nodes = yield
            return tuple(replace(node, address=f"seen-{request.session_name}") for node in nodes)
        """,
    )
    (node,) = acme.hooks().provision("acme", REQUEST, Given())
    assert node.address == "seen-train"


def test_an_extension_that_answers_a_providers_hook_is_refused_by_name(acme: Site) -> None:
    acme.add(
        "extensions",
        "thief",
        """
        from outrig.api import hookimpl

        @hookimpl
        def provision(request, context):
            return ()
        """,
    )
    (node,) = acme.hooks().provision("acme", REQUEST, Given())
    assert node.id == "eu-1"
    (said,) = acme.said
    assert said.startswith('skipped: extension "thief" (thief-dist 1.2) is refused: it answers')


def test_reading_loads_no_extension(acme: Site) -> None:
    acme.add("extensions", "loud", "raise RuntimeError('imported')")
    hooks = acme.hooks()
    hooks.list_nodes("acme", NodeQuery(), Given())
    assert acme.said == []
    hooks.review_plan(PLAN, Given())
    assert acme.said == [
        'skipped: extension "loud" (loud-dist 1.2) does not load: RuntimeError: imported'
    ]


BROKEN = {
    "import": ("raise ValueError('two\\nlines')", "does not load: ValueError: two lines"),
    "exit": ("import sys; sys.exit(3)", "does not load: SystemExit: 3"),
    "missing": ("import facade_no_such", "does not load: ModuleNotFoundError: No module named"),
    "no-class": ("x = 1", "does not load: AttributeError: module"),
    "wrong-signature": (
        PROVIDER.replace("def provision(self, request, context)", "def provision(self, reqest)"),
        "does not fit: provision(reqest)",
    ),
    "unknown-hook": (
        PROVIDER + "    from outrig.api import hookimpl\n"
        "    @hookimpl\n    def provisoin(self, request): return ()\n",
        "does not fit: unknown hook 'provisoin'",
    ),
    "foreign-hook": (
        PROVIDER + "    def list_snapshots(self, query): return ()\n",
        "is refused: it has the hook list_snapshots, which is not a provider's",
    ),
    "half": (
        PROVIDER.replace("def release", "def free"),
        "is not whole: it lacks release",
    ),
    "generator": (
        PROVIDER.replace("        return (Node", "        yield (Node"),
        "answered provision with generator, not a tuple of Node",
    ),
    "none": (
        PROVIDER.replace("        return (Node", "        (Node"),
        "gave no answer to provision",
    ),
    "wrong-record": (
        PROVIDER.replace("        return (Node", "        return [0]  # (Node"),
        "answered provision with list, not a tuple of Node",
    ),
    "raises": (
        PROVIDER.replace("        return (Node", "        {}['region']  # (Node"),
        "failed in provision: KeyError: 'region'",
    ),
    "quits": (
        PROVIDER.replace("        return (Node", "        raise SystemExit(1)  # (Node"),
        "failed in provision: SystemExit: 1",
    ),
    "no-provider": ("class Acme:\n    def __init__(self, settings): pass", "gave no answer"),
    "bad-settings": (PROVIDER.replace("settings_type = AcmeSettings", "settings_type = 3"), "no S"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_provider_is_one_line_that_names_the_distribution(site: Site, name: str) -> None:
    code, reason = BROKEN[name]
    site.add("providers", "acme", code, "Acme")
    error = failure(lambda: site.hooks().provision("acme", REQUEST, Given()))
    assert str(error).startswith('provider "acme" (acme-dist 1.2)')
    assert reason in str(error)


def test_errors_of_the_contract_pass_as_they_are(site: Site) -> None:
    code = "from outrig.errors import CapacityError\n" + PROVIDER.replace(
        "        return (Node", "        raise CapacityError('no p5 left')  # (Node"
    )
    site.add("providers", "acme", code, "Acme")
    with pytest.raises(CapacityError, match="no p5 left"):
        site.hooks().provision("acme", REQUEST, Given())


def test_a_failing_wrapper_is_named_not_the_provider(acme: Site) -> None:
    acme.add(
        "extensions",
        "timer",
        """
        from outrig.api import hookimpl

        @hookimpl(wrapper=True)
        def provision():
            raise ValueError("no clock")
            yield
        """,
    )
    error = failure(lambda: acme.hooks().provision("acme", REQUEST, Given()))
    assert str(error) == (
        'extension "timer" (timer-dist 1.2) failed in provision: ValueError: no clock'
    )


def test_what_a_plugin_prints_on_import_is_not_a_result(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.add("providers", "acme", "print('hello')\n" + PROVIDER, "Acme")
    site.hooks().provider("acme")
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "")
    assert site.said == ['provider "acme" (acme-dist 1.2) printed while it was imported: hello']


@pytest.mark.parametrize(
    ("name", "hint"),
    [("acm", 'did you mean "acme"?'), ("ray", "does not include it"), ("zzz", "installed: acme")],
)
def test_a_missing_provider_says_what_to_do(acme: Site, name: str, hint: str) -> None:
    error = failure(lambda: acme.hooks().provider(name))
    assert str(error) == f'no provider named "{name}" is installed'
    assert hint in str(error.hint)


def test_a_skipped_provider_says_why(site: Site) -> None:
    site.problems.append(
        Problem("acme-dist", "1.2", "providers", "acme", "it wants a newer Outrig")
    )
    error = failure(lambda: site.hooks().provider("acme"))
    assert str(error) == 'provider "acme" (acme-dist 1.2) is not used: it wants a newer Outrig'


POLICY = """
from dataclasses import replace
from outrig.api import hookimpl
from outrig.errors import PolicyError

@hookimpl{mark}
def review_plan(plan):
    {body}
"""


def test_plans_are_chained_in_the_declared_order(site: Site) -> None:
    add = "return replace(plan, tags={{**plan.tags, '{0}': str(len(plan.tags))}})"
    site.add("extensions", "b", POLICY.format(mark="", body=add.format("b")))
    site.add("extensions", "a", POLICY.format(mark="", body=add.format("a")))
    site.add("extensions", "z", POLICY.format(mark="(tryfirst=True)", body=add.format("z")))
    site.add("extensions", "c", POLICY.format(mark="", body="return None"))
    hooks = site.hooks()
    assert hooks.review_plan(PLAN, Given()).tags == {"z": "0", "a": "1", "b": "2"}
    order = [one.entry.name for one, _ in hooks.extension_order("review_plan")]
    assert order == ["z", "a", "b", "c"]


def test_a_policy_vetoes_with_its_own_message(site: Site) -> None:
    site.add("extensions", "eu", POLICY.format(mark="", body="raise PolicyError('only in the EU')"))
    with pytest.raises(PolicyError) as caught:
        site.hooks().review_plan(PLAN, Given())
    assert str(caught.value) == "only in the EU"
    assert caught.value.hint == 'the policy is extension "eu" (eu-dist 1.2)'


def test_a_policy_that_fails_lets_nothing_pass(site: Site) -> None:
    site.add("extensions", "eu", POLICY.format(mark="", body="return plan.zone"))
    error = failure(lambda: site.hooks().review_plan(PLAN, Given()))
    assert str(error).startswith('extension "eu" (eu-dist 1.2) failed in review_plan: Attribute')


def test_a_listener_that_fails_is_reported_and_the_next_one_hears(site: Site) -> None:
    site.add(
        "extensions",
        "a",
        """
        from outrig.api import hookimpl

        class Deaf:
            @hookimpl
            def session_event(self, event):
                raise OSError("disk full")
        """,
        "Deaf",
    )
    site.add(
        "extensions",
        "b",
        """
        from outrig.api import hookimpl

        heard = []

        @hookimpl
        def session_event(event, context):
            heard.append((event.kind, type(context.settings).__name__))
        """,
    )
    event = Event(
        number=1,
        time=datetime(2026, 11, 21, tzinfo=UTC),
        session_id="s",
        kind="sync.done",
        message="sync",
    )
    site.hooks().session_event(event, Given())
    (said,) = site.said
    assert said == 'extension "a" (a-dist 1.2) failed in session_event: OSError: disk full'
    assert sys.modules["facade_extensions_b"].heard == [("sync.done", "Settings")]


def test_an_expander_is_chosen_by_its_prefix(site: Site) -> None:
    site.add(
        "expanders",
        "count",
        """
        from outrig.api import Expander

        class Count(Expander):
            def expand_params(self, expression, limit):
                return tuple(str(one) for one in range(min(int(expression), limit)))
        """,
        "Count",
    )
    hooks = site.hooks()
    values = hooks.expand_params("count", "9", Parameter(name="lr"), 3, Given())
    assert values == ("0", "1", "2")
    error = failure(lambda: hooks.expand_params("cuont", "9", Parameter(name="lr"), 3, Given()))
    assert error.hint == 'did you mean "count"?'


STORE = """
from dataclasses import dataclass
from outrig.api import ObjectStore, Settings, setting

@dataclass(frozen=True, kw_only=True)
class CupboardSettings(Settings):
    shelf: int = setting(1, help="which one")

class Cupboard(ObjectStore):
    settings_type = CupboardSettings
    def put(self, key, data, *, if_absent): return True
    def get(self, key, start=0, length=None): return b""
    def list(self, prefix): return iter(())
    def delete(self, keys): pass
"""


def test_a_store_is_chosen_by_its_scheme(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add("stores", "cupboard", STORE, "Cupboard")
    monkeypatch.setenv("OUTRIG_CUPBOARD_SHELF", "3")
    hooks = site.hooks()
    store = hooks.store("cupboard://kitchen")
    assert (store.url, store.settings) == ("cupboard://kitchen", type(store.settings)(shelf=3))  # type: ignore[call-arg]
    assert hooks.store("cupboard://kitchen") is store
    assert hooks.store("cupboard://cellar") is not store
    assert hooks.list_snapshots("cupboard://kitchen", SnapshotQuery(), Given()) == ()
    error = failure(lambda: hooks.store("s3://bucket"))
    assert str(error) == 'no store named "s3" is installed'


def test_a_store_that_is_no_store_is_refused(site: Site) -> None:
    site.add("stores", "cupboard", "def make(): pass", "make")
    error = failure(lambda: site.hooks().store("cupboard://kitchen"))
    assert str(error) == 'store "cupboard" (cupboard-dist 1.2) is no ObjectStore'


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("file:///a/b", "file"),
        ("/a/b", "file"),
        ("a:b/c", "a"),
        ("s3://bucket/x", "s3"),
        ("GS://b", "gs"),
        ("./a:b", "file"),
        ("", "file"),
    ],
)
def test_the_scheme_of_a_store(url: str, expected: str) -> None:
    assert scheme(url) == expected
