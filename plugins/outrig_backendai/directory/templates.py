"""Records of templates. A password in one is kept apart, and never printed."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from outrig.errors import AuthError, NotFoundError
from outrig_backendai.templates.template import HIDDEN

if TYPE_CHECKING:
    from outrig_backendai.directory.database import Directory
    from outrig_backendai.directory.identity import Caller

_COLUMNS = "id, name, domain, group_name, owner_id, owner_email, document, created_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRecord:
    """One template, as it was given; a password in `document` reads `********`."""

    id: str
    name: str
    domain: str
    group: str
    owner_id: str
    owner_email: str
    document: Mapping[str, object]
    created_at: datetime


class Templates:
    """The templates of one user."""

    def __init__(self, directory: Directory, caller: Caller) -> None:
        self._directory = directory
        self._caller = caller

    def group(self, domain: str | None, group: str | None) -> str:
        """Return the name of a group that the caller is in; raises `NotFoundError`, `AuthError`."""
        who, members = self._caller, self._directory.members
        found = members.group(domain or who.domain, group or who.group)
        if found is None:
            raise NotFoundError(
                f'there is no group "{group or who.group}" in domain {domain or who.domain}'
            )
        if not members.is_member(found.id, who.user_id):
            raise AuthError(f'{who.user_email} is not a member of group "{found.name}"')
        return found.name

    def add(self, name: str, group: str, document: Mapping[str, object]) -> TemplateRecord:
        """Record a template; returns it."""
        ident, now = uuid.uuid4().hex, time.time()
        shown, secret = _apart(document)
        who = self._caller
        text = json.dumps(shown)
        with self._directory.write() as rows:
            rows.execute(
                "INSERT INTO template VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (ident, name, who.domain, group, who.user_id, who.user_email, text, now, now),
            )
            if secret is not None:
                rows.execute("INSERT INTO secret VALUES (?, ?, ?)", (ident, *secret))
        return self.find(ident)

    def change(self, record: TemplateRecord, name: str, document: Mapping[str, object]) -> None:
        """Write a template anew; a password that reads `********` stays what it was."""
        shown, secret = _apart(document)
        text = json.dumps(shown)
        with self._directory.write() as rows:
            rows.execute(
                "UPDATE template SET name = ?, document = ?, changed_at = ? WHERE id = ?",
                (name, text, time.time(), record.id),
            )
            if secret is None:
                rows.execute("DELETE FROM secret WHERE owner = ?", (record.id,))
            elif secret[1] == HIDDEN:
                rows.execute("UPDATE secret SET user = ? WHERE owner = ?", (secret[0], record.id))
            else:
                rows.execute("INSERT OR REPLACE INTO secret VALUES (?, ?, ?)", (record.id, *secret))

    def remove(self, record: TemplateRecord) -> None:
        """Forget a template and its password."""
        with self._directory.write() as rows:
            rows.execute("DELETE FROM template WHERE id = ?", (record.id,))
            rows.execute("DELETE FROM secret WHERE owner = ?", (record.id,))

    def select(self, *, everyone: bool = False) -> list[TemplateRecord]:
        """Return the caller's templates, or those of all users, newest first."""
        if everyone and not self._caller.is_superadmin:
            raise AuthError("only administrators list the templates of others")
        where = "1" if everyone else "owner_id = ?"
        values = () if everyone else (self._caller.user_id,)
        found = self._directory.rows(
            f"SELECT {_COLUMNS} FROM template WHERE {where} ORDER BY created_at DESC",  # noqa: S608
            *values,
        )
        return [_record(row) for row in found]

    def find(self, reference: str) -> TemplateRecord:
        """Return the template of that id, beginning of an id, or name; raises `NotFoundError`."""
        everyone = self.select(everyone=self._caller.is_superadmin)
        own = [one for one in everyone if one.owner_id == self._caller.user_id]
        plain = reference.replace("-", "").lower()
        for matches in (
            [one for one in everyone if one.id == plain],
            [one for one in own if one.name == reference],
            [one for one in own if plain and one.id.startswith(plain)],
        ):
            if len(matches) == 1:
                return matches[0]
            if matches:
                names = ", ".join(one.id for one in matches)
                raise NotFoundError(f"several templates are {reference!r}", hint=names)
        raise NotFoundError(
            f"there is no template {reference!r}", hint="see: outrig bai session-template list"
        )


def credential(directory: Directory, template_id: str) -> tuple[str, str] | None:
    """Return the user and password of a template's repository, if it has some."""
    found = directory.rows("SELECT user, password FROM secret WHERE owner = ?", template_id)
    return (str(found[0][0]), str(found[0][1])) if found else None


def _apart(document: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, str] | None]:
    """Return a document without its password, and the credential that was in it."""
    from outrig_backendai.templates.cloning import without_credential
    from outrig_backendai.templates.template import GitSource

    shown = deepcopy(dict(document))
    spec = shown.get("spec")
    kernel = spec.get("kernel") if isinstance(spec, dict) else None
    git = kernel.get("git") if isinstance(kernel, dict) else None
    if not isinstance(git, dict):
        return shown, None
    given = git.get("credential") or {}
    source = without_credential(
        GitSource(
            repository=str(git.get("repository") or ""),
            username=str(given.get("username") or ""),
            password=str(given.get("password") or ""),
        )
    )
    if not source.password:
        return shown, None
    git["repository"] = source.repository
    git["credential"] = {"username": source.username, "password": HIDDEN}
    return shown, (source.username, source.password)


def _record(row: tuple[object, ...]) -> TemplateRecord:
    ident, name, domain, group, owner, email, document, created = cast(
        "tuple[str, str, str, str, str, str, str, float]", row
    )
    return TemplateRecord(
        id=ident,
        name=name,
        domain=domain,
        group=group,
        owner_id=owner,
        owner_email=email,
        document=json.loads(document),
        created_at=datetime.fromtimestamp(created, UTC),
    )
