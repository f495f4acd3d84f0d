"""Every key of a Daft file, of all its generations.

daft-launcher wrote them with `_`, daft-cli with `-`: both are known everywhere.
"""

from __future__ import annotations

from outrig.api import AnyKind, Key, ListKind, MapKind, TextKind

_TEXT = TextKind()
_TEXTS = ListKind(item=_TEXT, says="a list of texts")
_COUNT = TextKind(says="a whole number", pattern=r"\+?[0-9]{1,6}|\$.*")
_ANY = MapKind(title="settings of the provider", keys=(), others=AnyKind())

NODE_KEYS = (
    "region",
    "number-of-workers",
    "ssh-user",
    "ssh-private-key",
    "instance-type",
    "image-id",
    "iam-instance-profile-arn",
    "iam-instance-profile-name",
)
_KINDS = {"number-of-workers": _COUNT}


def _keys(*names: str, kind: object = _TEXT, required: bool = False) -> tuple[Key, ...]:
    """Declare keys, each with both spellings; the second is in no message."""
    found = []
    for name in names:
        spellings = dict.fromkeys((name, name.replace("-", "_")))
        for spelling in spellings:
            one = _KINDS.get(name, kind)
            found.append(Key(name=spelling, kind=one, help="", required=required))  # type: ignore[arg-type]
    return tuple(found)


_VERSIONS = _keys("requires", "daft-launcher-version", "python-version", "ray-version")
_LISTS = _keys("dependencies", "run", "pre-setup-commands", "post-setup-commands", kind=_TEXTS)
_PROVISIONED = MapKind(
    title="nodes to make",
    says="a table",
    keys=(*_keys(*NODE_KEYS, "provider"), *_LISTS),
)
_SETUP = MapKind(
    title="the cluster",
    says="a table",
    keys=(
        *_keys("name", "provider", *NODE_KEYS),
        *_VERSIONS,
        *_LISTS,
        *_keys("hosts", kind=_TEXTS),
        *_keys("settings", kind=_ANY),
        *_keys("provisioned", "aws", kind=_PROVISIONED),
        *_keys("byoc", "k8s", kind=MapKind(title="Kubernetes", keys=_keys("namespace"))),
    ),
)
_RUN = MapKind(
    title="commands for nodes",
    says="a table",
    keys=_keys("setup-commands", "pre-setup-commands", kind=_TEXTS),
)
_CLUSTER = MapKind(
    title="the nodes",
    says="a table",
    keys=(
        *_keys("provider", "template", *NODE_KEYS),
        *_LISTS,
        *_keys(
            "custom",
            kind=MapKind(title="kind of node", says="a table", keys=_keys(*NODE_KEYS)),
        ),
    ),
)
_JOB = MapKind(
    title="a job",
    says="a table",
    keys=(*_keys("name", "command", required=True), *_keys("working-dir")),
)
DAFT_FILE = MapKind(
    title="The cluster",
    says="a table",
    keys=(
        *_keys("setup", kind=_SETUP),
        *_keys("run", kind=_RUN),
        *_keys(
            "package",
            kind=MapKind(title="names", says="a table", keys=(*_keys("name"), *_VERSIONS)),
        ),
        *_keys("cluster", kind=_CLUSTER),
        *_keys("job", kind=ListKind(item=_JOB, says="tables [[job]]")),
        *_keys("region", "ssh-user", "instance-type", "image-id", "iam-instance-profile-arn"),
    ),
)
