"""The directory's tables. A list of migrations: one is never changed once released."""

from __future__ import annotations

_WHO = """
CREATE TABLE domain (
    name TEXT PRIMARY KEY, description TEXT NOT NULL, is_active INTEGER NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE user_group (
    id TEXT PRIMARY KEY, domain TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
    is_active INTEGER NOT NULL, created_at TEXT NOT NULL, UNIQUE (domain, name)
);
CREATE TABLE user (
    id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, domain TEXT NOT NULL,
    role TEXT NOT NULL, is_active INTEGER NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE membership (
    group_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE TABLE policy (
    name TEXT PRIMARY KEY, max_concurrent_sessions INTEGER NOT NULL,
    max_containers_per_session INTEGER NOT NULL, idle_timeout_s REAL NOT NULL,
    total_slots TEXT NOT NULL, max_vfolder_count INTEGER NOT NULL,
    max_vfolder_size_bytes INTEGER NOT NULL, vfolder_hosts TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE keypair (
    access_key TEXT PRIMARY KEY, secret_key TEXT NOT NULL, user_id TEXT NOT NULL,
    policy TEXT NOT NULL, is_active INTEGER NOT NULL, is_admin INTEGER NOT NULL,
    created_at TEXT NOT NULL, last_used TEXT
) WITHOUT ROWID;
"""

_WHERE = """
CREATE TABLE scaling_group (
    name TEXT PRIMARY KEY, description TEXT NOT NULL, is_active INTEGER NOT NULL,
    created_at TEXT NOT NULL, is_public INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
CREATE TABLE scaling_group_domain (
    scaling_group TEXT NOT NULL, domain TEXT NOT NULL, PRIMARY KEY (scaling_group, domain)
) WITHOUT ROWID;
CREATE TABLE agent (
    id TEXT PRIMARY KEY, scaling_group TEXT NOT NULL, provider TEXT NOT NULL,
    settings TEXT NOT NULL, is_pool INTEGER NOT NULL, slots TEXT NOT NULL, status TEXT NOT NULL,
    architecture TEXT NOT NULL, first_contact TEXT NOT NULL, seen_at TEXT NOT NULL
) WITHOUT ROWID;
"""

_SESSIONS = """
CREATE TABLE session (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL, name TEXT NOT NULL, access_key TEXT NOT NULL,
    status TEXT NOT NULL, live INTEGER NOT NULL, changed_at TEXT NOT NULL,
    created_at TEXT NOT NULL, record BLOB NOT NULL
);
CREATE UNIQUE INDEX session_name ON session (access_key, name) WHERE live;
CREATE INDEX session_status ON session (status, number);
CREATE INDEX session_changed ON session (changed_at);
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, session_id TEXT NOT NULL,
    name TEXT NOT NULL, kernel_id TEXT, data TEXT NOT NULL
);
CREATE INDEX event_session ON event (session_id, number);
"""

_FOLDERS = """
CREATE TABLE folder (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, host TEXT NOT NULL, domain TEXT NOT NULL,
    owner_id TEXT, owner_email TEXT NOT NULL, group_name TEXT, usage_mode TEXT NOT NULL,
    permission TEXT NOT NULL, quota_bytes INTEGER NOT NULL, cloneable INTEGER NOT NULL,
    unmanaged_path TEXT, created_at REAL NOT NULL, trashed_at REAL
);
CREATE UNIQUE INDEX folder_name
    ON folder (domain, ifnull(owner_id, ''), ifnull(group_name, ''), name)
    WHERE trashed_at IS NULL;
CREATE TABLE folder_share (
    folder_id TEXT NOT NULL, user_id TEXT NOT NULL, permission TEXT NOT NULL,
    PRIMARY KEY (folder_id, user_id)
) WITHOUT ROWID;
CREATE TABLE folder_invitation (
    id TEXT PRIMARY KEY, folder_id TEXT NOT NULL, inviter TEXT NOT NULL,
    invitee TEXT NOT NULL, permission TEXT NOT NULL, created_at REAL NOT NULL,
    UNIQUE (folder_id, invitee)
);
CREATE TABLE brought (
    session_id TEXT NOT NULL, folder_id TEXT NOT NULL, path TEXT NOT NULL, mark TEXT NOT NULL,
    PRIMARY KEY (session_id, folder_id, path)
) WITHOUT ROWID;
CREATE TABLE dotfile (
    scope TEXT NOT NULL, owner TEXT NOT NULL, path TEXT NOT NULL, permission TEXT NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (scope, owner, path)
) WITHOUT ROWID;
CREATE TABLE template (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, domain TEXT NOT NULL, group_name TEXT NOT NULL,
    owner_id TEXT NOT NULL, owner_email TEXT NOT NULL, document TEXT NOT NULL,
    created_at REAL NOT NULL, changed_at REAL NOT NULL
);
CREATE TABLE secret (
    owner TEXT PRIMARY KEY, user TEXT NOT NULL, password TEXT NOT NULL
) WITHOUT ROWID;
"""

_IMAGES = """
CREATE TABLE image (
    agent TEXT NOT NULL, registry TEXT NOT NULL, name TEXT NOT NULL, tag TEXT NOT NULL,
    kind TEXT NOT NULL, program TEXT NOT NULL, digest TEXT NOT NULL, size TEXT NOT NULL,
    PRIMARY KEY (agent, registry, name, tag)
) WITHOUT ROWID;
CREATE TABLE image_scan (agent TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE image_alias (alias TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;
"""

_EXECUTIONS = """
CREATE TABLE execution (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, access_key TEXT NOT NULL, created_at TEXT NOT NULL,
    request BLOB NOT NULL, cancelled INTEGER NOT NULL, ended INTEGER NOT NULL
);
CREATE INDEX execution_name ON execution (access_key, name, created_at);
CREATE TABLE execution_case (
    execution_id TEXT NOT NULL, number INTEGER NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (execution_id, number)
) WITHOUT ROWID;
"""

MIGRATIONS = (f"{_WHO}{_WHERE}{_SESSIONS}{_FOLDERS}{_IMAGES}{_EXECUTIONS}".strip().rstrip(";"),)
"""Each owner of a part has a text of its own; all of them are the first migration."""
