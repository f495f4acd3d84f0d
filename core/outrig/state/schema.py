"""The database's tables, as a list of migrations. One is never changed once released."""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE project (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, root TEXT NOT NULL, created_at TEXT NOT NULL
    );
    CREATE TABLE session (
        id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
        ended INTEGER NOT NULL, used_at TEXT NOT NULL, created_at TEXT NOT NULL,
        provider TEXT NOT NULL, project_name TEXT NOT NULL, root TEXT NOT NULL,
        snapshot_id TEXT, error TEXT, limited INTEGER NOT NULL, record BLOB NOT NULL
    );
    CREATE UNIQUE INDEX live_session ON session (project_id, name) WHERE NOT ended;
    CREATE INDEX session_used ON session (used_at);
    CREATE TABLE applied (
        session_id TEXT NOT NULL, time TEXT NOT NULL, snapshot_id TEXT NOT NULL,
        name TEXT NOT NULL, digest TEXT NOT NULL, created_at TEXT NOT NULL
    );
    CREATE INDEX applied_session ON applied (session_id);
    CREATE TABLE run (
        id TEXT PRIMARY KEY, session_id TEXT NOT NULL, ended INTEGER NOT NULL,
        script TEXT NOT NULL, record BLOB NOT NULL
    );
    CREATE INDEX run_session ON run (session_id, id);
    CREATE INDEX run_unfinished ON run (session_id) WHERE NOT ended;
    CREATE TABLE event (
        number INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, session_id TEXT NOT NULL,
        kind TEXT NOT NULL, message TEXT NOT NULL, run_id TEXT, duration_s REAL
    );
    CREATE INDEX event_session ON event (session_id, number);
    CREATE TABLE journal (
        id TEXT PRIMARY KEY, time TEXT NOT NULL, provider TEXT NOT NULL, session_id TEXT NOT NULL,
        kind TEXT NOT NULL, scope TEXT NOT NULL, token TEXT NOT NULL, tags TEXT NOT NULL,
        state TEXT NOT NULL, ids TEXT NOT NULL
    );
    CREATE INDEX journal_session ON journal (session_id);
    CREATE TABLE pulled (
        project_id TEXT NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL,
        PRIMARY KEY (project_id, path)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE sweep (
        id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, ended INTEGER NOT NULL,
        record BLOB NOT NULL
    );
    CREATE UNIQUE INDEX sweep_name ON sweep (project_id, name);
    CREATE INDEX sweep_open ON sweep (id) WHERE NOT ended;
    CREATE TABLE sweep_case (
        sweep_id TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL,
        params TEXT NOT NULL, script TEXT NOT NULL, run_id TEXT NOT NULL, status TEXT NOT NULL,
        attempt INTEGER NOT NULL, handed INTEGER NOT NULL, due_at REAL NOT NULL,
        exit_code INTEGER, started_at REAL, ended_at REAL, reason TEXT, metrics TEXT,
        PRIMARY KEY (sweep_id, number)
    ) WITHOUT ROWID;
    CREATE INDEX case_status ON sweep_case (sweep_id, status, number);
    CREATE INDEX case_open ON sweep_case (sweep_id, number)
        WHERE status IN ('QUEUED', 'RUNNING');
    CREATE INDEX case_kept ON sweep_case (sweep_id, number) WHERE NOT handed;
    CREATE INDEX case_done ON sweep_case (digest) WHERE status = 'SUCCEEDED'
    """,
    """
    ALTER TABLE session ADD COLUMN cloud TEXT
    """,
)
