"""Settings: where they may be given, which one counts, and what is said of a wrong one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Literal

import pytest

from outrig.config.fields import fields_of
from outrig.config.file import ConfigFile, read_config
from outrig.config.json_schema import settings_schema
from outrig.config.resolve import resolve_settings
from outrig.config.user import user_settings
from outrig.errors import ConfigError, PluginError
from outrig.redaction import REDACTOR
from outrig.settings import Settings, setting


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True, kw_only=True)
class AcmeSettings(Settings):
    region: str = setting("eu-1", help="where nodes are made")
    token: str | None = setting(None, help="access token", env="ACME_TOKEN", secret=True)
    slots: int = setting(1, help="how many")
    wait_s: float | None = setting(2.5, help="how long", unit="seconds")
    spot: bool = setting(False, help="spot or not")
    size: Size = setting(Size.SMALL, help="how large")
    mode: Literal["a", "b"] = setting("a", help="how")
    zones: tuple[str, ...] = setting((), help="where")
    directory: Path | None = setting(None, help="where")

    def __post_init__(self) -> None:
        if self.slots < 0:
            raise ValueError("slots is below zero")


def resolve(
    *,
    project: dict[str, object] | None = None,
    flags: dict[str, str] | None = None,
    text: str = "",
    environment: dict[str, str] | None = None,
    tmp: Path | None = None,
) -> AcmeSettings:
    config = ConfigFile(path=Path("config.yaml"))
    if tmp is not None:
        (tmp / "config.yaml").write_text(text)
        config = read_config(tmp / "config.yaml")
    return resolve_settings(
        "providers",
        "acme",
        AcmeSettings,
        project=project or {},
        flags=flags or {},
        config=config,
        environment=environment or {},
    )


def test_a_flag_beats_a_variable_beats_the_project_beats_the_file(tmp_path: Path) -> None:
    text = "providers: {acme: {region: file}}"
    project: dict[str, object] = {"region": "project"}
    environment = {"OUTRIG_ACME_REGION": "variable"}
    flags = {"region": "flag"}
    assert resolve().region == "eu-1"
    assert resolve(text=text, tmp=tmp_path).region == "file"
    assert resolve(text=text, tmp=tmp_path, project=project).region == "project"
    given = resolve(text=text, tmp=tmp_path, project=project, environment=environment)
    assert given.region == "variable"
    given = resolve(project=project, environment=environment, flags=flags)
    assert given.region == "flag"


def test_text_is_read_as_the_fields_type() -> None:
    given = resolve(
        flags={
            "slots": "7",
            "wait_s": "0.5",
            "spot": "yes",
            "size": "large",
            "mode": "b",
            "zones": "a, b",
            "directory": "/x",
        }
    )
    assert (given.slots, given.wait_s, given.spot, given.size) == (7, 0.5, True, Size.LARGE)
    assert (given.mode, given.zones, given.directory) == ("b", ("a", "b"), Path("/x"))


def test_values_of_files_are_read_as_the_fields_type() -> None:
    given = resolve(project={"slots": 3, "wait_s": None, "spot": True, "zones": ["a", "b"]})
    assert (given.slots, given.wait_s, given.spot, given.zones) == (3, None, True, ("a", "b"))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"slots": "many"}, '--acme-slots: expected a whole number, not "many"'),
        ({"slots": "1.5"}, '--acme-slots: expected a whole number, not "1.5"'),
        ({"wait_s": "soon"}, '--acme-wait-s: expected a number, not "soon"'),
        ({"spot": "perhaps"}, '--acme-spot: expected true or false, not "perhaps"'),
        ({"size": "big"}, '--acme-size: expected one of small, large, not "big"'),
        ({"mode": "c"}, '--acme-mode: expected one of a, b, not "c"'),
        ({"slots": "-1"}, "providers.acme: slots is below zero"),
    ],
)
def test_a_wrong_flag_is_one_line(flags: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(flags=flags)
    assert str(caught.value) == message


def test_a_wrong_value_in_a_file_says_where(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(text="providers:\n  acme:\n    slots: [1]\n", tmp=tmp_path)
    where = f"{tmp_path}/config.yaml:3:12: providers.acme.slots"
    assert str(caught.value) == f"{where}: expected a whole number, not a list"


def test_an_unknown_setting_says_where_and_which_is_near(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(text="providers:\n  acme:\n    regoin: x\n", tmp=tmp_path)
    assert str(caught.value).endswith('config.yaml:3:13: providers.acme has no setting "regoin"')
    assert caught.value.hint == 'did you mean "region"?'
    with pytest.raises(ConfigError, match=r'project file: providers.acme has no setting "zzz"'):
        resolve(project={"zzz": 1})


def test_a_variable_names_itself_and_an_empty_one_is_unset() -> None:
    assert resolve(environment={"OUTRIG_ACME_SLOTS": ""}).slots == 1
    with pytest.raises(ConfigError, match=r'^OUTRIG_ACME_SLOTS: expected a whole number, not "x"$'):
        resolve(environment={"OUTRIG_ACME_SLOTS": "x"})


def test_a_secret_is_shown_nowhere() -> None:
    given = resolve(environment={"ACME_TOKEN": "hush-hush"})
    assert given.token == "hush-hush"
    assert "hush" not in repr(given)
    assert REDACTOR.redact("Bearer hush-hush!") == "Bearer ***!"
    with pytest.raises(ConfigError) as caught:
        resolve(project={"token": "hush-hush"})
    assert "hush" not in str(caught.value)
    assert "is a secret, and snapshots hold the project file" in str(caught.value)
    assert "OUTRIG_ACME_TOKEN" in str(caught.value.hint)


def test_names_that_come_from_a_field() -> None:
    (region, token, *_) = fields_of("providers.acme-cloud", AcmeSettings)
    assert region.key == "providers.acme-cloud.region"
    assert region.flag == "acme-cloud-region"
    assert region.variables == ("OUTRIG_ACME_CLOUD_REGION",)
    assert token.variables == ("OUTRIG_ACME_CLOUD_TOKEN", "ACME_TOKEN")


def test_the_json_schema_of_settings() -> None:
    schema = settings_schema("providers.acme", AcmeSettings)
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert schema["additionalProperties"] is False
    assert properties["region"] == {
        "description": "where nodes are made",
        "type": "string",
        "default": "eu-1",
    }
    assert properties["wait_s"] == {
        "description": "how long (seconds)",
        "anyOf": [{"type": "number"}, {"type": "null"}],
        "default": 2.5,
    }
    assert properties["size"]["enum"] == ["small", "large"]
    assert properties["mode"] == {"description": "how", "enum": ["a", "b"], "default": "a"}
    assert properties["zones"]["items"] == {"type": "string"}
    assert properties["spot"]["default"] is False
    assert "default" not in properties["token"]


def test_a_setting_without_a_default_is_the_plugins_fault() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Bad(Settings):
        region: str

    with pytest.raises(PluginError, match=r"providers\.bad\.region has no default"):
        fields_of("providers.bad", Bad)


def test_outrigs_own_settings(
    outrig_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("store: s3://bucket\noutput: csv\nshim_dir: ~/shims\n")
    monkeypatch.setenv("OUTRIG_CONFIG", str(file))
    monkeypatch.setenv("OUTRIG_OUTPUT", "json")
    settings = user_settings()
    assert (settings.store, settings.output) == ("s3://bucket", "json")
    assert settings.shim_dir == outrig_home / "shims"


BAD: dict[str, tuple[str | bytes, str]] = {
    "unknown": ("stor: x\n", ':1:1: unknown key "stor"; did you mean "store"?'),
    "list": ("- a\n", ":1: expected keys with values"),
    "text": ("just text\n", ":1: expected keys with values"),
    "tab": ("providers:\n\taws: 1\n", ":2:1: a tab cannot indent YAML; use spaces"),
    "broken": ("provider: [a\n", ":2:1: "),
    "twice": ("store: a\nstore: b\n", ':2:1: "store" is given twice, first in line 1'),
    "latin": (b"store: \xe9\n", ":1:8: not UTF-8 text (byte 0xe9)"),
    "binary": (b"\x00\x01", ":1:1: not text: it has the character U+0000"),
    "section": ("providers: aws\n", ":1:12: providers: expected names with settings below each"),
    "plugin": ("providers: {aws: 3}\n", ":1:18: providers.aws: expected settings"),
    "alias": ("store: &a [*a]\n", ":1:12: *a stands inside what it names"),
    "two": ("store: a\n---\nstore: b\n", ":2:1: a second document begins here"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_file_is_one_line_with_its_place(tmp_path: Path, name: str) -> None:
    content, expected = BAD[name]
    file = tmp_path / "config.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert str(caught.value).startswith(f"{file}{expected}")
    assert "\n" not in str(caught.value)
    assert "project" not in str(caught.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("stor: x\nprovidr: y\n")
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("content", ["", "# nothing\n\n", "providers:\n", "stores: {a: }\n"])
def test_a_file_may_say_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(content)
    assert not any(read_config(file).sections.values())


def test_a_named_file_must_be_there(outrig_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not read_config().exists
    monkeypatch.setenv("OUTRIG_CONFIG", str(outrig_home / "none.yaml"))
    with pytest.raises(ConfigError, match=r"none\.yaml does not exist"):
        read_config()
